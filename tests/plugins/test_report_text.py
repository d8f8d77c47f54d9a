"""The leaderboard as a table, JSON, CSV, Markdown and LaTeX."""

import csv
import io
import json
import re
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


@pytest.mark.parametrize("width", [50, 60, 70, 80])
def test_long_labels_stand_in_several_lines_so_that_the_first_numbers_are_whole(width):
    options = {"diffaugment": ["colour", "translation", "cutout"], "lr": 2e-4}
    table = rendered(
        [record("dcgan", 1234.5, options=options), record("dcgan", 21.0, options={"diffaugment": [], "lr": 1e-3})],
        "table",
        width=width,
    )
    assert max(map(len, table.splitlines())) <= width
    assert "…" not in table
    assert re.search(r"1,?234\.50", table)
    rows = table.split("─\n")[1].split(" have fewer")[0]
    for word in ("diffaugment=none", "diffaugment=colour,", "cutout", "lr=0.0002", "lr=0.001"):
        assert word in rows


@pytest.mark.parametrize(("width", "heads"), [(40, []), (50, ["Rank"]), (60, ["Rank", "Seeds"])])
def test_seeds_and_ranks_make_room_for_the_score_that_ranks(width, heads):
    table = rendered(
        [*seeds("flow-matching", CLOSE), *seeds("dcgan", [1e3 * one for one in FAR])], "table", width=width
    )
    assert max(map(len, table.splitlines())) <= width
    assert "11.00 ± 0.79" in table
    assert "31000.00 ± 790.57" in table
    assert [head for head in ("Rank", "Seeds") if head in table.split("more column")[0].split("─")[0]] == heads
    gone = [head for head in ("Rank (95 %)", "Seeds") if head.split()[0] not in heads]
    assert ", ".join([*gone, "train_seconds"]) in " ".join(table.split())


@pytest.mark.parametrize("width", [8, 20, 30])
def test_numbers_are_whole_in_any_terminal_and_labels_too_line_by_line(width):
    records = [
        *seeds("flow-matching", CLOSE),
        record("dcgan", 1234.5, options={"augment": ["colour"]}),
        record("dcgan", 5.0, options={"augment": []}),
    ]
    table = rendered(records, "table", width=width)
    assert "…" not in table
    assert all(number in table for number in ("11.00 ± 0.79", "1234.50", "5.00"))
    rows = table.split("─\n")[1].split("\n\n")[0]
    assert re.sub("[^a-z]", "", rows) == "dcganaugmentnoneflowmatchingdcganaugmentcolour"


@pytest.mark.parametrize("form", ["table", "md", "latex"])
def test_distances_in_small_units_are_told_apart_and_none_reads_as_zero(form):
    """Features of random networks are small, and so are distances between them."""
    shown = rendered([record("vae", 0.0021), record("gan", 0.00034), record("real", 0.0)], form)
    assert "0.0021" in shown
    assert "0.00034" in shown


@pytest.mark.parametrize("width", [30, 60, 200])
def test_colours_change_nothing_but_colours(width):
    records = [
        *seeds("vae", CLOSE),
        *seeds("dcgan", FAR),
        record("real", 1.0, seed=1),
        record("vae", 1.5, options={"label": "界" * 40}),
    ]
    plain, coloured = (rendered(records, "table", width=width, colour=colour) for colour in (False, True))
    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
    without = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert [line.rstrip() for line in without.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("form", ["json", "csv", "md", "latex"])
def test_formats_that_do_not_ask_the_terminal_do_not_hang_on_it(form):
    (spec,) = [one for one in genharness_reporters() if one.name == form]
    assert not spec.screen
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR)]
    assert rendered(records, form, width=20, colour=True) == rendered(records, form)


def test_wide_shows_every_column():
    table = rendered([record("vae", 1.0, scores={"coverage": 0.5, "recall": 0.4})], "table", wide=True)
    assert all(title in table for title in ("FD", "Coverage", "Recall", "Train"))


def test_a_heading_that_is_wider_than_its_numbers_stands_in_two_lines():
    lines = rendered([record("vae", 1.0, scores={"clipped_coverage": 0.5})], "table").splitlines()
    upper = next(place for place, line in enumerate(lines) if line.rstrip().endswith("Train"))
    assert lines[upper].split() == ["Clipped", "Train"]
    assert lines[upper + 1].split() == ["#", "Model", "FD", "↓", "coverage", "↑", "(s)", "↓"]


def test_the_table_shows_the_intervals_of_ranks_and_hides_wide_columns_until_they_are_asked_for():
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR)]
    records[0].scores["density"] = 1.0
    table = rendered(records, "table", width=200)
    assert all(part in table for part in ("Rank", "(95 %)"))
    assert "Density" not in table
    assert "1 more column with --wide, such as density" in table


def test_columns_that_are_asked_for_are_shown_however_narrow_the_terminal():
    wanted = ("fid", "recall", "coverage", "density", "train_seconds")
    scores = {"recall": 0.5, "coverage": 0.4, "density": 0.3}
    table = rendered([record("vae", 1.0, scores=scores)], "table", width=30, columns=wanted)
    assert all(title in table for title in ("FD", "Recall", "Coverage", "Density", "Train"))
    assert "…" not in table


