"""Ranks of many rows, which are counted in arrays, are those of every pair by itself."""

import random

import pytest

from genharness.stats.family import MOST_FOR_HOLM, Family, ScoreTable, Standing

COUNT = MOST_FOR_HOLM + 20


def table(seed, *, higher):
    draw = random.Random(seed)
    names = [f"m{number}" for number in range(COUNT)]
    means = {name: draw.choice([0, 5]) for name in names}
    groups = {name: {s: draw.gauss(means[name], 0.1) for s in range(draw.choice([1, 5, 8]))} for name in names}
    return ScoreTable(
        groups=groups,
        higher_is_better=higher,
        designs={name: draw.choice("ab") for name in names[::2]},
        lost={name: draw.choice([0.0, 0.0, 0.5]) for name in names},
        decided={(names[0], names[1]): 0.01, (names[3], names[2]): 0.9},
    )


@pytest.mark.parametrize("higher", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_ranks_are_those_of_every_pair_by_itself(seed, higher):
    one = table(seed, higher=higher)
    family, names = Family([one]), list(one.groups)
    means = {name: sum(scores.values()) / len(scores) for name, scores in one.groups.items()}
    wins, losses = dict.fromkeys(names, 0), dict.fromkeys(names, 0)
    for place, a in enumerate(names):
        for b in names[place + 1 :]:
            if (p := family.corrected(0, a, b)) is None or p >= 0.05:
                continue
            pair = next((pair for pair in one.decided if set(pair) == {a, b}), None)
            better, worse = pair or ((a, b) if (means[a] < means[b]) != higher else (b, a))
            if one.may_win(better, worse):
                wins[better] += 1
                losses[worse] += 1
    assert sum(wins.values()) > 100
    assert family.standings(0) == {name: Standing(1 + losses[name], COUNT - wins[name]) for name in names}
