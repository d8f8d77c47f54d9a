"""How many seeds it would take."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from genharness.stats import least_seeds_for_exact_test, planning
from genharness.stats.ranks import mann_whitney, wilcoxon
from genharness.stats.sample import sample_of


def seeds_needed(a, b, *, log=False, **options):
    """What `planning.seeds_needed` says of bare scores."""
    return planning.seeds_needed(*(sample_of(list(side), "a", log=log) for side in (a, b)), **options)


def scores(mean, deviation, n):
    """Scores with exactly this mean and standard deviation."""
    raw = np.random.default_rng(n).normal(size=n)
    return (mean + deviation * (raw - raw.mean()) / raw.std(ddof=1)).tolist()


def power(n, distance, alpha):
    """Power of the deciding test between unit normals, by scipy's noncentral t."""
    freedom = n - 1
    return stats.nct.sf(stats.t.ppf(1 - alpha / 2, freedom), freedom, distance * math.sqrt(n / 2))


@pytest.mark.parametrize("distance", [0.3, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("comparisons", [1, 6])
def test_one_seed_fewer_would_miss_the_power(distance, comparisons):
    seeds = seeds_needed(scores(0, 1, 5), scores(distance, 1, 5), comparisons=comparisons).for_power
    assert power(seeds, distance, 0.05 / comparisons) >= 0.8
    assert seeds == 2 or power(seeds - 1, distance, 0.05 / comparisons) < 0.8


def test_that_many_seeds_find_the_difference_in_80_percent_of_simulated_experiments():
    seeds = seeds_needed(scores(0, 1, 6), scores(1.2, 1, 6)).for_power
    rng = np.random.default_rng(0)
    a, b = rng.normal(0, 1, (20_000, seeds)), rng.normal(1.2, 1, (20_000, seeds))
    found = np.mean(2 * stats.t.sf(abs(stats.ttest_ind(a, b, axis=1).statistic), seeds - 1) < 0.05)
    assert 0.78 <= found <= 0.90


def test_seeds_that_move_both_models_alike_are_worth_fewer_seeds():
    rng = np.random.default_rng(0)
    shared = 5 * rng.normal(size=8)
    a, b = shared + rng.normal(size=8), shared + rng.normal(1.5, 1, 8)
    paired = seeds_needed(a.tolist(), b.tolist(), paired=True).for_power
    assert 6 <= paired < seeds_needed(a.tolist(), b.tolist()).for_power


def test_pairs_are_not_planned_for_where_fewer_unpaired_seeds_suffice():
    a, b = scores(0, 1, 4), scores(5, 1, 4)
    assert seeds_needed(a, b, paired=True) == seeds_needed(a, b)


def test_logarithms_plan_for_the_ratio():
    a, b = [10.0, 11.0, 12.0], [20.0, 25.0, 22.0]
    logs = [[math.log(x) for x in side] for side in (a, b)]
    assert seeds_needed(a, b, log=True) == seeds_needed(*logs)


@pytest.mark.parametrize("comparisons", [1, 3, 6, 45])
@pytest.mark.parametrize(("test", "paired"), [(mann_whitney, False), (wilcoxon, True)])
def test_with_one_seed_fewer_no_scores_pass_the_exact_test(test, paired, comparisons):
    n = least_seeds_for_exact_test(comparisons, paired=paired)
    best, below = (test(range(-k, 0), range(0, 2 * k, 2)).p for k in (n, n - 1))
    assert best * comparisons <= 0.05 < below * comparisons


def test_no_number_of_seeds_is_named_without_a_difference():
    assert seeds_needed([1.0, 3.0], [2.0, 2.0]).for_power is None


def test_no_number_of_seeds_is_named_where_a_thousand_are_too_few():
    assert seeds_needed(scores(0, 1, 5), scores(0.01, 1, 5)).for_power is None


def test_one_seed_tells_nothing_of_the_power():
    assert seeds_needed([1.0], [2.0, 3.0]).for_power is None


def test_no_number_of_seeds_is_named_where_neither_side_varies():
    assert seeds_needed([1.0, 1.0], [2.0, 2.0]).for_power is None


@pytest.mark.parametrize("distance", [100.0, 1e9])
def test_a_huge_difference_takes_few_seeds_even_over_many_comparisons(distance):
    seeds = seeds_needed(scores(0, 1, 3), scores(distance, 1, 3), comparisons=1000).for_power
    assert 2 <= seeds <= 4


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (([1.0], [1.0]), {"power": 1.0}, "power: must lie between"),
        (([1.0], [1.0]), {"comparisons": 0}, "comparisons: must be at least 1"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, options, said):
    with pytest.raises(ValueError, match=said):
        seeds_needed(*arguments, **options)


@pytest.mark.parametrize("fewest", [2, 3, 7, 500, 999, 1000])
@pytest.mark.parametrize("guess", [0, 2, 8, 600, 1000, 10**7])
def test_the_fewest_seeds_are_found_from_any_guess(fewest, guess):
    assert planning._first(lambda n: n >= fewest, guess) == fewest
    assert planning._first(lambda n: False, guess) is None
