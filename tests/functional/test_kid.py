"""Kernel Inception Distance: torch-fidelity's numbers, from the definition, whichever way it is computed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genharness.errors import NotDefinedError
from genharness.functional import kid as mmd
from genharness.functional.kid import kid, unbiased_mmd2


def features(n, m, d, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    real, fake = rng.standard_normal((n, d)), rng.standard_normal((m, d)) * 1.2 + 0.2
    return real.astype(dtype), fake.astype(dtype)


def by_torch_fidelity(real, fake, subsets, size, seed=2020):
    peer = pytest.importorskip("torch_fidelity.metric_kid")
    result = peer.kid_features_to_metric(
        torch.from_numpy(fake),  # its first input is the generated set
        torch.from_numpy(real),
        kid_subsets=subsets,
        kid_subset_size=size,
        kid_kernel="poly",
        kid_kernel_poly_degree=3,
        kid_kernel_poly_gamma=None,
        kid_kernel_poly_coef0=1,
        rng_seed=seed,
        verbose=False,
    )
    return result[peer.KEY_METRIC_KID_MEAN], result[peer.KEY_METRIC_KID_STD]


def by_definition(x, y):
    def k(p, q):
        return (p @ q / len(p) + 1) ** 3

    xs = [k(p, q) for i, p in enumerate(x) for j, q in enumerate(x) if i != j]
    ys = [k(p, q) for i, p in enumerate(y) for j, q in enumerate(y) if i != j]
    return np.mean(xs) + np.mean(ys) - 2 * np.mean([k(p, q) for p in x for q in y])


@pytest.mark.parametrize("d", [2, 64, 513])
@pytest.mark.parametrize(
    ("n", "m", "subsets", "size"),
    [(60, 60, 20, 60), (60, 90, 20, 50), (300, 300, 100, 20), (300, 200, 40, 150), (500, 40, 3, 2), (200, 90, 1, 90)],
)
def test_torch_fidelity_agrees(n, m, d, subsets, size):
    real, fake = features(n, m, d)
    mean, std = by_torch_fidelity(real, fake, subsets, size)
    ours = kid(real, fake, subsets=subsets, subset_size=size)
    assert ours.mean == pytest.approx(mean, rel=1e-9)
    assert ours.std == pytest.approx(std, rel=1e-6, abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d"), [(1000, 2048), (5000, 2048), (20000, 64), (32768, 2048)])
def test_torch_fidelity_agrees_on_many_samples(n, d):
    real, fake = features(n, n, d, np.float32)
    mean, std = by_torch_fidelity(real.astype(np.float64), fake.astype(np.float64), 10, 1000)
    ours = kid(real, fake, subsets=10)
    assert ours.mean == pytest.approx(mean, rel=1e-6)
    assert ours.std == pytest.approx(std, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("offset", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("size", [100, 1000])
def test_float32_features_keep_seven_digits_of_the_kernel(size, offset):
    real, fake = (rows + np.float32(offset) for rows in features(1500, 1500, 32, np.float32))
    single, double = kid(real, fake, subset_size=size), kid(real.astype(float), fake.astype(float), subset_size=size)
    assert single.mean == pytest.approx(double.mean, rel=1e-6)


@pytest.mark.parametrize("seed", [0, 7])
def test_another_seed_draws_torch_fidelitys_other_subsets(seed):
    real, fake = features(300, 300, 8)
    expected, _ = by_torch_fidelity(real, fake, 5, 30, seed)
    assert kid(real, fake, subsets=5, subset_size=30, seed=seed).mean == pytest.approx(expected, rel=1e-9)
    assert kid(real, fake, subsets=5, subset_size=30, seed=seed + 1).mean != pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 9), (13, 5), (12, 30)])
def test_all_samples_give_the_definition(n, m):
    real, fake = features(n, m, 3)
    assert unbiased_mmd2(real, fake) == pytest.approx(by_definition(real, fake), rel=1e-10)


@pytest.mark.parametrize("tile", [(1, 1), (7, 13), (16, 64), (49, 3)])
def test_tiles_do_not_show_in_the_result(monkeypatch, tile):
    real, fake = features(50, 31, 6)
    whole = kid(real, fake, subsets=9, subset_size=28), unbiased_mmd2(real, fake)
    monkeypatch.setitem(mmd._TILE, "cpu", tile)
    cut = kid(real, fake, subsets=9, subset_size=28), unbiased_mmd2(real, fake)
    assert cut[0].mean == pytest.approx(whole[0].mean, rel=1e-12)
    assert cut[0].std == pytest.approx(whole[0].std, rel=1e-9)
    assert cut[1] == pytest.approx(whole[1], rel=1e-12)


@pytest.mark.parametrize("most", [1, 4, 30])
def test_batches_of_subsets_do_not_show_in_the_result(monkeypatch, most):
    real, fake = features(150, 101, 6)
    whole = kid(real, fake, subsets=30, subset_size=60)
    monkeypatch.setattr(mmd, "_WEIGHT_BYTES", most * 8 * (150 + 101))
    batched = kid(real, fake, subsets=30, subset_size=60)
    assert (batched.mean, batched.std) == (pytest.approx(whole.mean, rel=1e-12), pytest.approx(whole.std, rel=1e-9))


def test_subsets_are_as_large_as_the_smaller_set():
    real, fake = features(300, 120, 4)
    ours = kid(real, fake)
    assert ours.subset_size == 120
    assert ours.mean == pytest.approx(by_torch_fidelity(real, fake, 100, 120)[0], rel=1e-9)


def test_samples_of_one_distribution_score_about_0():
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, 2000, 16))
    ours = kid(real, fake, subset_size=200)
    assert abs(ours.mean) < 3 * ours.std / np.sqrt(2000 / 200)
    assert abs(unbiased_mmd2(real, fake)) < 1e-2


def test_a_shift_of_the_linear_kernel_part_is_seen_at_its_size():
    # E k(x, y) for independent x, y of means p, q and unit covariance, odd moments gone: third moment of (x'y/d + 1)
    rng = np.random.default_rng(1)
    d, shift = 10, 0.8
    real, fake = rng.standard_normal((6000, d)), rng.standard_normal((6000, d)) + shift

    def expected_kernel(p, q):
        mean = p @ q / d + 1
        variance = (d + p @ p + q @ q) / d**2
        third = 6 * (p @ q) / d**3
        return mean**3 + 3 * mean * variance + third

    p, q = np.zeros(d), np.full(d, shift)
    expected = expected_kernel(p, p) + expected_kernel(q, q) - 2 * expected_kernel(p, q)
    assert unbiased_mmd2(real, fake) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("scale", [0.3, 0.0])
def test_shrunk_variance_is_seen(scale):
    rng = np.random.default_rng(2)
    real, same = rng.standard_normal((2, 1000, 8))
    assert unbiased_mmd2(real, scale * same) > 20 * abs(unbiased_mmd2(real, same))


def test_constant_features_differ_by_their_kernels():
    real, fake = np.full((20, 4), 1.0), np.full((30, 4), 2.0)
    assert unbiased_mmd2(real, fake) == pytest.approx(2**3 + 5**3 - 2 * 3**3, rel=1e-14)
    assert kid(real, real).mean == kid(real, real).std == 0


def test_a_set_against_itself_is_below_0_because_its_pairs_are_not_independent():
    real, _ = features(40, 2, 5)
    assert unbiased_mmd2(real, real) == pytest.approx(by_definition(real, real), rel=1e-10)
    assert unbiased_mmd2(real, real) < 0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16), n=st.integers(2, 30), m=st.integers(2, 30), d=st.integers(1, 20))
def test_order_of_sets_and_of_samples_and_axes_do_not_matter(seed, n, m, d):
    real, fake = features(n, m, d, seed=seed)
    rng = np.random.default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((d, d)))[0]
    value = unbiased_mmd2(real, fake)
    assert unbiased_mmd2(fake, real) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert unbiased_mmd2(rng.permutation(real) @ turn, fake @ turn) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_tensors_mixed_types_and_whole_numbers_are_taken():
    real, fake = features(50, 60, 4, np.float32)
    expected = kid(real, fake, subsets=5)
    assert kid(torch.from_numpy(real), torch.tensor(fake, requires_grad=True), subsets=5) == expected
    assert kid(real.astype(np.float64), fake, subsets=5).mean == pytest.approx(expected.mean, rel=1e-5)
    assert unbiased_mmd2(np.eye(3, dtype=int), np.eye(3)) == unbiased_mmd2(np.eye(3), np.eye(3))


def test_a_lowered_matmul_precision_is_not_used_and_is_left_as_it_was():
    real, fake = features(400, 400, 64, np.float32)
    expected = unbiased_mmd2(real, fake)
    torch.set_float32_matmul_precision("medium")
    try:
        assert unbiased_mmd2(real, fake) == expected
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


@pytest.mark.gpu
@pytest.mark.parametrize("size", [50, 1000])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cuda_gives_the_same(dtype, size):
    real, fake = features(1500, 1200, 64, dtype)
    on_gpu = kid(torch.from_numpy(real).cuda(), torch.from_numpy(fake).cuda(), subset_size=size)
    on_cpu = kid(real, fake, subset_size=size)
    assert on_gpu.mean == pytest.approx(on_cpu.mean, rel=1e-6)
    assert on_gpu.std == pytest.approx(on_cpu.std, rel=1e-4)


GOOD = features(9, 9, 3)[0]


@pytest.mark.parametrize("score", [kid, unbiased_mmd2])
@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (GOOD[:1], GOOD, "real has one sample"),
        (GOOD, GOOD[:1], "fake has one sample"),
        (GOOD[:0], GOOD, "real must be a matrix"),
        (GOOD, GOOD[0], "fake must be a matrix"),
        (GOOD, GOOD[:, :2], "fake has 2 columns where real has 3"),
        (GOOD * [1, np.nan, 1], GOOD, r"real holds nan at \[0, 1\]"),
        (GOOD, GOOD * [1, 1, np.inf], r"fake holds -?inf at \[0, 2\]"),
        (GOOD * 1e60, GOOD, "overflow"),
    ],
)
def test_unusable_features_are_named(score, real, fake, message):
    with pytest.raises(ValueError, match=message):
        score(real, fake)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"subsets": 0}, "subsets must be at least 1, not 0"), ({"subset_size": 1}, "subset_size must be at least 2")],
)
def test_numbers_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        kid(GOOD, GOOD, **options)


@pytest.mark.parametrize("score", [kid, unbiased_mmd2])
def test_what_overflows_float32_is_scored_in_float64(score):
    real, fake = GOOD.astype(np.float32) * np.float32(1e10), GOOD.astype(np.float32)
    assert score(real, fake) == score(real.astype(np.float64), fake.astype(np.float64))


@pytest.mark.parametrize("offset", [0.0, 100.0, 1000.0])
def test_features_far_from_the_origin_keep_their_digits(offset):
    real, fake = (rows + np.float32(offset) for rows in features(500, 500, 16, np.float32))
    whole = kid(real.astype(np.float64), fake.astype(np.float64), subsets=2, subset_size=500)
    assert kid(real, fake, subsets=2, subset_size=500).mean == pytest.approx(whole.mean, rel=1e-4)


def test_a_deviation_that_overflows_is_refused():
    real, fake = features(40, 40, 4)
    with pytest.raises(ValueError, match="kernel overflows"):
        kid(real * 1e30, fake * 1e30, subsets=3, subset_size=20)


@pytest.mark.parametrize("score", [kid, unbiased_mmd2])
def test_what_drowns_in_the_rounding_of_float64_is_refused(score):
    real, fake = features(60, 60, 4)
    for offset in (1e10, 1e12, 1e15):
        with pytest.raises(NotDefinedError, match="far from 0 that the kernel's rounding is more than the score"):
            score(real + offset, fake * 3 + offset)


def test_points_that_are_all_one_are_at_no_distance_however_far():
    there = np.full((5, 2), 1e12)
    assert kid(there, there).mean == 0
