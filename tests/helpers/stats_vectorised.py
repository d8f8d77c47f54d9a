"""The statistics of `genharness.stats` over many simulated experiments at once; tests hold them to the package's."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import stdtr, stdtrit
from scipy.stats import mannwhitneyu

from genharness.stats.summary import LEAST_FOR_BOOTSTRAP, RESAMPLES
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


def least_p(scores):
    """Return the smallest p of every family `(repeats, models, seeds)`: of the deciding test, and of Mann-Whitney.

    Models share their seeds. Holm rejects something in a family exactly where this p times the pairs is under 5 %.
    """
    pairs = list(itertools.combinations(range(scores.shape[1]), 2))
    sides = [(scores[:, a], scores[:, b]) for a, b in pairs]
    exact = [mannwhitneyu(a, b, axis=1, method="exact").pvalue for a, b in sides]
    return np.min([deciding_p(a, b) for a, b in sides], 0), np.min(exact, 0)


def deciding_p(a, b):
    """Return the p values of `deciding_test` for matched seeds, `(repeats,)`."""
    n = a.shape[1]
    if n >= LEAST_PAIRS:
        change = a - b
        return 2 * stdtr(n - 1, -abs(change.mean(1)) / (change.std(1, ddof=1) / np.sqrt(n)))
    parts = np.stack([a.var(1, ddof=1), b.var(1, ddof=1)]) / n
    whole = parts.sum(0)
    freedom = whole**2 * (n - 1) / (parts**2).sum(0)
    return 2 * stdtr(freedom, -abs(a.mean(1) - b.mean(1)) / np.sqrt(whole))
