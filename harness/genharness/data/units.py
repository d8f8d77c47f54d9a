"""A table's own units, and the standardised ones that it is prepared in: (value - offset) / scale, a column each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Units"]

_MOST = 0.8
"""Share of the columns that must look so."""


@dataclass(frozen=True, slots=True)
class Units:
    """How the columns of a table were standardised.

    Attributes:
        offsets: What was taken off each column, such as its mean.
        scales: What each was divided by, such as its standard deviation; above 0.
    """

    offsets: tuple[float, ...]
    scales: tuple[float, ...]

    @classmethod
    def of(cls, offsets: Sequence[float], scales: Sequence[float]) -> Units | None:
        """Return the units of columns, None where none are known."""
        return cls(tuple(map(float, offsets)), tuple(map(float, scales))) if len(offsets) else None

    def standardised(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Return rows `(n, d)` in their own units as the prepared data has them."""
        scaled: NDArray[np.float64] = (np.asarray(rows, np.float64) - self.offsets) / self.scales
        return scaled

    def raw(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Return standardised rows `(n, d)` in their own units."""
        own: NDArray[np.float64] = np.asarray(rows, np.float64) * self.scales + self.offsets
        return own

    def look_raw(self, rows: NDArray[Any]) -> bool:
        """Whether means and deviations of rows `(n, d)` are those of the own units in most columns, and not 0 and 1."""
        standard, own = _misfit(np.asarray(rows, np.float64)), _misfit(self.standardised(rows))
        return bool(np.median(own) < 1 and np.mean(own < standard) > _MOST)


def _misfit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each column is from mean 0 and deviation 1, the latter in powers of e."""
    deviation = np.maximum(rows.std(axis=0), np.finfo(np.float64).tiny)
    distance: NDArray[np.float64] = np.abs(rows.mean(axis=0)) + np.abs(np.log(deviation))
    return distance
