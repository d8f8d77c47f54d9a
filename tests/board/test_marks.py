"""What stands beside the numbers of a leaderboard: ties with the best, collapse, divergence, intervals."""

import csv
import dataclasses
import io
import json

import pytest

from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

CLOSE = [10.0, 11.0, 12.0, 10.5, 11.5]
ALIKE = [10.1, 11.1, 11.8, 10.6, 11.6]
FAR = [30.0, 31.0, 32.0, 30.5, 31.5]


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def record(model, seed, fid, status="ok", **scores):
    protocol = Protocol(extractor="classifier", sample_count=10)
    made = Cell(model=model, dataset="digits", seed=seed, protocol=protocol, budget="smoke", length="1steps")
    return Record(
        cell=made,
        status=status,
        scores={"fid": fid, **scores} if status == "ok" else {},
        protocol=protocol.as_plain(),
        protocol_hash=protocol.hash,
    )


def seeds(model, values):
    return [record(model, seed, value) for seed, value in enumerate(values)]


def rows(records, registry, **options):
    group = build(records, registry, **options).groups[0]
    return {row.label: row for row in group.rows}, group


def rendered(records, registry, form, **options):
    board = build(records, registry, **options)
    return load_factory(registry.reporters[form])(board, RenderOptions(width=100))


def test_a_row_that_cannot_be_told_from_the_best_is_marked_and_a_distant_one_is_not(registry):
    by_label, group = rows([*seeds("vae", CLOSE), *seeds("dcgan", ALIKE), *seeds("wgan", FAR)], registry)
    assert {label: row.tied for label, row in by_label.items()} == {"vae": None, "dcgan": True, "wgan": False}
    assert group.notes == ["≈ cannot be told from the best in FD over training seeds (5 %, Holm)"]


def test_with_more_rows_than_holm_can_afford_the_verdicts_are_the_same(registry):
    names = [spec.name for spec in registry.models.values() if spec.trained]
    many = [record for scale in range(40) for record in _variation(names[0], scale)]
    by_label, _ = rows(many, registry)
    assert len(by_label) == 40
    assert {label for label, row in by_label.items() if row.tied} == {f"{names[0]} batch_size=2"}


def _variation(model, scale):
    """Return five seeds of a configuration: the first two alike, every other one far away."""
    made = seeds(model, CLOSE if scale == 0 else ALIKE if scale == 1 else [value + 30 * scale for value in CLOSE])
    for one in made:
        one.cell = Cell.from_plain({**one.cell.as_plain(), "batch_size": scale + 1})
    return made


def test_two_seeds_mark_nothing_and_a_footnote_says_why(registry):
    by_label, group = rows([*seeds("vae", CLOSE[:2]), *seeds("dcgan", ALIKE[:2])], registry)
    assert {row.tied for row in by_label.values()} == {None}
    assert group.notes == [
        "no row is marked as equal to the best: that takes 3 seeds on both sides, and vae, dcgan have fewer"
    ]


def test_a_row_with_too_few_seeds_beside_others_is_named(registry):
    records = [*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("wgan", [12.5])]
    by_label, group = rows(records, registry)
    assert by_label["wgan"].tied is None
    assert "not tested against the best: wgan (3 seeds needed)" in group.notes


def test_a_reference_row_is_neither_best_nor_tied(registry):
    by_label, group = rows([*seeds("real", CLOSE), *seeds("vae", ALIKE)], registry)
    assert by_label["real"].tied is None
    assert group.notes == []


def test_a_planted_collapsed_generator_is_flagged_against_the_real_row_and_a_sound_one_is_not(registry):
    real = record("real", 0, 1.0, recall=0.9, coverage=0.95, modes_covered=10.0)
    sound = record("vae", 0, 9.0, recall=0.5, coverage=0.6, modes_covered=10.0)
    collapsed = record("gan", 0, 9.0, recall=0.01, coverage=0.02, modes_covered=1.0)
    by_label, _ = rows([real, sound, collapsed], registry)
    assert (by_label["vae"].collapse, by_label["real"].collapse) == ("", "")
    assert by_label["gan"].marks == "†"
    assert by_label["gan"].collapse == (
        "coverage 0.02 is under 10% of the real 0.95, recall 0.01 is under 10% of the real 0.9, "
        "modes_covered 1 is under 50% of the real 10"
    )
    assert "† gan collapsed" in rendered([real, sound, collapsed], registry, "table")


SPREAD = """
from genharness import Column, MetricSpec, hookimpl

@hookimpl
def genharness_metrics():
    column = Column(key="spread", title="Spread", higher_is_better=True, collapse_below=0.3)
    return [MetricSpec(name="spread", summary="Ours", factory="nowhere:Spread", columns=(column,))]
"""


