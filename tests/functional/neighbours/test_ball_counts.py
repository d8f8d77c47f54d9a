"""Closed forms of ball counts beside SciPy's beta-binomial and beside the scores of samples."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from genharness.functional.neighbours.ball_counts import EXPECTED_DENSITY, expected_clipped_counts, expected_coverage
from genharness.functional.prdc import prdc

SIZES = [(6, 1, 5), (6, 9, 5), (50, 200, 3), (20, 7, 5), (1000, 1000, 5), (2, 4, 1), (400, 30, 20)]


@pytest.mark.parametrize(("n", "m", "k"), SIZES)
def test_the_clipped_counts_are_means_over_scipys_beta_binomial(n, m, k):
    counts = np.arange(m + 1)
    expected = [np.minimum(counts, k) @ betabinom.pmf(counts, j, k, n - k) / k for j in range(m + 1)]
    np.testing.assert_allclose(expected_clipped_counts(n, m, k), expected, atol=1e-12)


@pytest.mark.parametrize(("n", "m", "k"), SIZES)
def test_the_expected_coverage_is_the_chance_of_a_ball_that_is_not_empty(n, m, k):
    assert expected_coverage(n, m, k) == pytest.approx(1 - betabinom.pmf(0, m, k, n - k), abs=1e-12)


def test_no_fakes_cover_nothing():
    assert expected_coverage(10, 0, 3) == 0
    assert expected_clipped_counts(10, 0, 3).tolist() == [0]


@pytest.mark.parametrize("name", ["cubed", "clusters", "uniform"])
@pytest.mark.parametrize(("n", "m", "k"), [(200, 200, 5), (60, 300, 3), (300, 80, 8)])
def test_density_and_coverage_of_one_distribution_are_as_expected_whatever_it_is(name, n, m, k):
    rng = np.random.default_rng(n)
    draw = {
        "cubed": lambda size: rng.normal(size=(size, 6)) ** 3,
        "clusters": lambda size: rng.normal(size=(size, 4)) + 9 * rng.integers(0, 5, (size, 1)),
        "uniform": lambda size: rng.random((size, 2)),
    }[name]
    scores = [prdc(draw(n), draw(m), k) for _ in range(80)]
    for values, expected in (
        ([one.density for one in scores], EXPECTED_DENSITY),
        ([one.coverage for one in scores], expected_coverage(n, m, k)),
    ):
        assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / np.sqrt(len(values)))


@pytest.mark.parametrize(("n", "m", "k"), [(5, 3, 5), (5, -1, 2), (5, 3, 0), (0, 3, 1)])
def test_counts_out_of_range_are_refused(n, m, k):
    with pytest.raises(ValueError, match=r"need more than|must be at least"):
        expected_coverage(n, m, k)
