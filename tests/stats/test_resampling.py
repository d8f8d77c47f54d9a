"""The noise of evaluating one checkpoint."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from genharness.stats import resample_interval


def test_the_standard_error_of_a_mean_is_the_closed_form():
    items = np.random.default_rng(0).normal(size=400)
    interval = resample_interval(lambda i: items[i].mean(), 400, resamples=2000)
    assert interval.resample_standard_error == pytest.approx(items.std() / math.sqrt(400), rel=0.07)
    assert interval.score == items.mean()


@pytest.mark.parametrize("n", [2, 3, 7])
def test_odd_numbers_of_items_are_scaled_for_their_smaller_half(n):
    items = np.arange(n, dtype=float)
    interval = resample_interval(lambda i: items[i].mean(), n, resamples=5000)
    closed_form = items.std(ddof=1) / math.sqrt(n)  # of a mean, without replacement
    assert interval.resample_standard_error == pytest.approx(closed_form, rel=0.05)


def test_a_resample_never_repeats_an_item():
    seen = []

    def statistic(indices):
        seen.append(indices.copy())
        return 0.0

    resample_interval(statistic, 11, resamples=5)
    assert seen[0].tolist() == list(range(11))
    assert all(len(half) == 5 and np.all(np.diff(half) > 0) for half in seen[1:])


def frechet_to_unit_normal(items):
    covariance = np.cov(items.T)
    roots = np.sqrt(np.clip(np.linalg.eigvalsh(covariance), 0, None)).sum()
    return float((items.mean(0) ** 2).sum() + np.trace(covariance) + items.shape[1] - 2 * roots)


def held(score, draw, repeats):
    """Share of the intervals that hold the expected score of so many items."""
    expected = np.mean([score(draw()) for _ in range(2000)])
    intervals = []
    for _ in range(repeats):
        items = draw()
        intervals.append(resample_interval(lambda i, items=items: score(items[i]), len(items)))
    return np.mean([i.resample_low <= expected <= i.resample_high for i in intervals])


@pytest.mark.slow
def test_the_interval_holds_the_expected_frechet_distance_in_spite_of_its_bias():
    rng = np.random.default_rng(1)
    assert held(frechet_to_unit_normal, lambda: rng.normal(0.15, 1.1, (300, 8)), 200) >= 0.93


@pytest.mark.slow
def test_the_interval_holds_the_expected_density_of_nearest_neighbour_balls():
    rng = np.random.default_rng(2)
    real = rng.normal(size=(200, 8))
    radii = np.sort(cdist(real, real), axis=1)[:, 3]

    def density(fake):
        return (cdist(real, fake) < radii[:, None]).sum() / (3 * len(fake))

    assert 0.91 <= held(density, lambda: rng.normal(0.15, 1.1, (200, 8)), 200) <= 0.99


def test_the_same_seed_draws_the_same_halves():
    items = np.random.default_rng(0).normal(size=50)
    first, again, other = (resample_interval(lambda i: items[i].max(), 50, 20, seed) for seed in (1, 1, 2))
    assert first == again != other


def test_a_statistic_that_does_not_vary_has_an_interval_of_no_width():
    interval = resample_interval(lambda _: 2.5, 10)
    assert (interval.resample_low, interval.score, interval.resample_high) == (2.5, 2.5, 2.5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((lambda _: 1.0, 1), "n_items: must be at least 2, not 1"),
        ((lambda _: 1.0, 5, 1), "resamples: must be at least 2, not 1"),
        ((lambda _: math.nan, 5), "statistic: returned nan"),
        ((lambda i: 1.0 if len(i) == 5 else math.inf, 5), "statistic: returned inf"),
    ],
)
def test_bad_arguments_are_refused_by_name(arguments, said):
    with pytest.raises(ValueError, match=said):
        resample_interval(*arguments)
