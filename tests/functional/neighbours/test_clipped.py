"""Clipped density and coverage beside their definition, the authors' rule, seqme where it is, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from dense_pass import HARD, dense_pass, hard_sets
from feature_sets import gaussians
from genharness.functional.neighbours.clipped import calibrated_coverage, clipped, clipped_of
from genharness.functional.neighbours.shared_pass import neighbour_pass
from genharness.functional.prdc import prdc

RNG = np.random.default_rng(0)


def draws(n, m, d=64, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d))


def junk(fake, share):
    """Replace a share of the fakes by rows that lie nowhere near."""
    fake = fake.copy()
    count = int(share * len(fake))
    fake[:count] = 1e3 + np.arange(count)[:, None]
    return fake


def dense_density(real, fake, k):
    dense = dense_pass(real, fake, k)
    of_fakes = np.minimum(dense.in_clipped_real.sum(0) / k, 1).mean()
    held = (dense.own["real"] <= dense.clipped["real"][:, None]).sum(0)
    return of_fakes / np.minimum(held / k, 1).mean()


def dense_fill(real, fake, k):
    return np.minimum(dense_pass(real, fake, k).in_real.sum(1), k).mean() / k


@pytest.mark.parametrize("make", HARD, ids=lambda make: make.__name__)
@pytest.mark.parametrize("k", [1, 4])
def test_density_is_its_definition_over_all_distances(make, k):
    real, fake = hard_sets(make, 150, 170)
    found = clipped(real, fake, k)
    expected = dense_density(real, fake, k)
    assert found.density_raw == pytest.approx(expected, rel=1e-12)
    assert found.density == min(found.density_raw, 1)


@pytest.mark.parametrize("make", [make for make in HARD if make.__name__ != "constant"], ids=lambda make: make.__name__)
def test_coverage_is_the_inverse_of_a_beta_binomial_mean(make):
    real, fake = hard_sets(make, 150, 170)
    counts = np.arange(171)
    table = [np.minimum(counts, 4) @ betabinom.pmf(counts, m, 4, 146) / 4 for m in range(171)]
    fill = dense_fill(real, fake, 4)
    found = clipped(real, fake, 4)
    assert found.coverage == pytest.approx(np.interp(fill, table, counts) / 170, abs=1e-9)
    assert found.coverage_ratio == pytest.approx(fill / table[-1], rel=1e-9)


@pytest.mark.parametrize(("n", "m", "share"), [(300, 300, 0.5), (300, 300, 0.25), (400, 150, 0.5), (150, 400, 0)])
def test_coverage_is_within_two_steps_of_the_authors_rule(n, m, share):
    real, fake = draws(n, m, 8)
    fake = junk(fake, share)
    counts = np.arange(m + 1)
    table = np.array([np.minimum(counts, 5) @ betabinom.pmf(counts, j, 5, n - 5) / 5 for j in range(m + 1)])
    table[:5] = 0
    theirs = np.searchsorted(table, dense_fill(real, fake, 5)) / (m + 1)
    assert clipped(real, fake).coverage == pytest.approx(theirs, abs=2 / m)


@pytest.mark.parametrize("share", [0, 0.5])
@pytest.mark.parametrize(("n", "m"), [(300, 300), (400, 150)])
def test_seqme_gives_the_same(n, m, share):
    metrics = pytest.importorskip("seqme.metrics")
    real, fake = draws(n, m, 8)
    fake = junk(fake, share)
    rows = {"real": real, "fake": fake}

    def theirs(kind):
        metric = kind(5, ["real"], lambda names: rows[names[0]], strict=False)
        return metric(["fake"]).value

    found = clipped(real, fake)
    assert found.density == pytest.approx(theirs(metrics.ClippedDensity), rel=1e-6)
    assert found.coverage == pytest.approx(theirs(metrics.ClippedCoverage), abs=3 / m)


@pytest.mark.parametrize("share", [0, 0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize(("n", "m"), [(1000, 1000), (2000, 500)])
def test_a_share_of_junk_is_what_both_lose(share, n, m):
    real, fake = draws(n, m, 8)
    found = clipped(real, junk(fake, share))
    assert found.density == pytest.approx(1 - share, abs=0.08)
    assert found.coverage == pytest.approx(1 - share, abs=0.09)


def test_one_outlier_moves_neither_where_it_lifts_precision():
    real, fake = draws(1000, 1000)
    fake += 2
    before = clipped(real, fake)
    real[0] = 100
    after = clipped(real, fake)
    assert prdc(real, fake).precision == 1
    assert after.density_raw == pytest.approx(before.density_raw, abs=0.01)
    assert after.coverage == pytest.approx(before.coverage, abs=0.01)


@pytest.mark.parametrize("k", [5, 10, 20])
def test_one_hub_lifts_coverage_by_one_kth_and_no_further(k):
    real, fake = draws(1000, 1000)
    fake += 2
    before = clipped(real, fake, k)
    fake[0] = 0
    after = clipped(real, fake, k)
    assert prdc(real, fake, k).coverage > 0.9
    assert after.density_raw == pytest.approx(before.density_raw, abs=0.01)
    assert after.coverage - before.coverage <= 1 / k + 0.01


def test_half_of_the_modes_gone_is_half_of_the_coverage_and_all_of_the_density():
    centres = 4 * np.random.default_rng(5).normal(size=(10, 64))
    rng = np.random.default_rng(6)
    real = centres[rng.integers(0, 10, 1000)] + rng.normal(size=(1000, 64))
    fake = centres[rng.integers(0, 5, 1000)] + rng.normal(size=(1000, 64))
    found = clipped(real, fake)
    assert found.coverage == pytest.approx(0.5, abs=0.06)
    assert found.density > 0.9


def test_shrinking_reads_as_crowding_before_the_cut():
    real, fake = draws(1000, 1000)
    found = clipped(real, 0.5 * fake)
    assert found.density == found.coverage == 1
    assert found.density_raw > 1.5
    assert found.coverage_ratio == pytest.approx(1 / 0.7545, abs=0.01)


def test_reals_that_are_all_equal_have_no_coverage():
    found = clipped(np.ones((20, 3)), np.ones((20, 3)))
    assert found.density == 1
    assert np.isnan(found.coverage)


def test_the_calibration_is_continuous_and_ascending():
    fills = np.linspace(0, 1, 400)
    values = np.array([calibrated_coverage(fill, 300, 200) for fill in fills])
    assert values[0] == 0
    assert values[-1] == 1
    assert (np.diff(values) >= 0).all()
    assert np.diff(values).max() < 0.03


def test_closed_balls_are_refused():
    real, fake = gaussians(20, 20, 2)
    with pytest.raises(ValueError, match="open balls"):
        clipped_of(neighbour_pass(real, fake, strict=False))
