"""Which points of one set lie in the neighbour balls of another, counted exactly in tiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from genharness.kit.entries import SmallEntries
from genharness.kit.tiles import (
    Points,
    TileBuffers,
    comparison_error,
    exact_distances,
    side_by_side,
    tile_side,
    tile_types,
)

__all__ = ["Balls", "Overlap", "overlap"]

_DOUBTFUL_SHARE = 1 / 64  # of a float32 tile: above it, a float64 tile costs less than settling pairs one by one


@dataclass(frozen=True, slots=True)
class Balls:
    """Balls around the distinct rows of a set.

    Attributes:
        points: The centres.
        radii: Float64 `(u,)`.
    """

    points: Points
    radii: Tensor


@dataclass(frozen=True, slots=True)
class Overlap:
    """What lies where, for the distinct rows of two sets.

    Attributes:
        fakes_in_ball: Float64 `(reals,)`: how many fakes, copies counted, lie in each real's ball.
        fake_is_in: Bool `(fakes,)`: whether a fake lies in any real's ball.
        real_is_in: Bool `(reals,)`: whether a real lies in any fake's ball.
    """

    fakes_in_ball: Tensor
    fake_is_in: Tensor
    real_is_in: Tensor


def overlap(real: Balls, fake: Balls, *, strict: bool) -> Overlap:
    """Count which points lie in which balls.

    Args:
        real: Balls around the reals.
        fake: Balls around the fakes, in the same frame.
        strict: Whether the balls are open.

    Returns:
        Counts for the distinct rows of both sets.
    """
    device = real.points.rows.device
    larger, width = max(len(real.points), len(fake.points)), real.points.rows.shape[1]
    buffers = TileBuffers(tile_side(larger, width, device), device)
    sides = [(_Side(real, dtype), _Side(fake, dtype)) for dtype in tile_types(width)]
    strips = side_by_side(partial(_strip, sides, buffers, strict), real.points.blocks(buffers.side), device)
    return Overlap(
        torch.cat([part.fakes_in_ball for part in strips]),
        torch.stack([part.fake_is_in for part in strips]).any(0),
        torch.cat([part.real_is_in for part in strips]),
    )


def _strip(sides: _Sides, buffers: TileBuffers, strict: bool, i: Tensor) -> Overlap:
    """Return the overlap of reals `i` with all fakes."""
    fakes = sides[0][1].balls.points
    found = Overlap(
        torch.zeros(len(i), dtype=torch.float64, device=i.device),
        torch.zeros(len(fakes), dtype=torch.bool, device=i.device),
        torch.zeros(len(i), dtype=torch.bool, device=i.device),
    )
    lefts: dict[torch.dtype, Tensor] = {}
    for j in fakes.blocks(buffers.side):
        near_real, near_fake = _compare(sides, i, j, lefts, buffers)
        real, fake = near_real.settled(strict)
        found.fakes_in_ball.index_add_(0, real, fakes.counts[j[fake]].double())
        found.fake_is_in[j[fake]] = True
        found.real_is_in[near_fake.settled(strict)[1]] = True
    return found


class _Side:
    """One set's balls in tiles of one type: its error, and thresholds that allow for rounding."""

    def __init__(self, balls: Balls, dtype: torch.dtype) -> None:
        squared = (balls.radii * balls.points.scale) ** 2
        self.balls = balls
        self.dtype = dtype
        self.error = balls.points.error(dtype)
        slack = self.error + comparison_error(squared, balls.points.rows.shape[1], dtype)
        self.low = squared - slack
        self.high = squared + slack


@dataclass(frozen=True, slots=True)
class _Near:
    """Pairs of a ball of one block and a point of another, inside for certain or within rounding of the sphere."""

    own: _Side
    block: Tensor
    other: _Side
    others: Tensor
    ball: Tensor
    point: Tensor
    inside: Tensor

    @property
    def doubtful(self) -> int:
        """How many pairs rounding leaves open."""
        return len(self.inside) - int(self.inside.count_nonzero())

    def settled(self, strict: bool) -> tuple[Tensor, Tensor]:
        """Return balls and points `(pairs,)`, counted within their blocks, once exact distances have decided."""
        open_pairs = (~self.inside).nonzero()[:, 0]
        if len(open_pairs):
            own, other = self.own.balls, self.other.balls.points
            ball, point = self.block[self.ball[open_pairs]], self.others[self.point[open_pairs]]
            exact = exact_distances(own.points.rows, own.points.first[ball], other.rows, other.first[point])
            radii = own.radii[ball]
            self.inside[open_pairs] = exact < radii if strict else exact <= radii
        return self.ball[self.inside], self.point[self.inside]


def _near(
    tile: Tensor, own: _Side, block: Tensor, other: _Side, others: Tensor, *, transposed: bool = False
) -> _Near:
    margin = other.error[others].max()
    limits = tile.new_full((tile.shape[1 if transposed else 0],), -math.inf)
    high = (own.high[block] + margin).to(tile.dtype)
    limits[: len(block)] = torch.nextafter(high, high.new_tensor(math.inf))
    ball, point, squared = SmallEntries(tile, limits, transposed=transposed).listed()
    return _Near(own, block, other, others, ball, point, squared < (own.low[block] - margin).to(tile.dtype)[ball])


_Sides = list[tuple[_Side, _Side]]
"""The reals' and the fakes', for each type of tile, the fastest first."""


def _compare(
    sides: _Sides, i: Tensor, j: Tensor, lefts: dict[torch.dtype, Tensor], buffers: TileBuffers
) -> tuple[_Near, _Near]:
    """Return the fakes `j` in or near balls of the reals `i`, and these in or near balls of those."""
    for real, fake in sides:
        if real.dtype not in lefts:
            lefts[real.dtype] = real.balls.points.block(i, 32 * math.ceil(len(i) / 32), real.dtype, left=True)
        right = fake.balls.points.block(j, buffers.side, fake.dtype, left=False)
        tile = buffers.product(lefts[real.dtype], right)
        near_real = _near(tile, real, i, fake, j)
        near_fake = _near(tile, fake, j, real, i, transposed=True)
        if near_real.doubtful + near_fake.doubtful <= _DOUBTFUL_SHARE * tile.numel():
            break
    return near_real, near_fake
