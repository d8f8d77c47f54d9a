"""Time to quality: areas against quadrature, passages by hand, and what simulated studies say."""

import math

import numpy as np
import pytest
import scipy.stats

from genharness.stats import Family, ScoreTable
from genharness.stats.speed import cost_to, mean_over_log_cost, median_cost, time_test

NEVER = math.inf


@pytest.mark.parametrize("log", [False, True])
def test_the_mean_over_log_cost_is_that_of_a_fine_quadrature(log):
    draw = np.random.default_rng(0)
    for _ in range(20):
        costs, scores = np.sort(draw.uniform(1, 100, 9)), draw.uniform(0.5, 5, 9)
        window = (costs[0] * 1.1, costs[-1] * 0.9)
        fine = np.linspace(*np.log(window), 200_001)
        y = np.interp(fine, np.log(costs), np.log(scores) if log else scores)
        expected = np.trapezoid(y, fine) / (fine[-1] - fine[0])
        found = mean_over_log_cost(list(costs), list(scores), window, log=log)
        assert found == pytest.approx(math.exp(expected) if log else expected, rel=1e-6)


def test_a_constant_score_is_its_own_mean_and_other_looks_change_nothing():
    assert mean_over_log_cost([1, 2, 10], [3, 3, 3], (1, 10), log=True) == pytest.approx(3)
    few = mean_over_log_cost([1, 100], [1, 100], (1, 100), log=True)
    assert few == mean_over_log_cost([1, 10, 100], [1, 10, 100], (1, 100), log=True) == pytest.approx(10)


@pytest.mark.parametrize(("costs", "window"), [([2, 10], (1, 10)), ([1, 9], (1, 10)), ([1, 10], (5, 5)), ([], (1, 2))])
def test_looks_that_do_not_cover_the_window_are_refused(costs, window):
    with pytest.raises(ValueError, match="window"):
        mean_over_log_cost(costs, [1.0] * len(costs), window, log=True)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([5, 3, 3, 3], 20),
        ([3, 5, 3, 3], 30),  # the first look was chance
        ([5, 3, 5, 3], NEVER),  # never at two running; the last has none after it
        ([3, 3, 9, 9], 10),
        ([None, 3, math.nan, 3], NEVER),
        ([3], NEVER),
        ([], NEVER),
    ],
)
def test_a_score_is_reached_where_it_holds_at_two_looks_running(scores, expected):
    costs = [10.0, 20.0, 30.0, 40.0][: len(scores)]
    assert cost_to(costs, scores, 3.0, higher_is_better=False) == expected
    mirrored = [None if one is None else -one for one in scores]
    assert cost_to(costs, mirrored, -3.0, higher_is_better=True) == expected


def test_the_median_is_kaplan_and_meiers_where_all_are_stopped_at_one_budget():
    for costs in ([1.0, 2.0, 5.0, NEVER, NEVER], [3.0, 4.0, 8.0], [NEVER] * 3, [1.0, NEVER, NEVER]):
        data = scipy.stats.CensoredData(
            uncensored=[one for one in costs if one < NEVER], right=[10.0 for one in costs if one == NEVER]
        )
        survival = scipy.stats.ecdf(data).sf
        below = survival.quantiles[survival.probabilities <= 0.5]
        assert median_cost(costs) == (below[0] if len(below) and below[0] < 10 else NEVER)
    assert median_cost([1.0, 2.0, NEVER, NEVER]) == NEVER  # half of them never came


def test_the_test_is_exact_with_those_that_never_came_last_and_needs_four_seeds():
    a, b = [1.0, 2.0, 3.0, 4.0], [5.0, 6.0, NEVER, NEVER]
    last = [5.0, 6.0, 1e9, 1e9]
    assert time_test(a, b) == scipy.stats.mannwhitneyu(a, [5, 6, 7, 8], method="exact").pvalue
    assert time_test(a, b) == time_test(a, last) < 0.05
    assert time_test(a[:3], b) is None
    assert time_test([1.0, NEVER, NEVER, NEVER], b) is None


LOOKS = np.arange(1, 21) / 20
"""Shares of the budget."""


def studies(draw, n, count, *, end=1.0, slow=1.0, noise=0.02):
    """Return score curves `(count, n, 20)`: y(t) = floor (1 + (t / t0)^-1.2), floor and t0 of each seed its own."""
    floor = end * np.exp(draw.normal(0, 0.04, (count, n, 1)))
    t0 = 0.2 * slow * np.exp(draw.normal(0, 0.2, (count, n, 1)))
    return floor * (1 + (LOOKS / t0) ** -1.2) * np.exp(draw.normal(0, noise, (count, n, 20)))


def differ(a, b, test):
    """Return the share of studies in which two models are told apart at 5 %."""
    return np.mean([test(x, y) for x, y in zip(a, b, strict=True)])


def by_area(x, y):
    areas = [[mean_over_log_cost(LOOKS, one, (0.05, 1.0), log=True) for one in side] for side in (x, y)]
    table = ScoreTable(groups={name: dict(enumerate(side)) for name, side in zip("ab", areas, strict=True)}, log=True)
    return Family([table]).corrected(0, "a", "b") < 0.05


def by_time(threshold):
    def test(x, y):
        costs = [[cost_to(LOOKS, one, threshold, higher_is_better=False) for one in side] for side in (x, y)]
        p = time_test(*costs)
        return p is not None and p < 0.05

    return test


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 5])
def test_equal_models_are_told_apart_in_five_of_a_hundred_studies_at_most(n):
    draw = np.random.default_rng(n)
    a, b = studies(draw, n, 2000), studies(draw, n, 2000)
    assert differ(a, b, by_area) <= 0.06
    assert differ(a, b, by_time(1.35)) <= 0.06


@pytest.mark.slow
def test_a_model_that_is_twice_as_slow_is_found_by_area_and_time_though_it_ends_nearly_as_well():
    draw = np.random.default_rng(7)
    a, b = studies(draw, 5, 500), studies(draw, 5, 500, slow=2.0)
    assert differ(a, b, by_area) > 0.95
    assert differ(a, b, by_time(1.6)) > 0.6


@pytest.mark.slow
def test_two_looks_running_are_not_optimistic_as_one_look_is():
    def mean_cost(noise, reached):
        curves = studies(np.random.default_rng(9), 1, 2000, noise=noise)[:, 0]
        return np.mean([min(reached(one), 1.0) for one in curves])

    def at_one_look(scores):
        return next((cost for cost, score in zip(LOOKS, scores, strict=True) if score <= 1.35), NEVER)

    def at_two_looks(scores):
        return cost_to(LOOKS, scores, 1.35, higher_is_better=False)

    true = mean_cost(0.0, at_one_look)
    assert mean_cost(0.1, at_one_look) - true < -0.03
    assert abs(mean_cost(0.1, at_two_looks) - true) < 0.03
