"""The nearest point of another set for every centre, from what tiles offer.

The idea. After a tile whose smallest value in the row of centre i is t, its nearest point lies within t + e, so that
whatever has a value above t + 2 e is not it. The few pairs that pass are kept; at the end those that the last and best
bound leaves get exact distances, and the smallest of these, ties by lowest row, is the nearest.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genharness.functional.exact.tiles import Points, comparison_error, exact_distances

__all__ = ["Closest"]


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
