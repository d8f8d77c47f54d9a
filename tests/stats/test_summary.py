"""Summaries over training seeds."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from genharness.stats import diverged_rate, interquartile_mean, mean_and_deviation, summarise
from genharness.stats.intervals import RESAMPLES
from stats_vectorised import intervals

TRUE_MEAN = 30.0


def normal(rng, shape):
    return rng.normal(TRUE_MEAN, 2.0, shape)


def log_normal(deviation):
    """FID-like scores with mean 30 and this deviation of their logarithm."""
    return lambda rng, shape: rng.lognormal(math.log(TRUE_MEAN) - deviation**2 / 2, deviation, shape)


def coverage(draw, seeds):
    """Share of 10,000 intervals that hold the mean: 95 % is measured to 0.22 points (one standard error)."""
    samples = draw(np.random.default_rng(seeds), (10_000, seeds))
    low, high = intervals(samples)
    for sample, one, other in zip(samples[:20].tolist(), low, high, strict=False):
        summary = summarise(sample)
        assert (summary.interval_low, summary.interval_high) == pytest.approx((one, other))
    return np.mean((low <= TRUE_MEAN) & (high >= TRUE_MEAN))


FID_LIKE = [
    pytest.param(normal, id="normal"),
    pytest.param(log_normal(0.1), id="log-normal-0.1"),
    pytest.param(log_normal(0.3), id="log-normal-0.3"),
]


@pytest.mark.parametrize("draw", FID_LIKE)
@pytest.mark.parametrize("seeds", [2, 3, 5, 7, 8, 10, 20])
def test_the_interval_holds_the_true_mean_93_to_97_percent_of_the_time(draw, seeds):
    assert 0.93 <= coverage(draw, seeds) <= 0.97


@pytest.mark.parametrize(("seeds", "least"), [(3, 0.91), (5, 0.91), (8, 0.93), (10, 0.93), (20, 0.93)])
def test_strong_skew_costs_few_seeds_some_coverage_but_not_many_seeds(seeds, least):
    assert least <= coverage(log_normal(0.5), seeds) <= 0.97


def test_the_percentile_bootstrap_would_miss_the_true_mean_of_three_seeds_a_fifth_of_the_time():
    samples = normal(np.random.default_rng(3), (300, 3))
    intervals = [
        stats.bootstrap((sample,), np.mean, n_resamples=500, method="percentile").confidence_interval
        for sample in samples
    ]
    assert np.mean([low <= TRUE_MEAN <= high for low, high in intervals]) < 0.8


@pytest.mark.parametrize("n", [2, 3, 7])
def test_few_seeds_get_scipys_student_interval(n):
    sample = np.random.default_rng(n).normal(size=n)
    summary = summarise(sample)
    expected = stats.t.interval(0.95, n - 1, loc=sample.mean(), scale=stats.sem(sample))
    assert (summary.interval_low, summary.interval_high) == pytest.approx(expected, rel=1e-12)
    assert summary.method == "Student t"


def test_the_bootstrap_interval_reaches_further_towards_the_tail_of_the_scores():
    summary = summarise(np.random.default_rng(0).lognormal(0, 1, 20))
    assert summary.interval_high - summary.mean > 1.2 * (summary.mean - summary.interval_low)
    assert summary.method == f"bootstrap-t, {RESAMPLES} resamples"


def test_a_cluster_with_two_outliers_does_not_blow_the_interval_up():
    scores = [10.0, 10.01, 9.99, 10.02, 9.98, 10.0, 10.01, 9.99, 13.0, 14.0]
    summary = summarise(scores)
    limit = 2 * stats.t.ppf(0.975, 9) * stats.sem(scores)
    assert summary.interval_high == pytest.approx(summary.mean + limit)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    scores = np.random.default_rng(1).lognormal(0, 0.5, 12)
    assert summarise(scores, seed=4) == summarise(scores, seed=4)
    assert summarise(scores, seed=4) != summarise(scores, seed=5)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8, 11, 20])
def test_the_interquartile_mean_is_scipys_25_percent_trimmed_mean(n):
    sample = np.random.default_rng(n).normal(size=n)
    assert interquartile_mean(sample) == pytest.approx(stats.trim_mean(sample, 0.25), rel=1e-12)


def test_mean_and_deviation_are_those_of_the_standard_library():
    sample = [3.5, 1e9 + 0.25, -2.0, 7.125]
    assert mean_and_deviation(sample) == pytest.approx((statistics.fmean(sample), statistics.stdev(sample)))


def test_one_seed_has_a_mean_and_nothing_else():
    summary = summarise([4.0])
    assert (summary.n, summary.mean, summary.interquartile_mean) == (1, 4.0, 4.0)
    assert summary.standard_deviation is summary.interval_low is summary.interval_high is None
    assert summary.method == "none: one seed"


@pytest.mark.parametrize("n", [2, 20])
def test_equal_scores_have_no_interval_since_their_spread_is_unknown(n):
    summary = summarise([0.1] * n)
    assert (summary.mean, summary.standard_deviation) == (0.1, 0.0)
    assert summary.interval_low is summary.interval_high is None
    assert summary.method == "none: all scores are equal"


@pytest.mark.parametrize("function", [summarise, mean_and_deviation, interquartile_mean])
@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ([], "values: no scores"),
        ([1.0, math.nan], "values: score 1 is nan"),
        ([math.inf], "values: score 0 is inf"),
        ([-1e300], "values: score 0 is -1e"),
    ],
)
def test_scores_that_are_none_are_refused_by_name(function, scores, said):
    with pytest.raises(ValueError, match=said):
        function(scores)


def test_only_seeds_that_ended_by_themselves_count_for_the_diverged_rate():
    statuses = ["ok", "diverged", "ok", "ok", "interrupted", "timeout", "out_of_memory", "failed"]
    assert diverged_rate(statuses) == 1 / 4


@pytest.mark.parametrize("statuses", [[], ["failed", "interrupted"]])
def test_there_is_no_diverged_rate_before_a_seed_has_ended(statuses):
    assert diverged_rate(statuses) is None


def test_importing_stats_loads_neither_numpy_nor_scipy_nor_torch():
    code = "import sys, genharness.stats; print({'numpy', 'scipy', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_leaderboards_functions_never_load_scipy_stats():
    code = (
        "import sys; from genharness.stats import Family, ScoreTable, mean_and_deviation, summarise;"
        "mean_and_deviation([1, 2]); summarise(range(9));"
        "Family([ScoreTable(groups={'a': {0: 1, 1: 2}, 'b': {0: 5, 1: 7, 2: 8}}, log=True)]).standings(0);"
        "print({'scipy.stats', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
