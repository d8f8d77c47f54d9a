"""A table's own units, and the standardised ones that it is prepared in: (value - offset) / scale, a column each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.images.stored.whole import less

__all__ = ["Moments", "Units"]

_MOST = 0.8
"""Share of the columns that must look so."""


@dataclass(frozen=True, slots=True)
class Units:
    """How the columns of a table were standardised.

    Attributes:
        offsets: What was taken off each column, such as its mean; of columns with an origin, after that.
        scales: What each was divided by, such as its standard deviation; above 0.
        origins: Whole numbers beyond what float64 holds that columns are counted from, 0 for others; empty for none.
    """

    offsets: tuple[float, ...]
    scales: tuple[float, ...]
    origins: tuple[int, ...] = ()

    @classmethod
    def of(cls, offsets: Sequence[float], scales: Sequence[float], origins: Sequence[int] = ()) -> Units | None:
        """Return the units of columns, None where none are known."""
        return cls(tuple(map(float, offsets)), tuple(map(float, scales)), tuple(origins)) if len(offsets) else None

    def standardised(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Return rows `(n, d)` in their own units as the prepared data has them."""
        origins = {place: origin for place, origin in enumerate(self.origins) if origin}
        own = less(rows, origins) if origins else np.asarray(rows, np.float64)
        scaled: NDArray[np.float64] = (own - self.offsets) / self.scales
        return scaled

    def raw(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Return standardised rows `(n, d)` in their own units, rounded where they are beyond what float64 holds."""
        own: NDArray[np.float64] = np.asarray(rows, np.float64) * self.scales + self.offsets
        return own + np.array(self.origins, np.float64) if self.origins else own

    def moved(self, origins: Mapping[int, int]) -> Units:
        """Return the units of columns of which some, by their places, were counted from another number than 0."""
        return replace(self, origins=tuple(origins.get(place, 0) for place in range(len(self.offsets)) if origins))

    def look_raw(self, rows: NDArray[Any]) -> bool:
        """Whether means and deviations of rows `(n, d)` are those of the own units in most columns, and not 0 and 1."""
        standard, own = _misfit(np.asarray(rows, np.float64)), _misfit(self.standardised(rows))
        return bool(np.median(own) < 1 and np.mean(own < standard) > _MOST)


class Moments:
    """Mean and deviation of columns that come in pieces (Chan, Golub and LeVeque, 1979: pairwise updates).

    All is counted from the first row, so that columns far from 0 lose nothing.
    """

    def __init__(self) -> None:
        self._count = 0
        self._origin: NDArray[np.float64] = np.zeros(0)
        self._mean: NDArray[np.float64] = np.zeros(0)
        self._squares: NDArray[np.float64] = np.zeros(0)

    def add(self, rows: NDArray[np.float64]) -> None:
        """Add rows `(n, d)`, one at least; all of one width."""
        if not self._count:
            self._origin = rows[0].copy()
            self._mean, self._squares = np.zeros(rows.shape[1]), np.zeros(rows.shape[1])
        rows = rows - self._origin
        mean = rows.mean(axis=0)
        total = self._count + len(rows)
        apart = mean - self._mean
        self._squares += ((rows - mean) ** 2).sum(axis=0) + apart**2 * (self._count * len(rows) / total)
        self._mean = self._mean + apart * (len(rows) / total)
        self._count = total

    def units(self) -> tuple[Units, list[int]]:
        """Return the units in which columns have mean 0 and deviation 1, and the columns that never change.

        Those keep their scale.
        """
        deviation = np.sqrt(self._squares / max(self._count, 1))
        constant = np.flatnonzero(deviation == 0)
        scale = np.where(deviation == 0, 1.0, deviation)
        return Units(tuple((self._origin + self._mean).tolist()), tuple(scale.tolist())), constant.tolist()


def _misfit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each column is from mean 0 and deviation 1, the latter in powers of e."""
    deviation = np.maximum(rows.std(axis=0), np.finfo(np.float64).tiny)
    distance: NDArray[np.float64] = np.abs(rows.mean(axis=0)) + np.abs(np.log(deviation))
    return distance
