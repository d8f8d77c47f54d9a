"""The few small entries of a tile, found without looking at each.

Once every row has good candidates, few entries beat its limit, and to compare all, list the hits and gather them takes
several passes over the tile. The minimum of 32 entries is below the limit exactly where one of them is: one reduction,
at the speed of memory, leaves a thirty-second of the tile to compare, and only groups that hit are looked into.

Members of a group lie a stride apart, not side by side: group g of G holds columns g, g + G, g + 2 G, ... The minimum
then runs over whole contiguous rows of the tile, which vectorises; over 32 neighbours it would not.
"""

from __future__ import annotations

from torch import Tensor

__all__ = ["GROUP", "SmallEntries", "group_minima"]

GROUP = 32
_MANY = 1 / 8  # of the groups: from there on, opening them one by one costs more than looking at all


def group_minima(tile: Tensor, *, transposed: bool = False) -> Tensor:
    """Return the minimum of each group of 32 entries of every row, `(rows, groups)`, or of every column."""
    if transposed:
        return tile.view(GROUP, -1, tile.shape[1]).amin(0).T.contiguous()
    return tile.view(len(tile), GROUP, -1).amin(1)


class SmallEntries:
    """The entries of a tile that lie below a limit for each of its rows, or of its columns.

    Entries are compared in groups of 32 by their minimum; only groups that hold a small one are opened.

    Args:
        tile: `(height, width)`, contiguous, both multiples of 32 (the grouped one at least).
        limits: `(height,)`, or `(width,)` with `transposed`, of the type of the tile.
        transposed: Whether limits are for columns; these are then called rows throughout.
        minima: `group_minima` of the tile, where they are known already.
    """

    def __init__(self, tile: Tensor, limits: Tensor, *, transposed: bool = False, minima: Tensor | None = None) -> None:
        self._tile = tile.T if transposed else tile
        self._transposed = transposed
        self._limits = limits
        count = len(limits)
        self._grouped = tile.view(GROUP, -1, count) if transposed else tile.view(count, GROUP, -1)
        minima = group_minima(tile, transposed=transposed) if minima is None else minima
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
        # All 32 entries of each group that hit, one group a line; then which of them are small.
        values = self._grouped[:, group, row].T if self._transposed else self._grouped[row, :, group]
        member, inside = (values < self._limits[row, None]).nonzero().T
        return row[member], inside * self._groups + group[member], values[member, inside]
