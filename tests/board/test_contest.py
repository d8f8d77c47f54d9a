"""What rows are compared by: one family for the column that ranks, one for all others."""

import json
from dataclasses import replace

import pytest

from board_records import ALIKE, CLOSE, FAR, record, seeds
from genharness.board import contest
from genharness.board.build import build
from genharness.board.contest import Contest, contestants, listed, score_table
from genharness.board.rows import BoardColumn
from genharness.plugin.registry import load_registry
from genharness.spec.columns import Column
from genharness.stats import family as families


def group(records, **asked):
    return build(records, load_registry(), **asked).groups[0]


def column(**options):
    return BoardColumn(Column(key="fid", title="FID", higher_is_better=False, **options), "FID")


def test_reference_rows_and_seeds_shown_one_by_one_do_not_compete():
    records = [*seeds("vae", CLOSE), *seeds("real", CLOSE)]
    assert [row.label for row in contestants(group(records))] == ["vae"]
    assert contestants(group(records, seeds="each")) == []


def test_the_primary_column_has_a_family_of_its_own_and_all_others_share_one():
    records = [
        record(model, value, seed=seed, scores={"recall": value, "precision": 2 * value})
        for model, values in (("vae", CLOSE), ("dcgan", ALIKE), ("wgan", FAR))
        for seed, value in enumerate(values)
    ]
    one = group(records)
    found = Contest(contestants(one), one.compared)
    assert [column.key for column in one.compared] == ["fid", "precision", "recall"]
    assert (found.primary.size, found.others.size) == (3, 6)
    assert found.family(2) == (found.others, 1)
    assert found.table(2).groups["vae"] == dict(enumerate(CLOSE))
    assert found.table(2).higher_is_better


def rows(values=(CLOSE, ALIKE, FAR), **changes):
    """Return rows of three models, with some of their fields changed."""
    found = [
        record(model, value, seed=seed, scores={"recall": value})
        for model, several in zip(("vae", "dcgan", "wgan"), values, strict=True)
        for seed, value in enumerate(several)
    ]
    made = contestants(group(found))
    for name, value in changes.items():
        setattr(made[0], name, value)
    return made


def standings(some, columns, known, decided=None):
    found = Contest(some, columns, decided or {}, known)
    return found.comparisons, found.planned, [found.standings(place) for place in range(len(columns))]


TWO = [column(), BoardColumn(Column(key="recall", title="Recall", higher_is_better=True), "Recall")]


def test_standings_that_are_known_are_not_computed(monkeypatch):
    known, some = {}, rows()
    expected = standings(some, TWO, known)
    assert standings(some, TWO, None) == expected
    plain = json.loads(json.dumps(known))
    monkeypatch.setattr(contest, "Family", lambda _: pytest.fail("computed"))
    assert standings(some, TWO, plain) == expected
    again = Contest(some, TWO, {}, plain)
    assert [again.singled_out(place) for place in (0, 1)] == [[], ["wgan"]]
    assert "too close to call" in again.why_nobody(0)


@pytest.mark.parametrize(
    ("some", "columns", "decided"),
    [
        (rows((CLOSE, ALIKE, [*FAR[:-1], FAR[-1] + 1e-12])), TWO, {}),
        (rows((CLOSE, ALIKE, FAR[:-1])), TWO, {}),
        (rows(variation="lr=1"), TWO, {}),
        (rows(failed=1), TWO, {}),
        (rows(design=("vae", 9.0)), TWO, {}),
        (rows()[:2], TWO, {}),
        (rows(), [column(ratio=True), TWO[1]], {}),
        (rows(), [column(resolution=0.5), TWO[1]], {}),
        (rows(), [column(resolution="compared"), TWO[1]], {}),
        (rows(), [BoardColumn(replace(TWO[0].column, higher_is_better=True, ratio=True), "FID"), TWO[1]], {}),
        (rows(), TWO, {"fid": {("vae", "wgan"): 0.01}}),
    ],
)
def test_standings_of_other_rows_columns_or_decisions_are_not_those_that_are_known(some, columns, decided):
    known = {}
    standings(rows(), TWO, known)
    before = set(known)
    assert standings(some, columns, known, decided) == standings(some, columns, None, decided)
    assert set(known) > before


def test_standings_of_other_code_are_not_those_that_are_known(monkeypatch):
    known = {}
    standings(rows(), TWO, known)
    monkeypatch.setattr(contest, "_code", lambda: ["other"])
    standings(rows(), TWO, known)
    assert len(known) == 4


@pytest.mark.parametrize(
    ("resolution", "facts", "expected"),
    [(0.0, {}, 0.0), (1, {}, 1), ("compared", {"compared": 50.0}, 1 / 50), ("compared", {}, 1 / 10)],
)
def test_a_share_is_rounded_to_one_over_what_it_is_a_share_of(resolution, facts, expected):
    records = seeds("vae", CLOSE)
    for one in records:
        one.facts = facts
    (row,) = group(records).rows
    assert score_table([row], column(resolution=resolution)).resolution == expected


def test_a_rows_design_is_its_model_and_its_size_and_samples_made_elsewhere_have_none():
    records = [*seeds("vae", CLOSE), *seeds("dcgan", CLOSE), *seeds("gan", CLOSE)]
    for one in records[:10]:
        one.measurements["parameters"] = 12.0
    for one in records[5:10]:
        one.source = "external"
    assert score_table(group(records).rows, column()).designs == {"vae": ("vae", 12.0)}


def why(**rows):
    found = [one for model, values in rows.items() for one in seeds(model, values)]
    return Contest(contestants(group(found)), [column()]).why_nobody(0)


def test_where_no_score_varies_nothing_was_tested_and_nothing_is_too_close_to_call():
    assert why(vae=[10.0] * 3, gan=[9.0] * 3) == "no score of gan, vae varies over seeds, so nothing tells them apart"


@pytest.mark.parametrize("most", [40, 1])
def test_where_the_better_row_lost_seeds_that_is_why_nobody_is_singled_out(monkeypatch, most):
    monkeypatch.setattr(families, "MOST_FOR_HOLM", most)
    assert why(vae=[*CLOSE, None], gan=FAR) == "vae scores better, but lost more of its seeds"
    assert (
        why(vae=[*CLOSE, None], gan=[*ALIKE, None], wgan=FAR) == "vae, gan score better, but lost more of their seeds"
    )
    assert "too close to call" in why(vae=[*CLOSE, None], gan=ALIKE)


def test_many_labels_are_cut():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c, d and 2 more"
