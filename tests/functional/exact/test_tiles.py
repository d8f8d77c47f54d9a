"""Tiles of squared distances: their error, their memory, and exact distances of chosen pairs."""

from __future__ import annotations

import math

import pytest
import torch

from feature_sets import gaussians
from genharness.functional.exact import tiles
from genharness.functional.prdc import nearest, prdc


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


def test_distances_are_correctly_rounded_roots():
    """Integers have exact squared distances, and IEEE 754 says what their roots are."""
    rows = torch.tensor([[float(i), float(j)] for i in range(60) for j in range(60)])
    origin = torch.zeros(len(rows), dtype=torch.int64)
    found = tiles.exact_distances(rows, torch.arange(len(rows)), rows, origin)
    assert found.tolist() == [math.sqrt(i * i + j * j) for i in range(60) for j in range(60)]
