"""The nearest point of another set for every centre, from what tiles offer.

The idea. After a tile whose smallest value in the row of centre i is t, its nearest point lies within t + e, so that
whatever has a value above t + 2 e is not it. The few pairs that pass are kept; at the end those that the last and best
bound leaves get exact distances, and the smallest of these, ties by lowest row, is the nearest.

One number a row is thus kept of what tiles have shown, where the search for k neighbours (`search`) sorts candidates.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genharness.functional.exact.small_entries import SmallEntries, group_minima
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

__all__ = ["Closest", "closest_of_few"]

_OFFERS = 16
"""Candidates for each centre on average; where there are more, distances are alike within rounding."""


class Closest:
    """The points that may be nearest to the distinct rows of a set.

    Args:
        own: The centres.
        other: The points.
    """

    def __init__(self, own: Points, other: Points) -> None:
        self._own, self._other = own, other
        self._bound = torch.full((len(own),), math.inf, dtype=torch.float64, device=own.rows.device)
        self._offers: list[tuple[Tensor, Tensor, Tensor]] = []

    def limit(self, block: Tensor, least: Tensor, doubt: Tensor, dtype: torch.dtype) -> Tensor:
        """Return the values `(n,)` up to which a pair of a tile may be the nearest of its centre.

        Args:
            block: `(n,)` positions of the centres.
            least: `(n,)` the smallest value of each in the tile.
            doubt: `(n,)` how far values may be off.
            dtype: Type of the tile.
        """
        doubt = doubt + comparison_error(least.abs() + doubt, self._own.rows.shape[1], dtype)
        # Two threads may write a bound at a time: the looser one costs a few candidates more, and no answer.
        bound = torch.minimum(self._bound[block], least + doubt)
        self._bound[block] = bound
        return bound + doubt

    @property
    def many(self) -> bool:
        """Whether so many pairs were kept that they are not to be settled one by one."""
        return sum(len(pairs[0]) for pairs in self._offers) > _OFFERS * len(self._own)

    def offer(self, pairs: tuple[Tensor, Tensor, Tensor]) -> None:
        """Keep centres, points and lower bounds on their squares, each `(pairs,)`."""
        if len(pairs[0]):
            self._offers.append(pairs)

    def settle(self) -> tuple[Tensor, Tensor]:
        """Return the distance, float64, and the position of the nearest point of every centre, each `(u,)`."""
        centre, point, lower = (torch.cat(column) for column in zip(*self._offers, strict=True))
        left = lower <= self._bound[centre]
        centre, point = centre[left], point[left]
        exact = exact_distances(self._own.rows, self._own.first[centre], self._other.rows, self._other.first[point])
        distance = torch.full_like(self._bound, math.inf).scatter_reduce_(0, centre, exact, "amin")
        ties = exact == distance[centre]
        rows = self._other.first[point[ties]]
        first = torch.full_like(centre[:1].expand(len(distance)), len(self._other.rows)).contiguous()
        first.scatter_reduce_(0, centre[ties], rows, "amin")
        return distance, self._other.place[first]


def closest_of_few(query: Points, base: Points) -> tuple[Tensor, Tensor] | None:
    """Return what `Closest.settle` gives of every distinct row of `query`, or None where too many rows are as near.

    Args:
        query: The centres.
        base: The points, in one frame with `query`; where it is `query`, a row is not its own neighbour.
    """
    width, device = base.rows.shape[1], base.rows.device
    dtype = tile_types(width)[0]
    side = tile_side(max(len(query), len(base)), width, device)
    found, buffers = Closest(query, base), TileBuffers(side, device)
    blocks, errors = Factors(base, dtype, side, keep=len(query) > side), query.error(dtype) + base.error(dtype).max()

    def search(rows: Tensor) -> None:
        centres, doubt = query.block(rows, dtype), errors[rows]
        for j, columns in enumerate(blocks.positions):
            if found.many:
                return
            tile = buffers.distances(centres, blocks[j])
            if query is base and columns[0] == rows[0]:
                tile.fill_diagonal_(math.inf)
            found.offer(_near_the_least(tile, found, rows, int(columns[0]), doubt))

    blocks_of_centres = torch.arange(len(query), device=device).split(side)
    side_by_side(search, blocks_of_centres, device, products=len(query) * len(base) * width)
    return None if found.many else found.settle()


def _near_the_least(
    tile: Tensor, found: Closest, rows: Tensor, column: int, doubt: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pairs of a tile that may be nearest, as `Closest.offer` takes them."""
    minima = group_minima(tile)
    limit = found.limit(rows, minima[: len(rows)].amin(1).double(), doubt, tile.dtype)
    limits = torch.full((len(tile),), -math.inf, dtype=tile.dtype, device=tile.device)  # of padding: nothing is smaller
    limits[: len(rows)] = limit
    limits = limits.nextafter(limits.new_tensor(math.inf))  # what equals the limit is within it
    row, point, values = SmallEntries(tile, limits, minima=minima).listed()
    return rows[row], point + column, values.double() - doubt[row]
