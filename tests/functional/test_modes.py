"""Class modes and k-means bins: planted collapse, distances to closed forms, level of the test."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, entropy

from genharness.functional.clusters import cell_counts, kmeans_centres
from genharness.functional.modes import bin_statistics, class_modes, compare_bins, two_proportion_z


def blobs(sizes, seed=0, d=6):
    """Return clusters of the given sizes, far apart along their own axes."""
    rng = np.random.default_rng(seed)
    centres = 20 * np.eye(len(sizes), max(d, len(sizes)))
    return np.repeat(centres, sizes, 0) + rng.normal(size=(sum(sizes), centres.shape[1]))


@pytest.mark.parametrize("dropped", range(10))
def test_dropped_classes_are_counted_exactly(dropped):
    fake = np.array([0] * dropped + [100] * (10 - dropped))
    found = class_modes(np.full(10, 100), fake)
    assert (found.modes, found.covered) == (10, 10 - dropped)
    assert found.total_variation == pytest.approx(dropped / 10)
    assert found.kl == pytest.approx(math.log(10 / (10 - dropped)))


def test_a_few_misread_samples_do_not_hide_a_dropped_class():
    real, fake = np.array([500, 500]), np.array([970, 30])
    assert class_modes(real, fake).covered == 1
    assert class_modes(real, fake, threshold=0.05).covered == 2
    assert class_modes(real, np.array([999, 1]), threshold=0).covered == 2
    assert class_modes(real, np.array([1000, 0]), threshold=0).covered == 1


def test_distances_are_those_of_scipy():
    real, fake = np.array([10, 20, 30, 40]), np.array([25, 25, 25, 5])
    found = class_modes(real, fake)
    assert found.kl == pytest.approx(entropy(fake, real))
    assert found.total_variation == pytest.approx(np.abs(fake / 80 - real / 100).sum() / 2)


def test_equal_distributions_are_at_distance_zero():
    found = class_modes(np.array([3, 0, 9]), np.array([1, 0, 3]))
    assert (found.modes, found.covered, found.kl, found.total_variation) == (2, 2, 0, 0)


def test_fakes_in_a_class_without_reals_are_infinitely_far_and_cover_nothing():
    found = class_modes(np.array([5, 0]), np.array([5, 5]))
    assert found.kl == math.inf
    assert (found.modes, found.covered) == (1, 1)


@pytest.mark.parametrize(
    ("real", "fake", "threshold", "message"),
    [
        ([1, 2], [1, 2, 3], 0.1, "fake_counts has 3 classes where real_counts has 2"),
        ([0, 0], [1, 2], 0.1, "real_counts must be a row of counts"),
        ([1, 2], [1, -2], 0.1, "fake_counts must be a row of counts"),
        ([1, 2], [], 0.1, "fake_counts must be a row of counts"),
        ([1, 2], [1, 2], 1.5, "threshold must be in 0..1, not 1.5"),
    ],
)
def test_bad_counts_are_named(real, fake, threshold, message):
    with pytest.raises(ValueError, match=message):
        class_modes(np.array(real), np.array(fake), threshold)


@pytest.mark.parametrize("dropped", [0, 1, 5])
def test_dropped_clusters_are_bins_without_fakes(dropped):
    real, fake = blobs([200] * 6), blobs([200] * (6 - dropped) + [0] * dropped, seed=1)
    found = bin_statistics(real, fake, bins=6)
    assert found.coverage == pytest.approx(1 - dropped / 6)
    assert found.different == (6 if dropped else 0)


def test_counts_of_bins_are_those_of_planted_clusters():
    sizes = [50, 80, 110, 140]
    centres = kmeans_centres(blobs([100] * 4), 4, seed=0)
    assert sorted(cell_counts(blobs(sizes, seed=1), centres).tolist()) == sizes


@pytest.mark.parametrize("d", [2, 16])
def test_real_against_real_differs_in_about_one_bin_of_twenty(d):
    shares = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        found = bin_statistics(rng.normal(size=(2000, d)), rng.normal(size=(2000, d)), bins=40, seed=seed)
        shares.append(found.different_share)
    # 400 tests at 5 %: three standard errors are 3.3 %.
    assert np.mean(shares) < 0.083


def test_the_z_test_holds_its_level_on_counts_of_one_distribution():
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(100, 5.0))
    shares = [compare_bins(rng.multinomial(8000, p), rng.multinomial(5000, p)).different_share for _ in range(50)]
    assert np.mean(shares) == pytest.approx(0.05, abs=0.01)


def test_z_squared_is_the_chi_squared_of_each_two_by_two_table():
    real, fake = np.array([30, 50, 20]), np.array([60, 30, 110])
    tables = [[[a, 100 - a], [b, 200 - b]] for a, b in zip(real, fake, strict=True)]
    expected = [chi2_contingency(table, correction=False).statistic for table in tables]
    np.testing.assert_allclose(two_proportion_z(real, fake) ** 2, expected)


def test_a_bin_that_holds_nothing_or_everything_does_not_differ():
    assert two_proportion_z(np.array([7, 0]), np.array([9, 0])).tolist() == [0, 0]


def test_jsd_is_that_of_scipy_and_at_most_ln_2():
    real, fake = np.array([10, 20, 70]), np.array([40, 0, 10])
    assert compare_bins(real, fake).jsd == pytest.approx(jensenshannon(real, fake) ** 2)
    assert compare_bins(np.array([5, 0]), np.array([0, 9])).jsd == pytest.approx(math.log(2))
    assert compare_bins(real, 3 * real).jsd == 0


def test_bins_repeat_with_their_seed():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(500, 5)), rng.normal(size=(400, 5))
    assert bin_statistics(real, fake, bins=20, seed=1) == bin_statistics(real, fake, bins=20, seed=1)
    assert bin_statistics(real, fake, bins=20, seed=1) != bin_statistics(real, fake, bins=20, seed=2)


@pytest.mark.parametrize(
    ("real", "fake", "bins", "message"),
    [
        (np.ones((9, 2)), np.ones((9, 2)), 3, "cells = 3 are more than the distinct rows of real"),
        (np.ones((9, 2)), np.ones((9, 2)), 10, "cells = 10 need at least 10 rows in real, which has 9"),
        (np.eye(9), np.eye(8), 3, "fake has 8 columns where real has 9"),
        (np.eye(9), np.full((3, 9), np.nan), 3, "fake holds nan"),
        (np.eye(9), np.eye(9), 0, "bins must be at least 1"),
    ],
)
def test_bad_features_are_named(real, fake, bins, message):
    with pytest.raises(ValueError, match=message):
        bin_statistics(real, fake, bins=bins)


def test_a_level_outside_its_range_is_refused():
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\), not 5"):
        compare_bins(np.array([1, 2]), np.array([1, 2]), level=5)


def test_reals_and_fakes_of_different_types_fall_in_the_same_bins():
    rows = np.random.default_rng(0).integers(0, 400, 4000)[:, None] * 2.0 + 2**24  # exact in float32
    assert bin_statistics(rows, rows.astype(np.float32), bins=100).jsd == 0


@pytest.mark.parametrize("exponent", [-100, -76, 60, 100])
def test_bins_do_not_depend_on_the_unit(exponent):
    real = np.random.default_rng(0).normal(size=(300, 4))
    expected = cell_counts(real, kmeans_centres(real, 8, 0))
    unit = 2.0**exponent
    assert torch.equal(cell_counts(unit * real, kmeans_centres(unit * real, 8, 0)), expected)
    single = [kmeans_centres((scale * real).astype(np.float32), 8, 0) / scale for scale in (1.0, unit)]
    assert torch.allclose(*single, rtol=1e-4)
