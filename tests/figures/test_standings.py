"""Ranks, pairs and group rules come from one table of comparisons."""

from itertools import pairwise

from board_records import ALIKE, CLOSE, FAR, record, seeds
from genharness.board.build import build
from genharness.figures.standings import Standings
from genharness.plugin.registry import load_registry


def standings(records):
    (group,) = build(records, load_registry()).groups
    return Standings(group)


def test_pairs_that_are_told_apart_are_those_of_the_matrix():
    found = standings([*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("gan", ALIKE), record("real", 1.0)])
    assert [row.label for row in found.rows] == ["vae", "gan", "dcgan"]
    decided = [one for one in found.comparisons(15).values() if one.verdict != "undecided"]
    assert (found.told_apart, found.pairs) == (len(decided), 3) == (2, 3)
    assert {row.label for row in found.first} == {"vae", "gan"}


def test_a_rule_stands_only_between_groups_that_are_told_apart():
    found = standings([*seeds("vae", CLOSE), *seeds("dcgan", FAR), *seeds("gan", ALIKE)])
    assert [found.separated_after(place) for place in range(3)] == [False, True, False]
    ranks = [found.ranks[row.label] for row in found.rows]
    for place, (above, below) in enumerate(pairwise(ranks)):
        assert found.separated_after(place) == (above.high < below.low)


def test_one_seed_tells_nothing_apart():
    found = standings([record("vae", 1.0), record("dcgan", 2.0)])
    assert (found.ranks, found.told_apart, found.first, found.seeds) == ({}, 0, [], (1, 1))
    assert all(one.verdict == "undecided" for one in found.comparisons(15).values())


def test_no_ranking_has_no_rows():
    nothing = record("vae", None)
    nothing.measurements = {}
    assert standings([nothing]).rows == []
