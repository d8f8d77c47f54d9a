"""Plain tables in every format."""

import csv
import io
import json
from dataclasses import replace

import pytest

from genharness.board.sheets import Sheet, render_sheets
from genharness.errors import ConfigError

SHEET = Sheet("a|b_c", ["lr", "8", "16"], [["1e-3", 1.23456, None], ["=2", 10, "x"]], ["a note_"])


def test_a_table_is_aligned_with_its_notes_below():
    assert render_sheets([SHEET], "table").splitlines() == [
        "a|b_c",
        "",
        "lr         8   16",
        "─────────────────",
        "1e-3   1.235    -",
        "=2        10    x",
        "",
        "a note_",
    ]


def test_machines_read_every_digit():
    (plain,) = json.loads(render_sheets([SHEET], "json"))
    assert plain["rows"] == [{"lr": "1e-3", "8": 1.23456, "16": None}, {"lr": "=2", "8": 10, "16": "x"}]
    rows = list(csv.reader(io.StringIO(render_sheets([SHEET], "csv"))))
    assert rows[1] == ["a|b_c", "1e-3", "1.23456", ""]
    assert rows[2][1] != "=2"  # no formula for a spreadsheet


def test_programs_read_no_title():
    (plain,) = json.loads(render_sheets([replace(SHEET, about={"column": "fid", "threshold": 3.0})], "json"))
    assert list(plain) == ["title", "column", "threshold", "rows", "notes"]
    assert (plain["column"], plain["threshold"]) == ("fid", 3.0)


def test_papers_get_what_their_languages_take():
    assert "a\\|b" in render_sheets([SHEET], "md")
    assert "b\\_c" in render_sheets([SHEET], "latex")
    assert "1e-3 & 1.235 & - \\\\" in render_sheets([SHEET], "latex")


def test_another_format_is_refused():
    with pytest.raises(ConfigError, match=r"no format 'jsn'; did you mean 'json'\?"):
        render_sheets([SHEET], "jsn")
