"""t tests against scipy's, and Holm's correction against its definition."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from genharness.stats import holm
from genharness.stats.sample import checked_sample
from genharness.stats.student import critical_t
from genharness.stats.ttests import deciding_test, paired_t, two_sample_t, welch_t


def sample(values, floor=0.0):
    return checked_sample([float(value) for value in values], 1.0, floor)


@pytest.fixture
def sides():
    rng = np.random.default_rng(5)
    return rng.normal(0, 1, 5).tolist(), rng.normal(1, 3, 8).tolist()


def as_scipy_has_it(result):
    interval = result.confidence_interval(0.95)
    return pytest.approx((interval.low, interval.high, result.pvalue), rel=1e-9)


def test_welch_is_scipys(sides):
    ours = welch_t(*map(sample, sides))
    assert (ours.low, ours.high, ours.p) == as_scipy_has_it(stats.ttest_ind(*sides, equal_var=False))
    assert ours.difference == pytest.approx(np.mean(sides[0]) - np.mean(sides[1]))


def test_the_deciding_test_is_welchs_with_the_freedom_of_the_smaller_side(sides):
    ours, theirs = two_sample_t(*map(sample, sides)), stats.ttest_ind(*sides, equal_var=False)
    assert ours.difference / ours.error == pytest.approx(theirs.statistic)
    assert ours.p == pytest.approx(2 * stats.t.sf(abs(theirs.statistic), 4))
    assert ours.p > theirs.pvalue


def test_the_paired_test_is_scipys(sides):
    a, b = sides[0], sides[1][:5]
    ours = paired_t(sample(a), sample(b))
    assert (ours.low, ours.high, ours.p) == as_scipy_has_it(stats.ttest_rel(a, b))


@pytest.mark.parametrize("other", [3.0, 4.0])
def test_there_is_no_test_where_neither_side_varies(other):
    for test in (welch_t, two_sample_t, paired_t):
        assert test(sample([3.0, 3.0]), sample([other, other])) is None


def test_counts_that_agree_on_every_seed_are_told_apart_by_what_rounding_leaves():
    """Ten modes against nine by three seeds each: a step of 1 hides a deviation of .29."""
    ten, nine = sample([10.0] * 3, 1 / 12), sample([9.0] * 3, 1 / 12)
    assert two_sample_t(ten, nine).p == pytest.approx(2 * stats.t.sf(1 / math.sqrt(2 / 12 / 3), 2))
    assert two_sample_t(ten, nine).p > 0.05


def test_pairs_that_change_alike_up_to_rounding_of_floats_are_no_test():
    a = [0.1 * seed for seed in range(7)]
    assert paired_t(sample(a), sample([value + 0.1 for value in a])) is None


@pytest.mark.parametrize(
    ("n_a", "n_b", "paired", "name"),
    [(3, 3, False, "t"), (5, 5, True, "t"), (6, 6, True, "paired t"), (3, 4, False, "t"), (1, 4, False, None)],
)
def test_the_numbers_of_seeds_choose_the_deciding_test(n_a, n_b, paired, name):
    rng = np.random.default_rng(0)
    result = deciding_test(sample(rng.normal(size=n_a)), sample(rng.normal(size=n_b)), paired=paired)
    assert (result and result.test) == name


@pytest.mark.parametrize("sizes", [(2, 5), (3, 4), (3, 10), (5, 10)])
@pytest.mark.parametrize("deviation", [0.1, 1.0, 10.0])
def test_neither_unequal_numbers_of_seeds_nor_unequal_deviations_raise_the_false_positive_rate(sizes, deviation):
    rng = np.random.default_rng(sizes)
    few, many = (rng.normal(0, scale, (4000, size)) for size, scale in zip(sizes, (deviation, 1), strict=True))
    errors = np.sqrt(few.var(1, ddof=1) / sizes[0] + many.var(1, ddof=1) / sizes[1])
    beyond = abs(few.mean(1) - many.mean(1)) / errors > critical_t(0.05, sizes[0] - 1)
    tests = [deciding_test(sample(a), sample(b)).p < 0.05 for a, b in zip(few[:20], many[:20], strict=True)]
    assert tests == beyond[:20].tolist()
    assert beyond.mean() <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 4000)


def by_closed_testing(p_values):
    """Adjust by closed testing with Bonferroni's test of every intersection, which Holm is the short cut of."""
    n = len(p_values)
    subsets = [s for size in range(1, n + 1) for s in itertools.combinations(range(n), size)]
    bonferroni = {subset: min(1.0, len(subset) * min(p_values[i] for i in subset)) for subset in subsets}
    return [max(p for subset, p in bonferroni.items() if i in subset) for i in range(n)]


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_holm_is_the_closed_bonferroni_test(n):
    p_values = (np.random.default_rng(n).uniform(size=n) ** 3).tolist()
    assert holm(p_values) == pytest.approx(by_closed_testing(p_values))


def test_holm_keeps_equal_p_values_equal():
    assert len(set(holm([0.01, 0.01, 0.01]))) == 1


def test_holm_of_nothing_is_nothing():
    assert holm([]) == []


@pytest.mark.parametrize("bad", [math.nan, -0.1, 1.1])
def test_holm_refuses_what_is_no_p_value(bad):
    with pytest.raises(ValueError, match="p_values: value 1"):
        holm([0.5, bad])