def test_a_strangers_score_tells_collapse_where_it_says_so(make_plugin):
    make_plugin("spread-metric", SPREAD)
    records = [record("real", 0, 1.0, spread=1.0), record("gan", 0, 2.0, spread=0.2)]
    by_label, _ = rows(records, load_registry())
    assert by_label["gan"].collapse == "spread 0.2 is under 30% of the real 1"


def test_how_many_seeds_collapsed_is_told(registry):
    real = record("real", 0, 1.0, recall=0.9)
    by_label, _ = rows([real, record("gan", 0, 2.0, recall=0.6), record("gan", 1, 3.0, recall=0.0)], registry)
    assert by_label["gan"].collapse.endswith("(1 of 2 seeds)")


def test_without_a_real_row_nothing_is_called_collapsed(registry):
    by_label, _ = rows([record("gan", 0, 2.0, recall=0.0)], registry)
    assert by_label["gan"].collapse == ""


def test_the_diverged_rate_leaves_out_seeds_that_say_nothing_of_stability(registry):
    lost = [record("vae", 5, None, status="diverged"), record("vae", 6, None, status="timeout")]
    by_label, _ = rows([*seeds("vae", CLOSE[:3]), *lost], registry)
    assert by_label["vae"].diverged == 0.25
    assert by_label["vae"].failed == 2
    assert "25%" in rendered([*seeds("vae", CLOSE[:3]), *lost], registry, "table")


def test_intervals_stand_in_the_table_and_hold_the_mean(registry):
    by_label, _ = rows(seeds("vae", CLOSE), registry, interval=True)
    cell = by_label["vae"].cells["fid"]
    assert cell.interval == pytest.approx((10.018, 11.982), abs=1e-3)  # 11 ± 2.776 * 0.7906 / sqrt(5)
    assert "11.00 [10.02, 11.98]" in rendered(seeds("vae", CLOSE), registry, "table", interval=True)


def test_csv_gains_the_ends_of_the_intervals(registry):
    (line,) = csv.DictReader(io.StringIO(rendered(seeds("vae", CLOSE), registry, "csv", interval=True)))
    assert (float(line["fid_low"]), float(line["fid_high"])) == pytest.approx((10.018, 11.982), abs=1e-3)


def test_json_holds_the_interquartile_mean_and_the_marks(registry):
    records = [*seeds("vae", [1.0, 2.0, 3.0, 100.0]), *seeds("dcgan", FAR)]
    (group,) = json.loads(rendered(records, registry, "json"))
    row = next(row for row in group["rows"] if row["model"] == "vae")
    assert row["values"]["fid"]["interquartile_mean"] == 2.5
    assert "interval_95" not in row["values"]["fid"]
    assert set(row) >= {"tied_with_best", "collapse", "diverged_rate"}
    assert group["notes"]


def test_an_absurd_score_is_a_dash_and_not_a_crash(registry):
    by_label, _ = rows([record("vae", 0, 1e300), record("dcgan", 0, float("inf"))], registry)
    assert by_label["vae"].cells["fid"].mean is None


CAVEAT = "is biased upwards by fewer samples than feature dimensions: read kid and prdc beside it"


def test_a_frechet_distance_of_too_few_samples_is_noted(registry):
    many, few = record("vae", 0, 1.0), record("gan", 0, 2.0, fid_samples_per_dimension=0.5)
    _, group = rows([many, few], registry)
    assert f"FD (of gan) {CAVEAT}" in group.notes
    _, group = rows([few, record("vae", 0, 1.0, fid_samples_per_dimension=0.5)], registry)
    assert f"FD {CAVEAT}" in group.notes


def test_what_is_not_shown_needs_no_caveat(registry):
    few = record("gan", 0, 2.0, coverage=0.5, fid_samples_per_dimension=0.5)
    assert not any("biased" in note for note in rows([few], registry, columns=["coverage"])[1].notes)
    assert not any("biased" in note for note in rows([record("gan", 0, 2.0)], registry)[1].notes)


def test_samples_made_elsewhere_are_told_apart_from_the_model_of_the_same_name(registry):
    outside = record("vae", 0, 3.0)
    outside.source = "external"
    outside.cell = dataclasses.replace(outside.cell, length="0steps", options={"samples": "1"})
    by_label, _ = rows([record("vae", 0, 1.0), outside], registry)
    assert {label: row.external for label, row in by_label.items()} == {"vae": False, "vae external": True}


def test_samples_named_as_a_reference_row_are_none(registry):
    outside = record("noise", 0, 3.0)
    outside.source = "external"
    by_label, group = rows([outside], registry)
    assert not by_label["noise"].reference
    assert group.best["fid"].label == "noise"


def test_headings_of_csv_are_all_different(registry):
    text = rendered([record("vae", 0, 1.0, kid=2.0, kid_std=0.5)], registry, "csv")
    heads = next(csv.reader(io.StringIO(text)))
    assert len(set(heads)) == len(heads)
