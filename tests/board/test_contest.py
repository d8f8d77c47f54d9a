"""What rows are compared by: one family for the column that ranks, one for all others."""

import pytest

from board_records import ALIKE, CLOSE, FAR, record, seeds
from genharness.board.build import build
from genharness.board.contest import Contest, contestants, listed, score_table
from genharness.board.rows import BoardColumn
from genharness.plugin.registry import load_registry
from genharness.spec.columns import Column


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
    contest = Contest(contestants(one), one.compared)
    assert [column.key for column in one.compared] == ["fid", "precision", "recall"]
    assert (contest.primary.size, contest.others.size) == (3, 6)
    assert contest.family(2) == (contest.others, 1)
    assert contest.table(2).groups["vae"] == dict(enumerate(CLOSE))
    assert contest.table(2).higher_is_better


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


def test_many_labels_are_cut():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdef")) == "a, b, c, d and 2 more"
