"""Nearest-neighbour radii, nearest rows, and precision, recall, density and coverage."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import prdc as reference_prdc
import pytest
import torch
from torch_fidelity.metric_prc import prc_features_to_metric

import dense_pass
from dense_pass import constant, copied, distances, duplicated, far_clusters, singular, tiny
from feature_sets import gaussians
from genharness.functional.prdc import PRDC, knn_radii, nearest, prdc

SCORES = ("precision", "recall", "density", "coverage")


def brute_radii(rows, k):
    table = distances(rows, rows)
    np.fill_diagonal(table, np.inf)
    return np.sort(table, 1)[:, k - 1]


def brute_prdc(real, fake, k, strict):
    within = np.less if strict else np.less_equal
    table = distances(real, fake)
    in_real = within(table, brute_radii(real, k)[:, None])
    in_fake = within(table, brute_radii(fake, k)[None])
    density = in_real.sum() / (k * len(fake))
    return in_real.any(0).mean(), in_fake.any(1).mean(), density, in_real.any(1).mean()


def counts(scores, n, m, k):
    """Turn scores back into the whole numbers that they are shares of."""
    values = [scores[name] if isinstance(scores, dict) else getattr(scores, name) for name in SCORES]
    whole = np.array(values) * [m, n, k * m, n]
    assert np.allclose(whole, whole.round(), atol=1e-6)
    return whole.round().astype(int).tolist()


def package_prdc(real, fake, k):
    with contextlib.redirect_stdout(io.StringIO()):
        # In float64, since the package rounds distances to the type of its input.
        return reference_prdc.compute_prdc(real.astype(np.float64), fake.astype(np.float64), k)


def fidelity_pr(real, fake, k, in_parts):
    options = {"prc_neighborhood": k, "prc_batch_size": 100, "save_cpu_ram": in_parts, "verbose": False}
    result = prc_features_to_metric(torch.from_numpy(fake).double(), torch.from_numpy(real).double(), **options)
    return result["precision"], result["recall"]


@pytest.mark.parametrize(("n", "m", "d", "k"), [(7, 9, 1, 1), (60, 45, 3, 5), (700, 500, 64, 5), (300, 900, 500, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_counts_equal_those_of_the_prdc_package(n, m, d, k, dtype):
    real, fake = gaussians(n, m, d, dtype=dtype)
    assert counts(prdc(real, fake, k), n, m, k) == counts(package_prdc(real, fake, k), n, m, k)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d"), [(6000, 64), (2500, 2048)])
def test_counts_equal_those_of_the_prdc_package_over_many_tiles(n, d):
    real, fake = gaussians(n, n - 300, d)
    assert counts(prdc(real, fake), n, n - 300, 5) == counts(package_prdc(real, fake, 5), n, n - 300, 5)


@pytest.mark.parametrize("k", [1, 3, 5, 9])
def test_counts_equal_those_of_the_prdc_package_on_a_grid_full_of_ties(k):
    rng = np.random.default_rng(k)
    real, fake = rng.integers(0, 3, (400, 4)).astype(np.float32), rng.integers(0, 3, (300, 4)).astype(np.float32)
    assert counts(prdc(real, fake, k), 400, 300, k) == counts(package_prdc(real, fake, k), 400, 300, k)


@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize("kind", ["gaussian", "grid"])
def test_closed_balls_agree_with_torch_fidelity(kind, in_parts):
    real, fake = gaussians(350, 250, 6)
    if kind == "grid":
        real, fake = real.round(), fake.round()
    ours = prdc(real, fake, 3, strict=False)
    assert (ours.precision, ours.recall) == pytest.approx(fidelity_pr(real, fake, 3, in_parts), abs=1e-7)


def sorted_rows(rng, n, m):
    return np.sort(rng.normal(size=(n, 4)), 0), np.sort(rng.normal(size=(m, 4)), 0)


HARD = [*dense_pass.HARD, sorted_rows]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("make", HARD)
def test_counts_are_those_of_every_distance_computed_in_float64(make, dtype, strict):
    real, fake = (rows.astype(dtype) for rows in make(np.random.default_rng(0), 330, 290))
    scores = prdc(real, fake, 4, strict)
    expected = dict(zip(SCORES, brute_prdc(real, fake, 4, strict), strict=True))
    assert counts(scores, 330, 290, 4) == counts(expected, 330, 290, 4)


@pytest.mark.parametrize("make", HARD)
def test_radii_are_exact(make):
    rows = make(np.random.default_rng(1), 330, 1)[0]
    np.testing.assert_allclose(knn_radii(rows, 3).numpy(), brute_radii(rows, 3), rtol=1e-12)


@pytest.mark.parametrize("make", [singular, duplicated, copied, far_clusters, tiny, sorted_rows, constant])
def test_nearest_rows_come_in_order_of_distance_and_ties_by_index(make):
    base, query = make(np.random.default_rng(2), 300, 120)
    table = distances(query, base)
    expected = np.argsort(table, 1, kind="stable")[:, :4]
    found, indices = nearest(query, base, 4)
    np.testing.assert_allclose(found.numpy(), np.take_along_axis(table, expected, 1), rtol=1e-12)
    assert (indices.numpy() == expected).all()


def test_answers_do_not_depend_on_the_size_of_tiles(monkeypatch):
    real, fake = gaussians(600, 500, 20)
    whole = prdc(real, fake), knn_radii(real, 5), nearest(fake, real, 2)[1]
    for module in ("search", "crossing"):
        monkeypatch.setattr(f"genharness.functional.exact.{module}.tile_side", lambda n, d, device: 64)
    assert prdc(real, fake) == whole[0]
    assert torch.equal(knn_radii(real, 5), whole[1])
    assert torch.equal(nearest(fake, real, 2)[1], whole[2])


def test_precision_of_matmul_is_neither_used_nor_changed():
    real, fake = gaussians(300, 300, 40)
    before = prdc(real, fake)
    torch.set_float32_matmul_precision("medium")
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert prdc(real, fake) == before
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision("highest")


def test_precision_set_through_a_backend_is_neither_used_nor_changed():
    matmul = torch.backends.cuda.matmul
    if not hasattr(matmul, "fp32_precision"):
        pytest.skip("this torch has no fp32_precision")
    real, fake = gaussians(300, 300, 40)
    before = prdc(real, fake)
    matmul.fp32_precision = "tf32"
    try:
        assert prdc(real, fake) == before
        assert matmul.fp32_precision == "tf32"
    finally:
        matmul.fp32_precision = "none"


def test_many_neighbours_are_found_in_parts(monkeypatch):
    real, fake = gaussians(150, 120, 3)
    real[:40] = real[0]
    whole = nearest(fake, real, 60)
    monkeypatch.setattr("genharness.functional.prdc._EXPANDED", 60**2 * 7)
    parts = nearest(fake, real, 60)
    assert torch.equal(whole[0], parts[0])
    assert torch.equal(whole[1], parts[1])


def test_known_real_radii_change_nothing():
    real, fake = gaussians(200, 200, 10)
    assert prdc(real, fake, 5, real_radii=knn_radii(real, 5).numpy()) == prdc(real, fake, 5)
    assert prdc(real, fake, 5, real_radii=knn_radii(real, 5)) == prdc(real, fake, 5)


def test_inputs_may_be_tensors_memory_maps_views_and_half_or_whole_numbers(tmp_path):
    real, fake = gaussians(100, 80, 6)
    real, fake = real.astype(np.float16), (10 * fake).astype(np.int64)
    np.save(tmp_path / "real.npy", real)
    mapped = np.load(tmp_path / "real.npy", mmap_mode="r")
    expected = prdc(real.astype(np.float64), fake.astype(np.float64))
    assert prdc(mapped, fake) == expected
    assert prdc(torch.from_numpy(real).requires_grad_(), torch.from_numpy(fake)) == expected
    assert prdc(np.asfortranarray(real), fake[::1]) == expected
    assert prdc(real.astype(">f4"), fake.tolist()) == expected


def test_inputs_are_left_as_they_were():
    real, fake = gaussians(100, 80, 6)
    kept = real.copy(), fake.copy()
    prdc(real, fake)
    nearest(fake, real, 3)
    assert (real == kept[0]).all()
    assert (fake == kept[1]).all()


def test_shrunken_fakes_are_precise_dense_and_cover_but_have_no_recall():
    real, fake = gaussians(1000, 1000, 64)
    scores = prdc(real, 0.3 * fake)
    assert scores.precision == 1
    assert scores.recall == 0
    assert scores.density > 50
    assert scores.coverage == 1


def test_swapping_the_arguments_swaps_precision_and_recall():
    real, fake = gaussians(400, 300, 8)
    one, other = prdc(real, 0.5 * fake), prdc(0.5 * fake, real)
    assert (one.precision, one.recall) == (other.recall, other.precision)
    assert one.precision != one.recall


def test_a_set_against_itself_scores_one():
    real, _ = gaussians(300, 1, 8)
    assert prdc(real, real) == PRDC(1.0, 1.0, 1.0, 1.0)


def test_far_apart_sets_score_zero():
    real, fake = gaussians(300, 200, 8)
    scores = prdc(real, fake + 100)
    assert scores == PRDC(0.0, 0.0, 0.0, 0.0)
    assert scores.f1 == 0


def test_f1_is_the_harmonic_mean():
    assert PRDC(0.5, 1.0, 1.0, 1.0).f1 == pytest.approx(2 / 3)


def test_a_fake_on_the_sphere_is_inside_closed_balls_only():
    # Neighbours lie 1 apart, so k = 1 gives every ball the radius 1; the fakes lie at distance 1 from the ends.
    real, fake = np.array([[0.0], [1.0]]), np.array([[-1.0], [2.0]])
    assert prdc(real, fake, 1, strict=True).precision == 0
    assert prdc(real, fake, 1, strict=False).precision == 1


def test_copies_are_neighbours_at_distance_zero():
    rows = np.array([[0.0], [0.0], [0.0], [5.0], [5.0]])
    assert knn_radii(rows, 1).tolist() == [0, 0, 0, 0, 0]
    assert knn_radii(rows, 2).tolist() == [0, 0, 0, 5, 5]


@pytest.mark.parametrize(
    ("real", "fake", "k", "message"),
    [
        (np.zeros((5, 2)), np.zeros((9, 2)), 5, "k = 5 neighbours need more than 5 rows in real, which has 5"),
        (np.zeros((9, 2)), np.zeros((1, 2)), 5, "k = 5 .* fake, which has 1"),
        (np.zeros((9, 2)), np.zeros((9, 3)), 5, "fake has 3 columns where real has 2"),
        (np.zeros((0, 2)), np.zeros((9, 2)), 5, r"real must be a matrix .* shape \(0, 2\)"),
        (np.zeros(9), np.zeros((9, 2)), 5, r"real must be a matrix .* shape \(9,\)"),
        (np.zeros((9, 2)), np.full((9, 2), np.nan), 5, r"fake holds nan at \[0, 0\]"),
        (np.array([[0.0, 1.0], [np.inf, 0]] * 5), np.zeros((9, 2)), 5, r"real holds inf at \[1, 0\]"),
        (np.zeros((9, 2)), np.zeros((9, 2)), 0, "k must be at least 1, not 0"),
        (np.full((9, 2), 1e30, np.float32) * np.arange(9)[:, None], np.zeros((9, 2)), 5, "their squares overflow"),
    ],
)
def test_bad_arguments_are_named_with_their_value(real, fake, k, message):
    with pytest.raises(ValueError, match=message):
        prdc(real.astype(np.float32), fake.astype(np.float32), k)


@pytest.mark.parametrize("k", [2.0, True, "3"])
def test_k_must_be_a_whole_number(k):
    with pytest.raises(TypeError, match="k must be a whole number"):
        knn_radii(np.zeros((9, 2)), k)


def test_complex_and_text_features_are_refused():
    with pytest.raises(TypeError, match="features must hold real numbers"):
        knn_radii(np.zeros((9, 2), complex), 1)
    with pytest.raises(TypeError, match="features must hold real numbers"):
        knn_radii(np.full((9, 2), "a"), 1)


def test_radii_of_the_wrong_length_are_refused():
    real, fake = gaussians(20, 20, 2)
    with pytest.raises(ValueError, match=r"real_radii must be \(20,\)"):
        prdc(real, fake, 5, real_radii=torch.zeros(19))


def test_more_neighbours_than_rows_are_refused():
    with pytest.raises(ValueError, match="k = 4 neighbours need at least 4 rows in base, which has 3"):
        nearest(np.zeros((2, 2)), np.zeros((3, 2)), 4)


@pytest.mark.gpu
@pytest.mark.parametrize("make", HARD)
def test_cuda_gives_the_same_answer(make):
    real, fake = (torch.from_numpy(rows) for rows in make(np.random.default_rng(0), 3000, 2500))
    assert prdc(real.cuda(), fake.cuda()) == prdc(real, fake)
    assert torch.equal(knn_radii(real.cuda(), 5).cpu(), knn_radii(real, 5))
    assert torch.equal(nearest(fake.cuda(), real.cuda(), 3)[1].cpu(), nearest(fake, real, 3)[1])
