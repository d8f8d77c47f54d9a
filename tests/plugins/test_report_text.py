"""The leaderboard as a table, JSON, CSV and Markdown."""

import csv
import io
import json
from dataclasses import replace

import pytest

from board_records import CLOSE, FAR, record, rendered, seeds
from genharness_report_text import genharness_reporters


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_table_fits_the_terminal_by_choosing_columns(width):
    records = [record("vae", 1234.5, scores={"coverage": 0.5}), record("real", 1.0, seed=1)]
    table = rendered(records, "table", width=width)
    assert max(map(len, table.splitlines())) <= width
    assert "…" not in table


def test_wide_shows_every_column():
    table = rendered([record("vae", 1.0, scores={"coverage": 0.5, "recall": 0.4})], "table", wide=True)
    assert all(title in table for title in ("FD", "Coverage", "Recall", "Train"))


def test_the_table_shows_the_intervals_of_ranks_and_hides_wide_columns_until_they_are_asked_for():
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR)]
    records[0].scores["density"] = 1.0
    table = rendered(records, "table", width=200)
    assert "Rank (95 %)" in table
    assert "Density" not in table
    assert "1 more columns with --wide, such as density" in table


def test_headings_carry_units_and_the_better_end():
    table = rendered([record("vae", 1.0, scores={"coverage": 0.5})], "table", wide=True)
    assert "FD ↓" in table
    assert "Coverage ↑" in table
    assert "Train (s) ↓" in table


def test_json_holds_what_programs_need():
    (group,) = json.loads(rendered([record("vae", 1.0), record("dcgan", 2.0)], "json"))
    assert group["dataset"] == "digits"
    assert [(row["rank"], row["model"], row["values"]["fid"]["mean"]) for row in group["rows"]] == [
        (1, "vae", 1.0),
        (2, "dcgan", 2.0),
    ]


def test_csv_has_a_line_for_every_row_and_exact_numbers():
    text = rendered([record("vae", 1 / 3), record("dcgan", 2.0)], "csv")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [float(line["fid"]) for line in lines] == [1 / 3, 2.0]


def test_markdown_is_a_table_with_the_best_in_bold():
    text = rendered([*seeds("vae", CLOSE), *seeds("dcgan", FAR)], "md", columns=("fid",))
    assert "| vae | 5 | **11.00 ± 0.79** |" in text
    assert "| dcgan | 5 | 31.00 ± 0.79 |" in text
    assert "**" not in rendered([record("vae", 1.0), record("dcgan", 2.0)], "md")


def test_csv_gains_the_ends_of_the_intervals():
    (line,) = csv.DictReader(io.StringIO(rendered(seeds("vae", CLOSE), "csv", interval=True)))
    assert (float(line["fid_low"]), float(line["fid_high"])) == pytest.approx((10.018, 11.982), abs=1e-3)


def test_json_holds_the_interquartile_mean_and_the_marks():
    records = [*seeds("vae", [1.0, 2.0, 3.0, 100.0]), *seeds("dcgan", FAR)]
    (group,) = json.loads(rendered(records, "json"))
    row = next(row for row in group["rows"] if row["model"] == "vae")
    assert row["values"]["fid"]["interquartile_mean"] == 2.5
    assert "interval_95" not in row["values"]["fid"]
    assert row["rank_interval_95"] == [1, 2]
    assert set(row) >= {"best_in", "collapse", "diverged_rate"}
    assert group["notes"]


def test_headings_of_csv_are_all_different():
    text = rendered([record("vae", 1.0, scores={"kid": 2.0, "kid_std": 0.5})], "csv")
    heads = next(csv.reader(io.StringIO(text)))
    assert len(set(heads)) == len(heads)


def test_the_table_shows_intervals_and_the_diverged_rate():
    table = rendered([*seeds("vae", CLOSE), record("vae", None, seed=9, status="diverged")], "table", interval=True)
    assert "11.00 [10.02, 11.98]" in table
    assert "17%" in table


@pytest.mark.parametrize("form", ["table", "md"])
def test_a_failed_cell_is_named_with_its_status_and_reason(form):
    failed = record("dcgan", None, status="diverged", reason="loss is nan at step 3")
    text = rendered([record("vae", 1.0), failed], form)
    assert "dcgan on digits, seed 0: " in text
    assert "diverged" in text
    assert "loss is nan at step 3" in text


HOSTILE = "=cmd()\x1b]0;title\x07\x9b2J\u202e|<b>[x](y)"


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
def test_text_of_records_is_data_in_every_format(form):
    bad = record(HOSTILE, 1.0, scores={HOSTILE: 0.5}, options={HOSTILE: HOSTILE}, dataset=HOSTILE)
    lost = replace(record(HOSTILE, 2.0, seed=1, dataset=HOSTILE), status="failed", reason=f"{HOSTILE}\n# new")
    shown = rendered([bad, lost, record("vae", 3.0)], form, wide=True)
    assert "title" in shown
    assert shown.replace("\n", "").isprintable()
    assert "<b>" not in shown or form != "md"
    assert not any(cell.startswith("=") for line in csv.reader(io.StringIO(shown)) for cell in line) or form != "csv"


def test_json_holds_the_text_of_records_as_it_is():
    (group,) = json.loads(rendered([record(HOSTILE, 1.0)], "json"))
    assert group["rows"][0]["model"] == HOSTILE


@pytest.mark.parametrize("form", [spec.name for spec in genharness_reporters()])
def test_every_form_names_every_row_and_an_empty_board_is_no_error(form):
    text = rendered([record("vae", 1.0), record("dcgan", 2.0)], form, width=200)
    assert "vae" in text
    assert "dcgan" in text
    rendered([], form)
