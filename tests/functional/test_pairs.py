"""Random pairs of samples."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from genharness.functional.pairs import pair_mean, random_pairs, random_pairs_within


def as_set(pairs):
    return {frozenset(pair) for pair in zip(*(side.tolist() for side in pairs), strict=True)}


@pytest.mark.parametrize("n", [2, 3, 10, 57])
def test_all_pairs_are_every_combination_once(n):
    pairs = random_pairs(n, 10**6, np.random.default_rng(0))
    assert len(pairs[0]) == n * (n - 1) // 2
    assert as_set(pairs) == {frozenset(pair) for pair in combinations(range(n), 2)}


@pytest.mark.parametrize("n", [5, 300, 2_000_000])
def test_drawn_pairs_are_distinct_and_of_different_samples(n):
    pairs = random_pairs(n, 7, np.random.default_rng(0))
    assert len(as_set(pairs)) == 7
    assert (pairs[0] > pairs[1]).all()
    assert pairs[1].min() >= 0
    assert pairs[0].max() < n


def test_every_pair_is_equally_likely():
    rng = np.random.default_rng(0)
    drawn = np.zeros((5, 5))
    for _ in range(2000):
        i, j = random_pairs(5, 3, rng)
        drawn[i, j] += 1
    frequencies = drawn[np.tril_indices(5, -1)] / 2000
    assert np.abs(frequencies - 0.3).max() < 0.05


def test_pairs_within_classes_never_cross_them():
    labels = np.array([2, 0, 0, 2, 1, 0, 2])
    classes = random_pairs_within(labels, 100, np.random.default_rng(0))
    assert [labels[i].tolist() + labels[j].tolist() for i, j in classes] == [[0] * 6, [2] * 6]


@pytest.mark.parametrize(("n", "count", "named"), [(1, 5, "n must be at least 2"), (5, 0, "count must be at least 1")])
def test_too_few_are_refused(n, count, named):
    with pytest.raises(ValueError, match=named):
        random_pairs(n, count, np.random.default_rng(0))


def test_classes_of_one_make_no_pair():
    with pytest.raises(ValueError, match="no two of 3 samples in one class"):
        random_pairs_within(np.array([0, 1, 2]), 10, np.random.default_rng(0))


def test_the_error_of_a_mean_over_pairs_is_the_sum_over_pairs_that_share_a_sample():
    rng = np.random.default_rng(0)
    drawn = random_pairs(12, 30, rng)
    values = rng.normal(size=30)
    away, total = values - values.mean(), 0.0
    for a in range(30):
        for b in range(30):
            shared = {drawn[0][a], drawn[1][a]} & {drawn[0][b], drawn[1][b]}
            total += away[a] * away[b] * bool(shared)
    found = pair_mean(values, drawn)
    assert found.mean == pytest.approx(values.mean())
    assert found.error == pytest.approx(np.sqrt(max(total, (away**2).sum())) / 30)


def test_pairs_of_few_samples_say_less_than_as_many_pairs_of_many():
    rng = np.random.default_rng(0)

    def error(n):
        traits = rng.normal(size=n)
        drawn = random_pairs(n, 400, rng)
        return pair_mean(traits[drawn[0]] + traits[drawn[1]], drawn).error

    assert error(40) > 3 * error(4000)
