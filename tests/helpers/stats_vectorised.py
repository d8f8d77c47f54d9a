"""The statistics of `genharness.stats` over many simulated experiments at once; tests hold them to the package's."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import mannwhitneyu

from genharness.stats.intervals import LEAST_FOR_BOOTSTRAP, RESAMPLES
from genharness.stats.ttests import LEAST_PAIRS


def intervals(samples):
    """Return the ends of `summarise`'s intervals for experiments `(repeats, seeds)`, as two arrays `(repeats,)`."""
    n = samples.shape[1]
    mean, error = samples.mean(1), samples.std(1, ddof=1) / np.sqrt(n)
    student = stdtrit(n - 1, 0.975)
    if n < LEAST_FOR_BOOTSTRAP:
        return mean - student * error, mean + student * error
    low, high = np.concatenate([bootstrap_t(part) for part in np.array_split(samples, len(samples) // 500 + 1)], 1)
    return mean - np.clip(high, student, 2 * student) * error, mean + np.clip(-low, student, 2 * student) * error


def bootstrap_t(samples):
    """Return both quantiles of the bootstrapped t statistic, `(2, repeats)`; a resample is a row of counts."""
    n = samples.shape[1]
    drawn = np.random.default_rng(0).integers(0, n, (RESAMPLES, n))
    varied = drawn[drawn.min(1) < drawn.max(1)]  # a resample of one score repeated has no t statistic
    counts = np.stack([np.bincount(row, minlength=n) for row in varied]) / n
    centred = samples - samples.mean(1, keepdims=True)
    means = centred @ counts.T
    errors = np.sqrt((centred**2 @ counts.T - means**2) / (n - 1))
    return np.quantile(means / errors, (0.025, 0.975), axis=1)


def least_p(scores, *, paired=False):
    """Return the smallest p of every family `(repeats, models, seeds)`: of the deciding test, and of Mann-Whitney."""
    pairs = list(itertools.combinations(range(scores.shape[1]), 2))
    sides = [(scores[:, a], scores[:, b]) for a, b in pairs]
    exact = [mannwhitneyu(a, b, axis=1, method="exact").pvalue for a, b in sides]
    return np.min([deciding_p(a, b, paired=paired) for a, b in sides], 0), np.min(exact, 0)


def deciding_p(a, b, *, paired=False, resolution=0.0, steady_is_known=False):
    """Return the p values of `deciding_test`, `(repeats,)`; NaN where there is no test.

    With `steady_is_known`, sides that do not vary but differ have p = 0, as they had before.
    """
    n = a.shape[1]
    floor = resolution**2 / 12
    change = a - b
    variance = change.var(1, ddof=1) + 2 * floor
    if not paired or n < LEAST_PAIRS:
        variance = a.var(1, ddof=1) + b.var(1, ddof=1) + 2 * floor
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(change.mean(1)) / np.sqrt(variance / n)
    return np.where((variance == 0) & ~steady_is_known, np.nan, 2 * stdtr(n - 1, -t))


def rank_intervals(tables, *, resolution=0.0, steady_is_known=False):
    """Return both ends of every rank's interval, `(metrics, repeats, models)` each, lower scores being better.

    Args:
        tables: Scores `(repeats, models, seeds)` of each metric of one family.
        resolution: Step of the scores.
        steady_is_known: See `deciding_p`.
    """
    models = tables[0].shape[1]
    pairs = list(itertools.combinations(range(models), 2))
    p = np.stack(
        [
            deciding_p(one[:, a], one[:, b], resolution=resolution, steady_is_known=steady_is_known)
            for one in tables
            for a, b in pairs
        ],
        axis=1,
    )
    apart = holm_rejects(p).reshape(len(p), len(tables), len(pairs))
    low = np.ones((len(tables), len(p), models), int)
    high = np.full_like(low, models)
    for place, one in enumerate(tables):
        means = one.mean(2)
        for pair, (a, b) in enumerate(pairs):
            first = apart[:, place, pair] & (means[:, a] < means[:, b])
            second = apart[:, place, pair] & (means[:, a] > means[:, b])
            low[place, :, b] += first
            high[place, :, a] -= first
            low[place, :, a] += second
            high[place, :, b] -= second
    return low, high


def holm_rejects(p, level=0.05):
    """Return which of the p values `(repeats, tests)` Holm's procedure rejects; NaN are no tests."""
    tests = (~np.isnan(p)).sum(1, keepdims=True)
    order = np.argsort(np.where(np.isnan(p), 2, p), axis=1)
    ordered = np.take_along_axis(p, order, 1)
    left = np.maximum(tests - np.arange(p.shape[1]), 1)
    rejected = np.logical_and.accumulate(ordered * left < level, axis=1)
    found = np.zeros_like(rejected)
    np.put_along_axis(found, order, rejected, 1)
    return found
