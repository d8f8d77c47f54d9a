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
from genharness.spec.record import Record

__all__ = ["Array", "Shares", "confusion_of_row", "shares_of_row", "total_variation"]

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


def shares_of_row(row: Row, folder: Path | None) -> Shares | None:
    """Return the classes of a row over its seeds: as its records say, or else as what its cells keep says.

    Args:
        row: One model.
        folder: The results folder, or None where nothing but records is known.
    """
    found = [one for record in row.records if (one := _counts(record, folder)) is not None and one.sum()]
    return Shares.of(found) if found and len({len(one) for one in found}) == 1 else None


def _counts(record: Record, folder: Path | None) -> NDArray[np.int64] | None:
    if "generated" in record.classes:
        return np.array(record.classes["generated"], np.int64)
    return None if folder is None else KeptCell(Store(folder).cell(record.cell.id), record).predicted()


def confusion_of_row(row: Row) -> Array | None:
    """Return which share of each class that was asked for is recognised as which, all seeds together.

    Returns:
        `(asked, recognised)`, rows that sum to 1, or to 0 for a class that was never asked for; None where no seed
        says.
    """
    found = [np.array(record.confusion, np.float64) for record in row.records if record.confusion]
    if not found or len({one.shape for one in found}) > 1:
        return None
    counts = np.sum(found, axis=0)
    shares: Array = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares
