"""What the Frechet distance means, against closed forms and exact arithmetic."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genharness.functional.frechet import GaussianStatistics, frechet_distance, frechet_distance_from_statistics


def rotation(d, rng):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def gaussian(mean, covariance):
    return GaussianStatistics(np.asarray(mean, dtype=np.float64), np.asarray(covariance, dtype=np.float64))


def exact_moments(features):
    rows = mpmath.matrix(features.tolist())
    mean = mpmath.matrix([sum(rows[:, j]) / rows.rows for j in range(rows.cols)])
    centred = rows - mpmath.ones(rows.rows, 1) * mean.T
    return mean, centred.T * centred / (rows.rows - 1)


def exact_distance(m1, s1, m2, s2):
    """The definition, in the precision that is set."""
    values, axes = mpmath.eigsy(s1)
    root = axes * mpmath.diag([mpmath.sqrt(max(v, 0)) for v in values]) * axes.T
    inner = root * s2 * root
    eigenvalues = mpmath.eigsy((inner + inner.T) / 2, eigvals_only=True)
    trace_of_root = sum(mpmath.sqrt(max(v, 0)) for v in eigenvalues)
    offset = sum((p - q) ** 2 for p, q in zip(m1, m2, strict=True))
    traces = sum(s1[i, i] + s2[i, i] for i in range(s1.rows))
    return float(offset + traces - 2 * trace_of_root)


def test_equal_gaussians_are_at_distance_0():
    statistics = GaussianStatistics.fit(np.random.default_rng(0).standard_normal((500, 20)))
    assert frechet_distance_from_statistics(statistics, statistics) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("n", "d"), [(2, 7), (40, 64), (64, 64), (65, 64), (500, 64), (300, 300), (200, 1)])
def test_a_set_against_itself_is_at_distance_0(n, d):
    features = np.random.default_rng(n).standard_normal((n, d)) * 10 + 3
    assert frechet_distance(features, features.copy()) == pytest.approx(0, abs=1e-14 * d * 100 * d)


def test_unit_covariances_leave_the_squared_distance_of_means():
    shift = np.linspace(-2, 3, 12)
    a, b = gaussian(np.zeros(12), np.eye(12)), gaussian(shift, np.eye(12))
    assert frechet_distance_from_statistics(a, b) == pytest.approx(shift @ shift, rel=1e-14)


def test_one_dimension_is_the_difference_of_means_and_deviations():
    a, b = gaussian([1.0], [[4.0]]), gaussian([3.0], [[0.25]])
    assert frechet_distance_from_statistics(a, b) == pytest.approx((1 - 3) ** 2 + (2 - 0.5) ** 2, rel=1e-15)


@pytest.mark.parametrize("decades", [0, 4, 8, 12, 16])
@pytest.mark.parametrize("d", [3, 40, 300])
def test_commuting_covariances_give_their_closed_form_however_ill_conditioned(d, decades):
    rng = np.random.default_rng(d)
    axes = rotation(d, rng)
    p = 10.0 ** np.linspace(0, -decades, d)
    q = p * rng.uniform(0.5, 2, d)
    a, b = (gaussian(np.zeros(d), (axes * v) @ axes.T) for v in (p, q))
    expected = np.square(np.sqrt(p) - np.sqrt(q)).sum()
    assert frechet_distance_from_statistics(a, b) == pytest.approx(expected, rel=3e-7)


@pytest.mark.parametrize("decades", [0, 3, 6, 9])
def test_exact_arithmetic_agrees(decades):
    rng = np.random.default_rng(decades)
    a, b = (
        gaussian(rng.standard_normal(6), axes @ np.diag(10.0 ** np.linspace(0, -decades, 6)) @ axes.T)
        for axes in (rotation(6, rng), rotation(6, rng))
    )
    with mpmath.workdps(60):
        moments = [mpmath.matrix(array.tolist()) for s in (a, b) for array in (s.mean, s.covariance)]
        expected = exact_distance(*moments)
    assert frechet_distance_from_statistics(a, b) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (4, 5), (8, 8), (3, 20), (20, 3), (9, 9)])
def test_exact_arithmetic_agrees_on_few_samples(n, m):
    rng = np.random.default_rng(n)
    real, fake = rng.standard_normal((n, 8)), rng.standard_normal((m, 8)) * 2 + 1
    with mpmath.workdps(60):
        expected = exact_distance(*exact_moments(real), *exact_moments(fake))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(10, 20), (10, 400), (400, 10), (300, 400)])
def test_statistics_and_features_give_one_answer(n, m):
    rng = np.random.default_rng(n)
    real, fake = rng.standard_normal((n, 32)), rng.standard_normal((m, 32)) * 1.5 + 0.3
    by_features = frechet_distance(real, fake)
    a, b = GaussianStatistics.fit(real), GaussianStatistics.fit(fake)
    assert frechet_distance_from_statistics(a, b) == pytest.approx(by_features, rel=1e-12)
    bare = (gaussian(s.mean, s.covariance) for s in (a, b))
    assert frechet_distance_from_statistics(*bare) == pytest.approx(by_features, rel=1e-6)


def test_constant_features_are_points():
    real, fake = np.full((50, 6), 2.0), np.full((40, 6), -1.0)
    assert frechet_distance(real, fake) == pytest.approx(6 * 9, rel=1e-14)


def test_a_constant_set_misses_all_the_variance_of_the_other():
    real = np.random.default_rng(0).standard_normal((400, 6))
    expected = np.square(real.mean(0) - 1).sum() + real.var(axis=0, ddof=1).sum()
    assert frechet_distance(real, np.ones((30, 6))) == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(np.ones((30, 6)), real) == pytest.approx(expected, rel=1e-12)


def test_a_constant_column_does_no_harm():
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((400, 6)), rng.standard_normal((400, 6)) + 0.5
    without = frechet_distance(real, fake)
    real[:, 5] = fake[:, 5] = 7
    narrow = frechet_distance(real[:, :5], fake[:, :5])
    assert frechet_distance(real, fake) == pytest.approx(narrow, rel=1e-9)
    assert narrow != without


@pytest.mark.parametrize(("n", "d"), [(300, 16), (16, 300)])
def test_shrunk_variance_costs_the_square_of_what_is_missing(n, d):
    real = np.random.default_rng(1).standard_normal((n, d))
    centre = real.mean(0)
    expected = 0.49 * real.var(axis=0, ddof=1).sum()  # (1 - .3)^2 tr S
    assert frechet_distance(real, centre + 0.3 * (real - centre)) == pytest.approx(expected, rel=1e-10)


def test_collapse_to_half_the_modes_is_worse_than_noise():
    rng = np.random.default_rng(2)
    modes = rng.standard_normal((2, 10)) * 5
    real = modes[np.arange(1000) % 2] + rng.standard_normal((1000, 10))
    collapsed = modes[0] + rng.standard_normal((1000, 10))
    again = modes[np.arange(1000) % 2] + rng.standard_normal((1000, 10))
    assert frechet_distance(real, collapsed) > 100 * frechet_distance(real, again)


def test_duplicated_sets_change_the_covariance_by_its_divisor_alone():
    real = np.random.default_rng(3).standard_normal((100, 5))
    doubled = np.concatenate([real, real])
    shrink = 1 - np.sqrt(99 / 199 * 2)
    expected = shrink**2 * real.var(axis=0, ddof=1).sum()
    assert frechet_distance(real, doubled) == pytest.approx(expected, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n=st.integers(2, 40),
    m=st.integers(2, 40),
    d=st.integers(1, 30),
    scale=st.sampled_from([1e-6, 0.1, 1.0, 1e6]),
)
def test_swapping_moving_turning_and_scaling_do_what_geometry_says(seed, n, m, d, scale):
    rng = np.random.default_rng(seed)
    real, fake = rng.standard_normal((n, d)), rng.standard_normal((m, d)) * rng.uniform(0.2, 3) + rng.uniform(-1, 1)
    distance = frechet_distance(real, fake)
    turn, move = rotation(d, rng), rng.standard_normal(d)
    assert distance >= 0
    assert frechet_distance(fake, real) == pytest.approx(distance, rel=1e-6, abs=1e-9)
    assert frechet_distance(real @ turn + move, fake @ turn + move) == pytest.approx(distance, rel=1e-6, abs=1e-9)
    assert frechet_distance(scale * real, scale * fake) == pytest.approx(scale**2 * distance, rel=1e-6)


def test_float32_features_lose_nothing_to_their_mean():
    rng = np.random.default_rng(4)
    real = (rng.standard_normal((20000, 8)) + 300).astype(np.float32)
    fake = (rng.standard_normal((20000, 8)) + 300.01).astype(np.float32)
    expected = frechet_distance(real.astype(np.float64), fake.astype(np.float64))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


def test_arrays_and_tensors_read_only_or_not_give_the_same():
    rng = np.random.default_rng(6)
    real, fake = (rng.standard_normal((60, 5)).astype(np.float32) for _ in range(2))
    expected = frechet_distance(real, fake)
    real.setflags(write=False)
    assert frechet_distance(real, fake) == expected
    assert frechet_distance(torch.from_numpy(fake.copy()), torch.tensor(real, requires_grad=True)) == pytest.approx(
        expected, rel=1e-12
    )
    assert frechet_distance(np.asfortranarray(real), fake[::-1]) == pytest.approx(expected, rel=1e-12)


def test_the_inputs_are_left_alone():
    rng = np.random.default_rng(7)
    real, fake = rng.standard_normal((60, 5)), rng.standard_normal((60, 5))
    before = real.copy(), fake.copy()
    a, b = GaussianStatistics.fit(real), GaussianStatistics.fit(fake)
    covariances = a.covariance.copy(), b.covariance.copy()
    first = frechet_distance_from_statistics(a, b)
    assert frechet_distance_from_statistics(a, b) == first
    np.testing.assert_array_equal((real, fake), before)
    np.testing.assert_array_equal((a.covariance, b.covariance), covariances)


def test_the_factor_of_the_first_statistics_is_computed_once():
    rng = np.random.default_rng(8)
    a, b = (GaussianStatistics.fit(rng.standard_normal((60, 5))) for _ in range(2))
    frechet_distance_from_statistics(a, b)
    assert "cholesky" in vars(a)
    assert a.cholesky is vars(a)["cholesky"]


@pytest.mark.gpu
def test_cuda_tensors_give_the_same():
    rng = np.random.default_rng(9)
    real, fake = rng.standard_normal((60, 5)), rng.standard_normal((70, 5))
    on_gpu = frechet_distance(torch.from_numpy(real).cuda(), torch.from_numpy(fake).cuda())
    assert on_gpu == frechet_distance(real, fake)


GOOD = np.random.default_rng(0).standard_normal((9, 3))


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (GOOD[:1], GOOD, "real has one sample"),
        (GOOD, GOOD[:1], "fake has one sample"),
        (GOOD[:0], GOOD, r"real must be a matrix .* not of shape \(0, 3\)"),
        (GOOD, GOOD[:, :0], r"fake must be a matrix .* not of shape \(9, 0\)"),
        (GOOD, GOOD[0], r"fake must be a matrix .* not of shape \(3,\)"),
        (GOOD, GOOD[:, :2], "fake has 2 columns where real has 3"),
        (GOOD * [1, np.nan, 1], GOOD, r"real holds nan at \[0, 1\]"),
        (GOOD, GOOD * [1, 1, np.inf], r"fake holds -?inf at \[0, 2\]"),
        (GOOD * 1e100, GOOD, "overflow"),
        (GOOD * 1e160, GOOD[:2], "overflow"),
        (GOOD[:2] * 1e160, GOOD[:2], "overflow"),
    ],
)
def test_unusable_features_are_named(real, fake, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(real, fake)


def test_complex_features_are_refused():
    with pytest.raises(TypeError, match="fake must hold real numbers, not complex128"):
        frechet_distance(GOOD, GOOD.astype(complex))


def test_statistics_of_different_width_are_named():
    with pytest.raises(ValueError, match="fake has 2 columns where real has 3"):
        frechet_distance_from_statistics(GaussianStatistics.fit(GOOD), GaussianStatistics.fit(GOOD[:, :2]))


def few_directions(n, d, rank, seed):
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))
    return real, real + 1e-4 * rng.normal(size=real.shape)


@pytest.mark.parametrize(("n", "d", "rank"), [(201, 200, 100), (400, 60, 10), (500, 300, 40)])
def test_many_samples_of_few_directions_keep_their_digits(n, d, rank):
    """The distance is a billionth of the variances: it drowns in covariances, which are squares, and not in samples."""
    real, fake = few_directions(n, d, rank, seed=1)
    a, b = (np.linalg.qr((rows - rows.mean(0)) / np.sqrt(n - 1), mode="r") for rows in (real, fake))
    roots = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    expected = ((real.mean(0) - fake.mean(0)) ** 2).sum() + (a**2).sum() + (b**2).sum() - 2 * roots
    scale = (a**2).sum() * 1e-14  # what is left of float64 after the traces cancel
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-4, abs=100 * scale)
    assert frechet_distance(real, real) <= scale


def test_nearly_collinear_columns_keep_their_digits():
    rng = np.random.default_rng(0)
    income, other = 1e5 * rng.normal(size=200), rng.normal(size=200)
    real = np.stack([income, 1.37 * income, other], 1)
    fake = real.copy()
    fake[:, 1] += rng.normal(size=200)
    with mpmath.workdps(60):
        expected = float(exact_distance(*exact_moments(real), *exact_moments(fake)))
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("exponent", [-250, -272, 100])
def test_the_unit_of_the_features_does_not_matter(exponent):
    rng = np.random.default_rng(0)
    real, fake, unit = rng.normal(size=(60, 4)), rng.normal(size=(50, 4)) + 0.3, 2.0**exponent
    assert frechet_distance(real * unit, fake * unit) / unit**2 == pytest.approx(frechet_distance(real, fake), rel=1e-6)
