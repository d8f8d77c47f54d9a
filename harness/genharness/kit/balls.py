"""Which points of one set lie in the neighbour balls of another, counted exactly in tiles."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genharness.kit.tiles import (
    Points,
    TileBuffers,
    comparison_error,
    exact_distances,
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
    result = Overlap(
        torch.zeros(len(real.points), dtype=torch.float64, device=device),
        torch.zeros(len(fake.points), dtype=torch.bool, device=device),
        torch.zeros(len(real.points), dtype=torch.bool, device=device),
    )
    larger, width = max(len(real.points), len(fake.points)), real.points.rows.shape[1]
    buffers = TileBuffers(tile_side(larger, width, device), device)
    sides = [(dtype, _Side(real, dtype), _Side(fake, dtype)) for dtype in tile_types(width)]
    for i in real.points.blocks(buffers.side):
        for j in fake.points.blocks(buffers.side):
            in_real, in_fake = _memberships(sides, i, j, buffers, strict)
            weights = fake.points.counts[j].float()
            result.fakes_in_ball[i] += in_real.float() @ weights
            # The maximum of bytes is many times faster than `any`.
            result.fake_is_in[j] |= in_real.view(torch.uint8).amax(0).bool()
            result.real_is_in[i] |= in_fake.view(torch.uint8).amax(1).bool()
    return result


class _Side:
    """One set's balls in tiles of one type: its factors, its error, and thresholds that allow for rounding."""

    def __init__(self, balls: Balls, dtype: torch.dtype) -> None:
        squared = (balls.radii * balls.points.scale) ** 2
        self.balls = balls
        self.dtype = dtype
        self.error = balls.points.error(dtype)
        slack = self.error + comparison_error(squared, balls.points.rows.shape[1], dtype)
        self.low = squared - slack
        self.high = squared + slack
        self._left: tuple[int, Tensor] | None = None

    def left(self, i: Tensor, side: int) -> Tensor:
        """Return the left factor of a block, kept while the same one is asked for."""
        start = int(i[0])
        if self._left is None or self._left[0] != start:
            self._left = start, self.balls.points.block(i, side, self.dtype, left=True)
        return self._left[1]


def _memberships(
    sides: list[tuple[torch.dtype, _Side, _Side]], i: Tensor, j: Tensor, buffers: TileBuffers, strict: bool
) -> tuple[Tensor, Tensor]:
    """Return which fakes `j` lie in the balls of reals `i`, and the reverse, each bool `(len(i), len(j))`."""
    for dtype, real, fake in sides:
        right = fake.balls.points.block(j, buffers.side, dtype, left=False)
        tile = buffers.product(real.left(i, buffers.side), right)[: len(i), : len(j)]
        in_real, doubtful = _compare(tile, real, i, fake.error[j].max(), 1)
        in_fake, doubtful_too = _compare(tile, fake, j, real.error[i].max(), 0)
        if len(doubtful) + len(doubtful_too) <= _DOUBTFUL_SHARE * tile.numel():
            break
    _settle(in_real, doubtful, real.balls.radii[i[doubtful[:, 0]]], real, i, fake, j, strict)
    _settle(in_fake, doubtful_too, fake.balls.radii[j[doubtful_too[:, 1]]], real, i, fake, j, strict)
    return in_real, in_fake


def _compare(tile: Tensor, side: _Side, block: Tensor, margin: Tensor, across: int) -> tuple[Tensor, Tensor]:
    """Return what certainly lies inside, bool, and the pairs `(p, 2)` that rounding leaves open."""
    low = (side.low[block] - margin).to(tile.dtype).unsqueeze(across)
    high = (side.high[block] + margin).to(tile.dtype).unsqueeze(across)
    inside, possible = tile < low, tile <= high
    if torch.equal(inside.count_nonzero(), possible.count_nonzero()):
        return inside, torch.empty(0, 2, dtype=torch.int64, device=tile.device)
    return inside, possible.logical_xor_(inside).nonzero()


def _settle(
    inside: Tensor, pairs: Tensor, radii: Tensor, real: _Side, i: Tensor, fake: _Side, j: Tensor, strict: bool
) -> None:
    """Decide the open pairs by their exact distances."""
    if len(pairs) == 0:
        return
    row, column = pairs.T
    reals, fakes = real.balls.points, fake.balls.points
    exact = exact_distances(reals.rows, reals.first[i[row]], fakes.rows, fakes.first[j[column]])
    inside[row, column] = exact < radii if strict else exact <= radii
