"""What stands beside the numbers of a leaderboard: ties with the best, collapse, caveats."""

import pytest

import board_records
from board_records import ALIKE, CLOSE, FAR, rendered, seeds
from genharness.board.build import build
from genharness.plugin.registry import load_registry
from genharness.spec.cell import Cell


@pytest.fixture(scope="module")
def registry():
    return load_registry()


def record(model, seed, fid, **scores):
    return board_records.record(model, fid, seed=seed, scores=scores)


def rows(records, registry, **options):
    group = build(records, registry, **options).groups[0]
    return {row.label: row for row in group.rows}, group


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
    assert "† gan collapsed" in rendered([real, sound, collapsed], "table", width=100)


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
