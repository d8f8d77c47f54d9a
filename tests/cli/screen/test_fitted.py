"""Tables of commands: whole in any terminal, as a list where a table would cut something."""

import io
import re

import pytest

from genharness.board.terminal import DataConsole, in_lines
from genharness.cli.screen.fitted import ColumnHead, FittedTable

HEADS = [ColumnHead("name", folds=True), ColumnHead("Difference\n[95 %]", right=True), ColumnHead("p", right=True)]
ROWS = [
    ("dcgan diffaugment=colour,translation,cutout", "45.83\n[42.41, 49.26]", "1.7e-06"),
    ("vae", "0.5\n[0.25, 0.75]", "0.5"),
]


def shown(width, rows=ROWS, heads=HEADS, **options):
    stream = io.StringIO()
    DataConsole(file=stream, width=width).print(FittedTable(heads, rows, **options))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("width", [30, 40, 50, 60, 80, 120])
def test_nothing_is_cut_at_any_width(width):
    lines = shown(width)
    assert max(map(len, lines)) <= width
    words = re.sub(r"\s", "", "".join(lines))
    assert "…" not in words
    for cell in ("45.83", "1.7e-06", "vae", "0.5"):
        assert cell in " ".join(lines).split()
    assert all(end in " ".join(lines) for end in ("[42.41,", "49.26]"))


def test_where_there_is_room_each_row_is_a_line():
    assert [line.split("  ")[0].strip() for line in shown(100)[-3:-1]] == [row[0] for row in ROWS]
    assert "45.83 [42.41, 49.26]" in shown(100)[-3]
    assert "Difference [95 %]" in shown(100)[1]


def test_names_are_folded_before_numbers_take_two_lines():
    upper, lower = shown(60)[-4:-2]
    assert upper.split() == ["dcgan", "diffaugment=colour,", "45.83", "[42.41,", "49.26]", "1.7e-06"]
    assert lower.strip() == "translation,cutout"


def test_without_room_for_columns_each_row_is_a_list():
    lines = shown(30, title="two rows")
    assert lines[0] == "two rows"
    assert lines[-6:-1] == [
        "vae",
        "  Difference [95 %]  0.5",
        "                     [0.25,",
        "                     0.75]",
        "  p                  0.5",
    ]


def test_a_table_without_rows_has_its_heads():
    assert any("name" in line for line in shown(40, rows=[]))


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("dcgan lr=0.1", 20, ["dcgan lr=0.1"]),
        ("dcgan lr=0.1", 8, ["dcgan", "  lr=0.1"]),
        ("dcgan augment=colour,cutout", 17, ["dcgan", "  augment=colour,", "  cutout"]),
        ("vae batch_size=64", 13, ["vae", "  batch_size=", "  64"]),
        ("flow-matching", 8, ["flow-", "  matchi", "  ng"]),
        ("界界界界", 4, ["界界", "  界", "  界"]),
        ("", 5, [""]),
    ],
)
def test_text_is_broken_where_it_harms_least(text, room, lines):
    assert in_lines(text, room, "  ") == lines