def test_an_address_in_a_reason_stays_whole():
    address = "https://example.org/a/very/long/path/to/a/file/of/weights/that/is/not/there.pth"
    table = rendered([record("vae", None, status="failed", reason=f"cannot get {address}: no")], "table", width=40)
    assert address in table


def test_headings_carry_units_and_the_better_end():
    table = rendered([record("vae", 1.0, scores={"recall": 0.5})], "table", wide=True)
    assert "FD ↓" in table
    assert "Recall ↑" in table
    assert all(part in table for part in ("Train", "(s) ↓"))


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
    assert "| vae | 1 | 5 | **11.00 ± 0.79** |" in text
    assert "| dcgan | 2 | 5 | 31.00 ± 0.79 |" in text
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


@pytest.mark.parametrize("form", ["table", "md", "latex"])
def test_a_failed_cell_is_named_with_its_status_and_reason(form):
    failed = record("dcgan", None, status="diverged", reason="loss is nan at step 3")
    text = rendered([record("vae", 1.0), failed], form)
    assert "dcgan on digits, seed 0: " in text
    assert "diverged" in text
    assert "loss is nan at step 3" in text


HOSTILE = "=cmd()\x1b]0;title\x07\x9b2J\u202e|<b>[x](y)"


@pytest.mark.parametrize("form", ["table", "json", "csv", "md", "latex"])
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


def banded():
    """Two seeds of two models and a real row with a band, in which one model lies, and beyond which another."""
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("gan", [1.0]), *seeds("real", [10.5])]
    for one in records:
        one.errors = {"fid": 0.25}
    records[-1].bands = {"fid": {"low": 9.0, "high": 12.0, "draws": 40, "count": 10}}
    return records


SEEDS_LINE = "± is the standard deviation over training seeds"
ERROR_LINE = "(±) is the standard error of evaluating one trained model with other samples; it says nothing of seeds"


def test_the_table_shows_both_errors_apart_and_how_scores_stand_to_real_samples():
    table = rendered(banded(), "table", columns=("fid",), width=200)
    lines = {line.split()[1]: line for line in table.splitlines() if len(line.split()) > 2}
    assert "11.00 ± 0.79 ≈" in lines["vae"]
    assert "1.00 (±0.25) !" in lines["gan"]
    assert lines["dcgan"].endswith("31.00 ± 0.79")
    assert lines["band"].endswith("9.00-12.00")
    for line in (SEEDS_LINE, ERROR_LINE, "≈ as real: ", "! better than real: "):
        assert sum(said.startswith(line) for said in table.splitlines()) == 1


def test_signs_that_do_not_stand_in_the_table_are_not_explained():
    table = rendered(seeds("vae", CLOSE), "table")
    assert "as real" not in table
    assert ERROR_LINE not in table


def test_json_carries_seed_error_evaluation_error_reading_and_band():
    (group,) = json.loads(rendered(banded(), "json"))
    fid = next(column for column in group["columns"] if column["key"] == "fid")
    assert fid["band"] == {"low": 9.0, "high": 12.0, "draws": 40, "count": 10}
    values = {row["model"]: row["values"]["fid"] for row in group["rows"]}
    assert values["vae"]["seed_std"] == pytest.approx(0.79, abs=0.01)
    assert values["vae"]["evaluation_error"] == values["gan"]["evaluation_error"] == 0.25
    assert values["gan"]["seed_std"] is None
    assert {model: one["reading"] for model, one in values.items()} == {
        "vae": "as real",
        "dcgan": None,
        "gan": "better than real",
        "real": "as real",
    }


def test_csv_carries_the_same():
    lines = {line["model"]: line for line in csv.DictReader(io.StringIO(rendered(banded(), "csv")))}
    vae = lines["vae"]
    assert (vae["fid_evaluation_error"], vae["fid_reading"]) == ("0.25", "as real")
    assert (vae["fid_real_low"], vae["fid_real_high"]) == ("9.0", "12.0")
    assert (vae["rank_low"], vae["rank_high"]) == ("1", "2")
    assert "train_seconds_reading" not in vae


def test_csv_says_of_how_many_seeds_a_number_is():
    (vae,) = csv.DictReader(io.StringIO(rendered(seeds("vae", [1.0, None, 2.0]), "csv")))
    assert (vae["seeds"], vae["fid_seeds"], vae["train_seconds_seeds"]) == ("3", "2", "3")


def test_markdown_carries_the_same():
    text = rendered(banded(), "md", columns=("fid",))
    assert "| vae | 1-2 | 5 | 11.00 ± 0.79 ≈ |" in text
    assert "| real band |  |  | 9.00-12.00 |" in text
    assert f"- {SEEDS_LINE}" in text


