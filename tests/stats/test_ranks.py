"""Exact tests against scipy's and against counting, and the probability of improvement."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from genharness.stats.ranks import (
    exact_p_floor,
    improvement_interval,
    mann_whitney,
    probability_of_improvement,
    wilcoxon,
)


def two_sided(observed, null):
    """Twice the smaller tail, counted."""
    null = np.asarray(null)
    return min(1.0, 2 * min(np.mean(null <= observed + 1e-9), np.mean(null >= observed - 1e-9)))


def counted_mann_whitney(a, b):
    ranks = stats.rankdata([*a, *b])
    sums = [sum(chosen) for chosen in itertools.combinations(ranks, len(a))]
    return two_sided(ranks[: len(a)].sum(), sums)


def counted_wilcoxon(a, b):
    differences = np.subtract(a, b)
    differences = differences[differences != 0]
    ranks = stats.rankdata(abs(differences))
    sums = [np.dot(signs, ranks) for signs in itertools.product((-1, 1), repeat=len(ranks))]
    return two_sided(np.dot(np.sign(differences), ranks), sums)


@pytest.mark.parametrize(("n_a", "n_b"), [(3, 3), (2, 7), (5, 5), (20, 20)])
def test_without_ties_mann_whitney_is_scipys_exact_test(n_a, n_b):
    rng = np.random.default_rng(n_a)
    a, b = rng.normal(size=n_a).tolist(), rng.normal(1, 1, n_b).tolist()
    ours = mann_whitney(a, b)
    assert ours.p == pytest.approx(stats.mannwhitneyu(a, b, method="exact").pvalue)
    assert ours.method == "exact"


@pytest.mark.parametrize("seed", range(5))
def test_with_ties_mann_whitney_counts_all_permutations(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 4, 4).tolist(), rng.integers(1, 6, 5).tolist()
    ours = mann_whitney(a, b)
    assert ours.p == pytest.approx(counted_mann_whitney(a, b))
    assert ours.method == "exact: all permutations of tied ranks"


@pytest.mark.parametrize("n", [15, 50])
def test_many_tied_scores_are_still_counted_and_near_the_approximation(n):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, n).tolist(), rng.integers(0, 10, n).tolist()
    ours = mann_whitney(a, b)
    assert ours.method == "exact: all permutations of tied ranks"
    assert ours.p == pytest.approx(stats.mannwhitneyu(a, b, method="asymptotic").pvalue, abs=0.01)


def test_many_tied_scores_take_the_tie_corrected_approximation_and_say_so():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 60).tolist(), rng.integers(1, 10, 60).tolist()
    ours = mann_whitney(a, b)
    assert ours.p == pytest.approx(stats.mannwhitneyu(a, b, method="asymptotic").pvalue)
    assert ours.method == "normal approximation"


@pytest.mark.parametrize("n", [3, 30, 60])
def test_equal_scores_throughout_have_p_one(n):
    assert mann_whitney([2.0] * n, [2.0] * n).p == 1
    assert wilcoxon([2.0] * n, [2.0] * n).p == 1


@pytest.mark.parametrize("n", [3, 6, 12])
def test_without_ties_wilcoxon_is_scipys_exact_test(n):
    rng = np.random.default_rng(n)
    a, b = rng.normal(size=n).tolist(), rng.normal(0.5, 1, n).tolist()
    ours = wilcoxon(a, b)
    assert ours.p == pytest.approx(stats.wilcoxon(a, b, method="exact").pvalue)
    assert ours.method == "exact"


@pytest.mark.parametrize("seed", range(5))
def test_with_ties_wilcoxon_counts_all_sign_changes(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 4, 8).tolist(), rng.integers(1, 5, 8).tolist()
    ours = wilcoxon(a, b)
    assert ours.p == pytest.approx(counted_wilcoxon(a, b))
    assert ours.method == "exact: all sign changes of tied ranks"


def test_many_tied_pairs_take_the_tie_corrected_approximation_and_say_so():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 9, 80).tolist(), rng.integers(1, 10, 80).tolist()
    ours = wilcoxon(a, b)
    assert ours.p == pytest.approx(stats.wilcoxon(a, b, method="approx").pvalue)
    assert ours.method == "normal approximation"


@pytest.mark.parametrize(("n_a", "n_b"), [(1, 1), (2, 3), (3, 3), (4, 4), (6, 6)])
def test_no_scores_are_more_significant_than_the_floor(n_a, n_b):
    apart = mann_whitney(range(n_a), range(100, 100 + n_b))
    assert exact_p_floor(n_a, n_b) == pytest.approx(apart.p)


@pytest.mark.parametrize("n", [1, 3, 5, 6])
def test_no_pairs_are_more_significant_than_the_floor(n):
    apart = wilcoxon([0.0] * n, range(1, n + 1))
    assert exact_p_floor(n, n, paired=True) == pytest.approx(apart.p)


def test_the_probability_of_improvement_is_mann_whitneys_u_over_all_pairs():
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 5, 6).tolist(), rng.integers(1, 6, 4).tolist()
    u = stats.mannwhitneyu(a, b).statistic
    assert probability_of_improvement(a, b, higher_is_better=True) == pytest.approx(u / 24)
    assert probability_of_improvement(a, b, higher_is_better=False) == pytest.approx(1 - u / 24)


@pytest.mark.parametrize("probability", [0.0, 0.2, 0.5, 0.88, 1.0])
@pytest.mark.parametrize(("n_a", "n_b"), [(3, 3), (5, 10), (20, 20)])
def test_the_ends_of_the_improvement_interval_solve_newcombes_equation(probability, n_a, n_b):
    for end in improvement_interval(probability, n_a, n_b, 0.0):
        if end in (0.0, 1.0):
            assert end == probability
            continue
        n = (n_a + n_b) / 2
        hanley = 1 + (n - 1) * ((1 - end) / (2 - end) + end / (1 + end))
        distance = stats.norm.ppf(0.975) * math.sqrt(end * (1 - end) * hanley / (n_a * n_b))
        assert abs(end - probability) == pytest.approx(distance, abs=1e-8)


def test_the_improvement_interval_holds_a_half_where_the_exact_test_does_not_reject():
    low, high = improvement_interval(1.0, 3, 3, exact_p_floor(3, 3))
    assert (low, high) == (0.5, 1.0)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10, 20])
@pytest.mark.parametrize("truth", [0.5, 0.75, 0.9, 0.97])
def test_the_improvement_interval_holds_the_truth_at_least_93_percent_of_the_time(seeds, truth):
    rng = np.random.default_rng(seeds)
    shift = math.sqrt(2) * stats.norm.ppf(truth)
    held = []
    for _ in range(1000):
        a, b = rng.normal(shift, 1, seeds).tolist(), rng.normal(size=seeds).tolist()
        observed = probability_of_improvement(a, b, higher_is_better=True)
        low, high = improvement_interval(observed, seeds, seeds, mann_whitney(a, b).p)
        held.append(low <= truth <= high)
    assert np.mean(held) >= 0.93
