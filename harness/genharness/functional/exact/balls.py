"""Which points of a tile lie in the neighbour balls of the other side, settled exactly.

The idea. A ball around a_i of radius r_i holds b_j where ||a_i - b_j||^2 <= r_i^2. The tile's value t is known to lie
within e_i + e_j of the true square (see `tiles`), and c_i is how far rounding may move the threshold itself, so

    t < r_i^2 - (e_i + e_j + c_i)    the point is inside,
    t > r_i^2 + (e_i + e_j + c_i)    it is outside,

and what lies between is asked of `exact_distances`. The radius is such an exact distance too, of the pair that gave it:
a copy of the k-th neighbour lies on the sphere bit for bit, which is where strict and closed balls differ.

A centre may have several balls: the largest one lists the pairs, and each is compared with every radius. In the same
list the nearest point of every centre is looked for: whatever lies within 2 e of the smallest value so far.

One tile of reals against fakes answers both questions: along its rows, which fakes lie in the reals' balls; along its
columns, which reals lie in the fakes'. Tiles are float32 first; one that leaves much open is made again in float64,
whose e is 2^-29 times as large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genharness.functional.exact.closest import Closest
from genharness.functional.exact.small_entries import SmallEntries
from genharness.functional.exact.tiles import Factors, Points, comparison_error, exact_distances

__all__ = ["Balls", "BallsInTiles", "Near", "near", "settled"]


@dataclass(frozen=True, slots=True)
class Balls:
    """Balls of one or several radii around the distinct rows of a set.

    Attributes:
        points: The centres.
        radii: Float64 `(u, radii)`, exact distances or infinite.
        closed: For each radius whether a point on the sphere is inside.
        counts: `(u,)` how often the balls of each centre count; None: as often as it occurs.
    """

    points: Points
    radii: Tensor
    closed: tuple[bool, ...]
    counts: Tensor | None = None

    @property
    def weight(self) -> Tensor:
        """How often the balls of each centre count, float64 `(u,)`."""
        return (self.points.counts if self.counts is None else self.counts).double()


class BallsInTiles:
    """Balls in tiles of one type: the blocks of their centres, their error, thresholds that allow for rounding.

    Args:
        balls: The balls.
        dtype: Type of the tiles.
        blocks: The centres' blocks of that type.
    """

    def __init__(self, balls: Balls, dtype: torch.dtype, blocks: Factors) -> None:
        squared = (balls.radii * balls.points.scale) ** 2
        self.balls = balls
        self.blocks = blocks
        self.error = balls.points.error(dtype)
        # e_i + c_i; the e_j of the other side is added tile by tile, as the largest of its block.
        slack = self.error[:, None] + comparison_error(squared, balls.points.rows.shape[1], dtype)
        self.low = torch.where(squared.isinf(), squared, squared - slack)
        self.high = squared + slack
        self.reach = self.high.amax(1)


@dataclass(frozen=True, slots=True)
class Near:
    """Pairs of a centre and a point, certainly or perhaps in one of the centre's balls.

    Attributes:
        centre: `(pairs,)` positions of the centres.
        point: `(pairs,)` positions of the points.
        inside: Bool `(pairs, radii)`: certainly inside.
        open: Bool `(pairs, radii)`: left open by rounding.
        candidates: Pairs that may be a centre's nearest, and a lower bound on their squares.
        doubtful: How many pairs need an exact distance that others do not.
    """

    centre: Tensor
    point: Tensor
    inside: Tensor
    open: Tensor
    candidates: tuple[Tensor, Tensor, Tensor] | None
    doubtful: int


def settled(own: Balls, other: Points, found: Sequence[Near]) -> tuple[Tensor, Tensor, Tensor]:
    """Return centres and points `(pairs,)` and, bool `(pairs, radii)`, which of the centre's balls hold the point."""
    centre, point, inside, left_open = (
        torch.cat([getattr(one, name) for one in found]) for name in ("centre", "point", "inside", "open")
    )
    left = left_open.any(1).nonzero()[:, 0]
    exact = exact_distances(own.points.rows, own.points.first[centre[left]], other.rows, other.first[point[left]])
    radii, closed = own.radii[centre[left]], torch.tensor(own.closed, device=left.device)
    within = (exact[:, None] < radii) | ((exact[:, None] == radii) & closed)
    inside[left] |= left_open[left] & within
    return centre, point, inside


def near(
    tile: Tensor,
    own: BallsInTiles,
    block: Tensor,
    other: BallsInTiles,
    others: Tensor,
    minima: Tensor,
    closest: Closest | None = None,
    *,
    transposed: bool = False,
) -> Near:
    """Return the pairs of a tile that balls hold or may hold.

    Args:
        tile: Squared distances of the centres at `block` to the points at `others`, `(centres, points)`, padded.
        own: The balls.
        block: Positions of the tile's centres.
        other: The other side.
        others: Positions of the tile's points.
        minima: `group_minima` of the tile in this direction.
        closest: Takes part where the nearest point of every centre is looked for.
        transposed: Whether the tile is `(points, centres)`.
    """
    margin = other.error[others].max()
    reach, candidates, idle = own.reach[block] + margin, None, 0
    if closest is not None:
        doubt = own.error[block] + margin
        nearest = closest.limit(block, minima.amin(1)[: len(block)].double(), doubt, tile.dtype)
        reach = torch.maximum(reach, nearest)
    # Bounds are rounded to the tile's type: `nextafter` makes up for it above, where no doubtful pair may be missed;
    # below, `comparison_error` has room for it. Rows of padding keep a limit of -inf, under which nothing lies.
    limits = tile.new_full((len(minima),), -math.inf)
    limits[: len(block)] = _above(reach, tile)
    centre, point, squared = SmallEntries(tile, limits, transposed=transposed, minima=minima).listed()
    value = squared[:, None]
    inside = value < (own.low[block] - margin).to(tile.dtype)[centre]
    left_open = (value < _above(own.high[block] + margin, tile)[centre]) & ~inside
    if closest is not None:
        perhaps = (squared < _above(nearest, tile)[centre]).nonzero()[:, 0]
        lower = squared[perhaps].double() - doubt[centre[perhaps]]
        candidates = block[centre[perhaps]], others[point[perhaps]], lower
        idle = max(0, len(perhaps) - len(block))
    doubtful = idle + int(left_open.any(1).count_nonzero())
    return Near(block[centre], others[point], inside, left_open, candidates, doubtful)


def _above(bounds: Tensor, tile: Tensor) -> Tensor:
    bounds = bounds.to(tile.dtype)
    return torch.nextafter(bounds, bounds.new_tensor(math.inf))
