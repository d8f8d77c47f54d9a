"""Nearest-neighbour radii, nearest rows, and precision, recall, density and coverage."""

from __future__ import annotations

import contextlib
import io
import math
import threading

import numpy as np
import prdc as reference_prdc
import pytest
import torch
from torch_fidelity.metric_prc import prc_features_to_metric

from genharness.kit import parallel, tiles
from genharness.kit.neighbours import PRDC, knn_radii, nearest, prdc

SCORES = ("precision", "recall", "density", "coverage")


def gaussians(n, m, d, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(dtype), (0.9 * rng.normal(size=(m, d)) + 0.1).astype(dtype)


def distances(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return np.sqrt(np.stack([((row - b) ** 2).sum(1) for row in a]))


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


def singular(rng, n, m):
    factor = rng.normal(size=(2, 40))
    return rng.normal(size=(n, 2)) @ factor, rng.normal(size=(m, 2)) @ factor


def duplicated(rng, n, m):
    rows = rng.normal(size=(n // 3, 33))
    return rows[rng.integers(0, len(rows), n)], rows[rng.integers(0, len(rows), m)] + 1e-3 * rng.integers(0, 2, (m, 1))


def copied(rng, n, m):
    real = rng.normal(size=(n, 20))
    return real, real[rng.integers(0, n, m)]


def far_clusters(rng, n, m):
    return tuple(rng.normal(size=(c, 10)) + 1e4 * rng.integers(0, 4, (c, 1)) for c in (n, m))


def jittered(rng, n, m):
    few = rng.normal(size=(5, 300))
    return tuple(few[rng.integers(0, 5, c)] * (1 + 1e-6 * rng.normal(size=(c, 300))) for c in (n, m))


def tiny(rng, n, m):
    return 1e-30 * rng.normal(size=(n, 5)), 1e-30 * rng.normal(size=(m, 5))


def outlier(rng, n, m):
    real, fake = rng.normal(size=(n, 30)), rng.normal(size=(m, 30))
    real[0] = 1e8
    return real, fake


def sorted_rows(rng, n, m):
    return np.sort(rng.normal(size=(n, 4)), 0), np.sort(rng.normal(size=(m, 4)), 0)


def constant(rng, n, m):
    return np.ones((n, 8)), np.ones((m, 8))


HARD = [singular, duplicated, copied, far_clusters, jittered, tiny, outlier, sorted_rows, constant]


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


def test_a_pair_has_one_distance_whatever_stands_around_it():
    rows = torch.randn(500, 77)
    order = torch.randperm(500)
    pairs = torch.arange(499)
    straight = tiles.exact_distances(rows, pairs, rows, pairs + 1)
    place = order.argsort()
    shuffled = tiles.exact_distances(rows[order], place[pairs + 1], rows[order], place[pairs])
    one_by_one = torch.cat([tiles.exact_distances(rows, i, rows, i + 1) for i in pairs.split(1)])
    assert torch.equal(straight, shuffled)
    assert torch.equal(straight, one_by_one)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("d", [1, 30, 700])
def test_tiles_err_by_no_more_than_their_bound(dtype, d):
    rows = torch.randn(64, d, dtype=torch.float64) + 100 * torch.randint(0, 2, (64, 1))
    points = tiles.Points.of(rows)
    block = points.block(torch.arange(64), dtype)
    tile = tiles.TileBuffers(64, rows.device).distances(block, block).double()
    a, b = points.first.repeat_interleave(64), points.first.repeat(64)
    exact = (points.scale * tiles.exact_distances(rows, a, rows, b)) ** 2
    error = points.error(dtype)
    assert ((tile - exact.view(64, 64)).abs() <= error[:, None] + error).all()


def test_answers_do_not_depend_on_the_size_of_tiles(monkeypatch):
    real, fake = gaussians(600, 500, 20)
    whole = prdc(real, fake), knn_radii(real, 5), nearest(fake, real, 2)[1]
    for module in ("selection", "balls"):
        monkeypatch.setattr(f"genharness.kit.{module}.tile_side", lambda n, d, device: 64)
    assert prdc(real, fake) == whole[0]
    assert torch.equal(knn_radii(real, 5), whole[1])
    assert torch.equal(nearest(fake, real, 2)[1], whole[2])


def test_tiles_shrink_to_what_memory_is_free(monkeypatch):
    class Free:
        available = 2**22

    monkeypatch.setattr(tiles.psutil, "virtual_memory", lambda: Free)
    side = tiles.tile_side(50_000, 64, torch.device("cpu"))
    assert 32 <= side < 200
    assert side % 32 == 0


def test_factors_are_kept_only_where_memory_allows_and_answers_are_the_same(monkeypatch):
    real, fake = gaussians(300, 280, 40)
    kept = prdc(real, fake), nearest(fake, real, 2)[1]
    points = tiles.Points.of(torch.from_numpy(real))
    whole = tiles.Factors(points, torch.float32, 64)
    monkeypatch.setattr(tiles, "_free_bytes", lambda device: 2**16)
    made = tiles.Factors(points, torch.float32, 64)
    assert whole._kept is not None
    assert made._kept is None
    for i in range(len(whole)):
        assert torch.equal(made[i].rows, whole[i].rows)
        assert torch.equal(made[i].norms, whole[i].norms)
    assert prdc(real, fake) == kept[0]
    assert torch.equal(nearest(fake, real, 2)[1], kept[1])


def test_the_last_block_is_filled_up_with_rows_at_infinity():
    points = tiles.Points.of(torch.randn(70, 5))
    blocks = tiles.Factors(points, torch.float32, 64)
    assert [len(blocks[i].rows) for i in range(len(blocks))] == [64, 32]
    tile = tiles.TileBuffers(64, points.rows.device).distances(blocks[0], blocks[1])
    assert tile[:, :6].isfinite().all()
    assert tile[:, 6:].isposinf().all()


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


def test_threads_change_neither_answers_nor_the_number_of_threads():
    real, fake = gaussians(1200, 1100, 20)
    before = torch.get_num_threads()
    try:
        answers = []
        for workers in (1, 3):
            parallel.use_workers(workers)
            answers.append((prdc(real, fake), knn_radii(real, 5).tolist(), nearest(fake, real, 2)[1].tolist()))
            assert torch.get_num_threads() == before
    finally:
        parallel.use_workers(None)
    assert answers[0] == answers[1]


def test_what_runs_side_by_side_starts_no_threads_of_its_own():
    cpu = torch.device("cpu")

    def inner(task):
        return threading.get_ident()

    def outer(task):
        return threading.get_ident(), parallel.side_by_side(inner, range(3), cpu), torch.get_num_threads()

    parallel.use_workers(2)
    try:
        for own, inside, threads in parallel.side_by_side(outer, range(4), cpu):
            assert inside == [own] * 3
            assert threads == 1
        assert threading.get_ident() not in parallel.side_by_side(inner, range(4), cpu)
    finally:
        parallel.use_workers(None)


def test_a_mistake_on_a_thread_is_raised():
    def fail(task):
        raise ZeroDivisionError(task)

    with pytest.raises(ZeroDivisionError, match="3"):
        parallel.side_by_side(fail, [3], torch.device("cpu"))


def test_distances_are_correctly_rounded_roots():
    """Integers have exact squared distances, and IEEE 754 says what their roots are."""
    rows = torch.tensor([[float(i), float(j)] for i in range(60) for j in range(60)])
    origin = torch.zeros(len(rows), dtype=torch.int64)
    found = tiles.exact_distances(rows, torch.arange(len(rows)), rows, origin)
    assert found.tolist() == [math.sqrt(i * i + j * j) for i in range(60) for j in range(60)]


def test_many_neighbours_are_found_in_parts(monkeypatch):
    real, fake = gaussians(150, 120, 3)
    real[:40] = real[0]
    whole = nearest(fake, real, 60)
    monkeypatch.setattr("genharness.kit.neighbours._EXPANDED", 60**2 * 7)
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
