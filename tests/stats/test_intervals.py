"""Intervals of many rows at once are those of each row alone, by the textbook's own loop."""

import math
import random

import numpy as np
import pytest
from scipy.stats import t as student_t

from genharness.stats.intervals import LEAST_FOR_BOOTSTRAP, RESAMPLES, mean_intervals


def drawn(count, seed=0, spread=1.0):
    draw = random.Random(seed)
    return [draw.lognormvariate(0, spread) for _ in range(count)]


def bootstrap_t(row):
    """Efron and Tibshirani 1993, section 12.5, one resample after the other, kept as `mean_intervals` keeps it."""
    values, n = np.array(row), len(row)
    mean, error = values.mean(), values.std(ddof=1) / math.sqrt(n)
    statistics = []
    for places in np.random.default_rng(0).integers(0, n, (RESAMPLES, n)):
        resample = values[places]
        if resample.std(ddof=1) > 1e-9 * error:
            statistics.append((resample.mean() - mean) / (resample.std(ddof=1) / math.sqrt(n)))
    low, high = np.quantile(statistics, (0.025, 0.975))
    student = student_t.ppf(0.975, n - 1)
    return mean - np.clip(high, student, 2 * student) * error, mean + np.clip(-low, student, 2 * student) * error


@pytest.mark.parametrize("count", [8, 9, 12, 20])
def test_from_eight_seeds_on_it_is_the_bootstrap_t(count):
    rows = [drawn(count, seed) for seed in range(3)]
    for row, interval in zip(rows, mean_intervals(rows), strict=True):
        assert interval == pytest.approx(bootstrap_t(row), rel=1e-9)


@pytest.mark.parametrize("count", range(2, LEAST_FOR_BOOTSTRAP))
def test_up_to_seven_seeds_it_is_students(count):
    row = drawn(count)
    expected = student_t.interval(0.95, count - 1, np.mean(row), np.std(row, ddof=1) / math.sqrt(count))
    assert mean_intervals([row])[0] == pytest.approx(expected, rel=1e-9)


def test_rows_of_any_counts_stand_in_their_places():
    rows = [drawn(count, count) for count in (1, 9, 3, 9, 1, 20)] + [[2.0] * 10]
    together = mean_intervals(rows)
    for interval, row in zip(together, rows, strict=True):
        assert interval == (mean_intervals([row])[0] if interval is None else pytest.approx(mean_intervals([row])[0]))
    assert (together[0], together[6]) == (None, None)


@pytest.mark.parametrize("scale", [1e-140, 1e-6, 1e6, 1e140])
@pytest.mark.parametrize("count", [5, 10])
def test_it_scales_with_the_scores(scale, count):
    row = drawn(count)
    scaled = mean_intervals([[scale * value for value in row]])[0]
    assert [end / scale for end in scaled] == pytest.approx(mean_intervals([row])[0], rel=1e-9)


def test_resamples_of_one_score_repeated_are_left_out():
    row = [1.0] * 9 + [2.0]
    assert mean_intervals([row])[0] == pytest.approx(bootstrap_t(row), rel=1e-9)


def test_more_rows_than_are_held_in_memory_at_a_time():
    rows = [drawn(10, seed) for seed in range(600)]
    assert mean_intervals(rows)[599] == pytest.approx(mean_intervals(rows[-1:])[0], rel=1e-12)
