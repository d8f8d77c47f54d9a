"""Which points of one set lie in the neighbour balls of another, counted exactly in tiles.

The idea. A ball around a_i of radius r_i holds b_j where ||a_i - b_j||^2 <= r_i^2. The tile's value t is known to lie
within e_i + e_j of the true square (see `tiles`), and c_i is how far rounding may move the threshold itself, so

    t < r_i^2 - (e_i + e_j + c_i)    the point is inside,
    t > r_i^2 + (e_i + e_j + c_i)    it is outside,

and what lies between is asked of `exact_distances`. The radius is such an exact distance too, of the pair that gave it:
a copy of the k-th neighbour lies on the sphere bit for bit, which is where strict and closed balls differ.

One tile of reals against fakes answers both questions: along its rows, which fakes lie in the reals' balls; along its
columns, which reals lie in the fakes'. Tiles are float32 first; one that leaves much open is made again in float64,
whose e is 2^-29 times as large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from genharness.functional.exact.small_entries import SmallEntries
from genharness.functional.exact.tiles import (
    Factors,
    Points,
    TileBuffers,
    comparison_error,
    exact_distances,
    tile_side,
    tile_types,
)
from genharness.functional.parallel import side_by_side

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
    # What the fastest type leaves open is rarely much, so that blocks of the others are made when they are needed.
    # A strip is one block of reals against all fakes: strips share nothing that is written, and are joined at the end.
    pairs = [
        _Sides(*(_Side(balls, dtype, buffers.side, keep=nth == 0) for balls in (real, fake)))
        for nth, dtype in enumerate(tile_types(width))
    ]
    strips = side_by_side(partial(_strip, pairs, buffers, strict), range(len(pairs[0].real.blocks)), device)
    return Overlap(
        torch.cat([part.fakes_in_ball for part in strips]),
        torch.stack([part.fake_is_in for part in strips]).any(0),
        torch.cat([part.real_is_in for part in strips]),
    )


class _Side:
    """One set's balls in tiles of one type: its blocks, its error, and thresholds that allow for rounding."""

    def __init__(self, balls: Balls, dtype: torch.dtype, side: int, *, keep: bool) -> None:
        squared = (balls.radii * balls.points.scale) ** 2
        self.balls = balls
        self.blocks = Factors(balls.points, dtype, side, keep=keep)
        self.error = balls.points.error(dtype)
        # e_i + c_i; the e_j of the other side is added tile by tile, as the largest of its block.
        slack = self.error + comparison_error(squared, balls.points.rows.shape[1], dtype)
        self.low = squared - slack
        self.high = squared + slack


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sets in tiles of one type."""

    real: _Side
    fake: _Side


def _strip(pairs: list[_Sides], buffers: TileBuffers, strict: bool, i: int) -> Overlap:
    """Return the overlap of the reals of block `i` with all fakes."""
    fakes, own = pairs[0].fake.blocks, pairs[0].real.blocks.positions[i]
    found = Overlap(
        torch.zeros(len(own), dtype=torch.float64, device=own.device),
        torch.zeros(len(fakes.points), dtype=torch.bool, device=own.device),
        torch.zeros(len(own), dtype=torch.bool, device=own.device),
    )
    for j, others in enumerate(fakes.positions):
        near_real, near_fake = _compare(pairs, i, j, buffers)
        real, fake = near_real.settled(strict)
        # Rows here are distinct ones: every fake counts as often as it occurs. Whether a point is in any ball does not
        # depend on how often.
        found.fakes_in_ball.index_add_(0, real, fakes.points.counts[others[fake]].double())
        found.fake_is_in[others[fake]] = True
        found.real_is_in[near_fake.settled(strict)[1]] = True
    return found


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


def _near(tile: Tensor, own: _Side, block: Tensor, other: _Side, others: Tensor, *, transposed: bool = False) -> _Near:
    # Bounds are rounded to the tile's type: `nextafter` makes up for it above, where no doubtful pair may be missed;
    # below, `comparison_error` has room for it. Rows of padding keep a limit of -inf, under which nothing lies.
    margin = other.error[others].max()
    limits = tile.new_full((tile.shape[1 if transposed else 0],), -math.inf)
    high = (own.high[block] + margin).to(tile.dtype)
    limits[: len(block)] = torch.nextafter(high, high.new_tensor(math.inf))
    ball, point, squared = SmallEntries(tile, limits, transposed=transposed).listed()
    return _Near(own, block, other, others, ball, point, squared < (own.low[block] - margin).to(tile.dtype)[ball])


def _compare(pairs: list[_Sides], i: int, j: int, buffers: TileBuffers) -> tuple[_Near, _Near]:
    """Return the fakes of block `j` in or near balls of the reals of block `i`, and these in or near balls of those."""
    for pair in pairs:
        real, fake = pair.real, pair.fake
        reals, fakes = real.blocks.positions[i], fake.blocks.positions[j]
        tile = buffers.distances(real.blocks[i], fake.blocks[j])
        near_real = _near(tile, real, reals, fake, fakes)
        near_fake = _near(tile, fake, fakes, real, reals, transposed=True)
        if near_real.doubtful + near_fake.doubtful <= _DOUBTFUL_SHARE * tile.numel():
            break  # few enough to be settled pair by pair; after the last type it is done so in any case
    return near_real, near_fake