def test_latex_is_a_booktabs_table_with_arrows_errors_and_the_best_in_bold():
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("real", [0.5])]
    records[-1].bands = {"fid": {"low": -1.0, "high": 1.0, "draws": 40, "count": 10}}
    lines = rendered(records, "latex", columns=("fid",)).splitlines()
    assert lines[0] == r"% \usepackage{booktabs}"
    assert r"    Model & Rank (95 \%) & Seeds & FD $\downarrow$ \\" in lines
    assert r"    vae & 1 & 5 & \textbf{11.00 $\pm$ 0.79} \\" in lines
    assert r"    dcgan & 2 & 5 & 31.00 $\pm$ 0.79 \\" in lines
    assert r"    real band &  &  & 0.00--1.00 \\" in lines  # as no FD is below 0
    assert [line.strip() for line in lines if "rule" in line] == [r"\toprule", r"\midrule", r"\midrule", r"\bottomrule"]


def test_every_line_of_a_latex_table_has_as_many_cells_and_every_brace_its_partner():
    bad = record(HOSTILE, 1.0, scores={HOSTILE: 0.5}, options={HOSTILE: HOSTILE})
    text = rendered([bad, record("a_b%c&d#e{f}$g~h^i\\j", 3.0), record("vae", 2.0)], "latex", wide=True)
    bare = re.sub(r"\\[\\&%$#_{}]", "", text)
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    body = [line for line in bare.splitlines() if " & " in line]
    assert len({line.count("&") for line in body}) == 1
    assert not set(bare.replace("\n", "")) & set('#~^<>|"')


def test_the_heading_says_how_far_the_classifier_can_be_believed():
    records = [record("vae", 1.0), record("dcgan", 2.0)]
    for one in records:
        one.facts = {"classifier_accuracy": 0.987, "prdc_samples": 10.0}
    for form in ("table", "md", "latex"):
        said = rendered(records, form, width=200).replace("\\", "")
        assert "10 samples against train; classifier right on 98.7% of held-out samples" in said
    assert json.loads(rendered(records, "json"))[0]["accuracies"] == {"classifier": 0.987}


@pytest.mark.parametrize("form", ["table", "md", "latex", "csv", "json"])
def test_what_rows_are_ordered_by_stands_in_every_format(form):
    records = [record("vae", 1.0, scores={"density": 0.125}), record("dcgan", 2.0, scores={"density": 0.75})]
    for asked in ({}, {"columns": ("fid",)}):
        text = rendered(records, form, sort="density", **asked)
        assert "0.125" in text
        assert "0.75" in text


def test_a_narrow_table_shows_what_rows_are_ordered_by_before_what_else_would_fit():
    records = [record("vae", 1.0, scores={"recall": 0.125, "precision": 0.5, "coverage": 0.5})]
    assert "Recall" not in rendered(records, "table", width=40)
    assert "Recall" in rendered(records, "table", width=40, sort="recall")


@pytest.mark.parametrize(
    ("counts", "shown"),
    [([10, 10, 10, 10, 9], "9.8 ± 0.4"), ([10, 10], "10 ± 0"), ([1000, 1003], "1001.5 ± 2.1"), ([7], "7")],
)
def test_a_mean_of_counts_has_a_decimal_where_seeds_differ(counts, shown):
    records = [record("vae", 1.0, seed=seed, scores={"modes_covered": count}) for seed, count in enumerate(counts)]
    assert f"| {len(counts)} | {shown} |" in rendered(records, "md", columns=("modes_covered",))


def test_intervals_of_counts_have_the_decimal_too_and_units_keep_their_format():
    records = [record("vae", 1.0, seed=seed, scores={"modes_covered": 10 - seed % 2}) for seed in range(5)]
    for seed, one in enumerate(records):
        one.measurements["peak_memory_mib"] = 100.0 + seed
    text = rendered(records, "md", columns=("modes_covered", "peak_memory_mib"), interval=True)
    assert re.search(r"\| 9\.6 \[\d+\.\d, \d+\.\d\] \| 102 \[\d+, \d+\] \|", text.replace("\\", ""))


@pytest.mark.parametrize("form", ["table", "csv", "md", "latex"])
def test_lists_stand_in_columns_by_the_words_of_their_rows(form):
    records = [record("vae", 2.0, options={"kinds": []}), record("vae", 3.0, options={"kinds": ["colour", "cutout"]})]
    text = rendered(records, form, columns=("kinds", "fid"))
    lines = [line for line in text.splitlines() if re.search(r"[23]\.0", line)]
    assert [line.count("none") for line in lines] == [2, 0]
    assert [line.count("colour,cutout") for line in lines] == [0, 2]
    assert json.loads(rendered(records, "json", columns=("kinds",)))[0]["rows"][0]["settings"]["kinds"] == []


def test_no_cell_of_latex_is_read_as_the_argument_of_the_end_of_the_row_before():
    text = rendered([record("[2pt]*", 1.0), record("*", 2.0)], "latex", columns=("fid",))
    assert not re.search(r"(\\\\|\\midrule)\s*[*\[]", text)
    assert "{[}2pt{]}{*} & " in text
