"""t tests against scipy's, and Holm's correction against its definition."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from genharness.stats import holm
from genharness.stats.ttests import deciding_test, paired_t, student_t, welch_t


@pytest.fixture
def sides():
    rng = np.random.default_rng(5)
    return rng.normal(0, 1, 5).tolist(), rng.normal(1, 3, 8).tolist()


def as_scipy_has_it(result):
    interval = result.confidence_interval(0.95)
    return pytest.approx((interval.low, interval.high, result.pvalue), rel=1e-9)


def test_welch_is_scipys(sides):
    ours = welch_t(*sides)
    assert (ours.low, ours.high, ours.p) == as_scipy_has_it(stats.ttest_ind(*sides, equal_var=False))
    assert ours.difference == pytest.approx(np.mean(sides[0]) - np.mean(sides[1]))


def test_student_is_scipys(sides):
    ours = student_t(*sides)
    assert (ours.low, ours.high, ours.p) == as_scipy_has_it(stats.ttest_ind(*sides, equal_var=True))


def test_the_paired_test_is_scipys(sides):
    a, b = sides[0], sides[1][:5]
    ours = paired_t(a, b)
    assert (ours.low, ours.high, ours.p) == as_scipy_has_it(stats.ttest_rel(a, b))


@pytest.mark.parametrize(("other", "p"), [(3.0, 1.0), (4.0, 0.0)])
def test_where_neither_side_varies_p_is_the_limit(other, p):
    for test in (welch_t, student_t, paired_t):
        result = test([3.0, 3.0], [other, other])
        assert (result.low, result.high, result.p) == (3.0 - other, 3.0 - other, p)


def test_one_score_a_side_is_refused():
    with pytest.raises(ValueError, match="two scores a side"):
        welch_t([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("n_a", "n_b", "paired", "name"),
    [
        (3, 3, False, "Welch t"),
        (5, 5, True, "Welch t"),
        (6, 6, True, "paired t"),
        (3, 4, False, "Welch and Student t"),
    ],
)
def test_the_numbers_of_seeds_choose_the_deciding_test(n_a, n_b, paired, name):
    rng = np.random.default_rng(0)
    result = deciding_test(rng.normal(size=n_a).tolist(), rng.normal(size=n_b).tolist(), paired=paired)
    assert result.test == name


@pytest.mark.parametrize("spread", [0.2, 5.0])
def test_unequal_numbers_of_seeds_take_the_stricter_of_welch_and_student(spread):
    rng = np.random.default_rng(2)
    a, b = (spread * rng.normal(size=3)).tolist(), rng.normal(1, 1, 10).tolist()
    decided, welch, student = deciding_test(a, b, paired=False), welch_t(a, b), student_t(a, b)
    assert decided.p == max(welch.p, student.p)
    assert (decided.low > 0 or decided.high < 0) == (decided.p < 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(2, 5), (3, 4), (3, 10), (5, 10)])
def test_unequal_numbers_of_seeds_do_not_raise_the_false_positive_rate(sizes):
    rng = np.random.default_rng(sizes)
    few, many = (rng.normal(size=(20_000, size)).tolist() for size in sizes)
    tests = [deciding_test(a, b, paired=False) for a, b in zip(few, many, strict=True)]
    assert np.mean([test.p < 0.05 for test in tests]) <= 0.05


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
