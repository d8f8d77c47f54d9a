"""The few small entries of a tile, found without looking at each."""

from __future__ import annotations

from torch import Tensor

__all__ = ["SmallEntries"]

_GROUP = 32
_MANY = 1 / 8


class SmallEntries:
    """The entries of a tile that lie below a limit for each of its rows, or of its columns.

    Entries are compared in groups of 32 by their minimum; only groups that hold a small one are opened.

    Args:
        tile: `(height, width)`, contiguous, both multiples of 32 (the grouped one at least).
        limits: `(height,)`, or `(width,)` with `transposed`, of the type of the tile.
        transposed: Whether limits are for columns; these are then called rows throughout.
    """

    def __init__(self, tile: Tensor, limits: Tensor, *, transposed: bool = False) -> None:
        self._tile = tile.T if transposed else tile
        self._transposed = transposed
        self._limits = limits
        count = len(limits)
        self._grouped = tile.view(_GROUP, -1, count) if transposed else tile.view(count, _GROUP, -1)
        minima = self._grouped.amin(0).T.contiguous() if transposed else self._grouped.amin(1)
        self._groups = minima.shape[1]
        self._row, self._group = (minima < limits[:, None]).nonzero().T

    @property
    def many(self) -> bool:
        """Whether an eighth of the groups or more hold a small entry."""
        return len(self._row) >= _MANY * self._groups * len(self._limits)

    def listed(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return rows, ascending, columns and values `(entries,)`."""
        if self.many:
            row, column = (self._tile < self._limits[:, None]).nonzero().T
            return row, column, self._tile[row, column]
        row, group = self._row, self._group
        values = self._grouped[:, group, row].T if self._transposed else self._grouped[row, :, group]
        member, inside = (values < self._limits[row, None]).nonzero().T
        return row[member], inside * self._groups + group[member], values[member, inside]
