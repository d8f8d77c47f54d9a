"""The largest ratio of a centre's radius to a point's distance from it, over all centres, from what tiles offer.

The idea is that of `closest`, in units of the centres' radii: the largest ratio r_i / D_ij is the smallest D_ij^2 f_i
with f_i = r_i^-2. The tile is scaled to lower bounds (t - e) f_i; the smallest of a column, moved up by 2 e f for the
largest f, bounds the point's smallest value from above. The few entries below that bound the value more tightly, each
with its own f, and what is left at the end gets exact distances.
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from genharness.functional.exact.small_entries import GROUP
from genharness.functional.exact.tiles import Points, exact_distances

__all__ = ["LargestRatio"]

_OUT = 1e30  # the scaled value of centres that do not count, beyond all others in float32 too


class LargestRatio:
    """The centres whose ratio may be the largest for the distinct points of another set.

    Args:
        own: The centres.
        radii: Float64 `(u,)`: their radii; those of 0 do not count, and cost least where they come last.
        other: The points.
    """

    def __init__(self, own: Points, radii: Tensor, other: Points) -> None:
        self._own, self._radii, self._other = own, radii, other
        self._factor = torch.where(radii > 0, ((radii * own.scale) ** -2).clamp(max=_OUT), 0.0)
        self._bound = torch.full((len(other),), math.inf, dtype=torch.float64, device=radii.device)
        self._offers: list[tuple[Tensor, Tensor, Tensor]] = []
        self._last = int((radii > 0).nonzero().max()) if bool((radii > 0).any()) else -1
        self._scale = cache(self._scale_of)  # one for each type of tile

    def _scale_of(self, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Return factor and shift that turn values into lower bounds, and by how much these may be too low."""
        error = self._own.error(dtype) + self._other.error(dtype).max()
        counts = self._factor > 0
        factor = torch.where(counts, self._factor, 1.0)
        shift = torch.where(counts, -factor * error, _OUT)
        return factor.to(dtype), shift.to(dtype), torch.where(counts, 2 * factor * error, 0.0)

    def counts_in(self, block: Tensor) -> bool:
        """Whether any of the centres of a block counts."""
        return int(block[0]) <= self._last

    def look(self, tile: Tensor, block: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the pairs of a tile that may be the largest ratio of their point: points, centres and lower bounds.

        Args:
            tile: Squared distances `(centres, points)`, padded, which are overwritten.
            block: Positions of its centres.
            others: Positions of its points.
        """
        factor, shift, low = self._scale(tile.dtype)
        shifts, factors = _padded(shift[block], tile), _padded(factor[block], tile)
        grouped = torch.addcmul(shifts[:, None], tile, factors[:, None], out=tile).view(GROUP, -1, tile.shape[1])
        minima = grouped.amin(0)[:, : len(others)]
        slack = 1 + 16 * torch.finfo(tile.dtype).eps  # of the multiplication and the addition
        loose = torch.minimum(self._bound[others], (minima.amin(0).double() + low[block].max()) * slack)
        limit = (loose * slack).clamp(max=_OUT / 10).to(tile.dtype)
        group, point = (minima <= limit).nonzero().T
        values = grouped[:, group, point]
        member, opened = (values <= limit[point]).nonzero().T
        point, centre = others[point[opened]], block[member * len(minima) + group[opened]]
        value = values[member, opened].double()
        self._bound.scatter_reduce_(0, point, (value + low[centre]) * slack, "amin")
        near = value <= self._bound[point] * slack
        return point[near], centre[near], value[near]

    def offer(self, pairs: tuple[Tensor, Tensor, Tensor]) -> None:
        """Keep points, centres and lower bounds, each `(pairs,)`."""
        self._offers.append(pairs)

    def settle(self) -> Tensor:
        """Return the largest ratio of every point, float64 `(other u,)`: infinite at a centre, 0 where none counts."""
        none = torch.zeros(0, dtype=torch.int64, device=self._bound.device), self._bound[:0]
        point, centre, lower = (torch.cat(column) for column in zip((none[0], *none), *self._offers, strict=True))
        left = lower <= self._bound[point] * (1 + 1e-5)
        point, centre = point[left], centre[left]
        exact = exact_distances(self._other.rows, self._other.first[point], self._own.rows, self._own.first[centre])
        return torch.zeros_like(self._bound).scatter_reduce_(0, point, self._radii[centre] / exact, "amax")


def _padded(values: Tensor, tile: Tensor) -> Tensor:
    return torch.cat([values, values.new_ones(len(tile) - len(values))])
