import csv
import io
import json

import pytest

from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.errors import ConfigError
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def record(model, fid, *, seed=0, dataset="digits", extractor="classifier", status="ok", reason="", **cell):
    protocol = Protocol(extractor=extractor, sample_count=10)
    values = {"budget": "smoke", "length": "1steps", **cell}
    made = Cell(model=model, dataset=dataset, seed=seed, protocol=protocol, **values)
    return Record(
        cell=made,
        status=status,
        reason=reason,
        scores={} if fid is None else {"fid": fid, "coverage": 1 / (1 + fid)},
        measurements={"train_seconds": 10.0 + seed},
        protocol=protocol.as_plain(),
        protocol_hash=protocol.hash,
    )


def rows(board):
    return [[row.label for row in group.rows] for group in board.groups]


def rendered(board, registry, form, **options):
    return load_factory(registry.reporters[form])(board, RenderOptions(**options))


def test_rows_are_ranked_by_the_first_column_with_a_better_end(registry):
    board = build([record("vae", 3.0), record("real", 1.0), record("dcgan", 2.0)], registry)
    assert rows(board) == [["real", "dcgan", "vae"]]


def test_any_column_can_rank_and_its_direction_counts(registry):
    records = [record("vae", 3.0), record("dcgan", 2.0)]
    assert rows(build(records, registry, sort="coverage")) == [["dcgan", "vae"]]
    assert rows(build([record("vae", 3.0, seed=1), record("dcgan", 2.0, seed=9)], registry, sort="train_seconds")) == [
        ["vae", "dcgan"]
    ]


def test_scores_of_different_protocols_never_stand_in_one_ranking(registry):
    board = build([record("vae", 3.0), record("dcgan", 2.0, extractor="inception")], registry)
    assert len(board.groups) == 2


def test_only_over_inception_is_the_distance_called_fid(registry):
    board = build([record("vae", 3.0), record("dcgan", 2.0, extractor="inception")], registry)
    assert {group.protocol.extractor: group.columns[0].title for group in board.groups} == {
        "classifier": "FD",
        "inception": "FID",
    }


def test_seeds_are_summarised_by_mean_and_sample_deviation(registry):
    board = build([record("vae", 1.0), record("vae", 3.0, seed=1)], registry)
    (row,) = board.groups[0].rows
    assert row.seeds == [0, 1]
    assert row.cells["fid"].mean == 2.0
    assert row.cells["fid"].deviation == pytest.approx(2**0.5)


def test_each_seed_can_have_its_row(registry):
    board = build([record("vae", 1.0), record("vae", 3.0, seed=1)], registry, seeds="each")
    assert rows(board) == [["vae seed 0", "vae seed 1"]]


def test_configurations_of_one_model_are_rows_told_apart_by_what_differs(registry):
    records = [record("vae", score, options={"lr": lr, "latent": 8}) for score, lr in ((1.0, 0.1), (2.0, 0.2))]
    assert rows(build(records, registry)) == [["vae lr=0.1", "vae lr=0.2"]]


def test_the_best_trained_model_is_marked_and_a_reference_row_is_not(registry):
    board = build([record("real", 1.0), record("dcgan", 2.0), record("vae", 3.0)], registry)
    assert board.groups[0].best["fid"].model == "dcgan"


def test_a_failed_cell_is_listed_with_its_reason_and_ranks_nowhere(registry):
    failed = record("dcgan", None, status="diverged", reason="loss is nan at step 3")
    board = build([record("vae", 1.0), failed], registry)
    assert rows(board) == [["vae"]]
    assert "diverged: dcgan on digits, seed 0: loss is nan at step 3" in rendered(board, registry, "table")


def test_failed_seeds_of_a_row_are_counted(registry):
    board = build([record("vae", 1.0), record("vae", None, seed=1, status="failed")], registry)
    assert board.groups[0].rows[0].failed == 1


def test_failed_seeds_count_under_the_protocol_that_they_were_to_be_measured_by(registry):
    good = [record("vae", 1.0, extractor=name) for name in ("classifier", "inception")]
    lost = [record("vae", None, seed=seed, extractor="inception", status="failed") for seed in (1, 2)]
    board = build([*good, *lost, record("vae", None, seed=3, extractor="classifier", status="diverged")], registry)
    failed = {group.protocol.extractor: group.rows[0].failed for group in board.groups}
    assert failed == {"classifier": 1, "inception": 2}
    assert {group.protocol.extractor: len(group.failures) for group in board.groups} == failed


def test_failures_under_a_protocol_of_which_nothing_finished_stand_apart(registry):
    board = build([record("vae", 1.0), record("vae", None, extractor="pixels", status="failed")], registry)
    assert [len(group.failures) for group in board.groups] == [0, 1]
    assert board.groups[0].rows[0].failed == 0
    assert "failed: vae on digits, seed 0" in rendered(board, registry, "table")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"datasets": ("digts",)}, "no results for the dataset 'digts'; did you mean 'digits'?"),
        ({"sort": "fdi"}, "no column 'fdi'; did you mean 'fid'?"),
        ({"columns": ("coverag",)}, "no column 'coverag'; did you mean 'coverage'?"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(registry, change, message):
    with pytest.raises(ConfigError) as caught:
        build([record("vae", 1.0)], registry, **change)
    assert str(caught.value) == message


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_table_fits_the_terminal_by_choosing_columns(registry, width):
    board = build([record("vae", 1234.5), record("real", 1.0, seed=1)], registry)
    table = rendered(board, registry, "table", width=width)
    assert max(map(len, table.splitlines())) <= width
    assert "…" not in table


def test_wide_shows_every_column(registry):
    board = build([record("vae", 1.0)], registry)
    assert all(column.title in rendered(board, registry, "table", wide=True) for column in board.groups[0].columns)


def test_headings_carry_units_and_the_better_end(registry):
    table = rendered(build([record("vae", 1.0)], registry), registry, "table", wide=True)
    assert "FD ↓" in table
    assert "Coverage ↑" in table
    assert "Train (s) ↓" in table


def test_json_holds_what_programs_need(registry):
    (group,) = json.loads(rendered(build([record("vae", 1.0), record("dcgan", 2.0)], registry), registry, "json"))
    assert group["dataset"] == "digits"
    assert [(row["rank"], row["model"], row["values"]["fid"]["mean"]) for row in group["rows"]] == [
        (1, "vae", 1.0),
        (2, "dcgan", 2.0),
    ]


def test_csv_has_a_line_for_every_row_and_exact_numbers(registry):
    text = rendered(build([record("vae", 1 / 3), record("dcgan", 2.0)], registry), registry, "csv")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [float(line["fid"]) for line in lines] == [1 / 3, 2.0]


def test_markdown_is_a_table_with_the_best_in_bold(registry):
    text = rendered(build([record("vae", 1.0), record("dcgan", 2.0)], registry, columns=("fid",)), registry, "md")
    assert "| vae | 1 | **1.00** |" in text
    assert "| dcgan | 1 | 2.00 |" in text
