"""Which classes a model draws, and how far their shares are from those of real data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genharness.board.rows import Row
from genharness.figures.kept import KeptCell
from genharness.results.store import Store

__all__ = ["Shares", "shares_of_row", "total_variation"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shares:
    """Which share of the samples falls in each class.

    Attributes:
        mean: Over seeds, `(classes,)`.
        low: Lowest seed.
        high: Highest seed.
    """

    mean: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, counts: Sequence[NDArray[np.int64]]) -> Shares:
        """Return the shares of some seeds."""
        shares = np.stack([one / one.sum() for one in counts])
        return cls(shares.mean(axis=0), shares.min(axis=0), shares.max(axis=0))


def total_variation(shares: Shares, real: Shares) -> float:
    """Return half the sum of absolute differences: 0 is the same shares, 1 no class in common."""
    return float(np.abs(shares.mean - real.mean).sum() / 2)


def shares_of_row(row: Row, folder: Path) -> Shares | None:
    """Return the classes of a row over its seeds, as far as their cells keep what the classifier saw.

    Args:
        row: One model.
        folder: The results folder.
    """
    kept = [KeptCell(Store(folder).cell(record.cell.id), record) for record in row.records]
    counts = [found for one in kept if (found := one.predicted()) is not None]
    return Shares.of(counts) if counts and len({len(one) for one in counts}) == 1 else None
