"""Tables of commands in terminals of any width: no number is cut, and no word is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from genharness.board.terminal import in_lines, longest_part

__all__ = ["ColumnHead", "FittedTable"]

_BETWEEN = 3
"""Characters between two columns."""
_LONGEST_WORD = 16
"""Of longer words it is not asked that a column has room for them."""


@dataclass(frozen=True)
class ColumnHead:
    """The head of a column.

    Attributes:
        title: What stands there; broken where it has lines, else at its blanks.
        right: Whether cells end at the right, as numbers do.
        folds: Whether cells may stand in several lines: names and sentences, no numbers.
    """

    title: str
    right: bool = False
    folds: bool = False

    @property
    def words(self) -> str:
        """The title in one line."""
        return self.title.replace("\n", " ")

    @property
    def least(self) -> int:
        """How many characters it needs."""
        return max(map(cell_len, self.title.split("\n" if "\n" in self.title else " ")))


@dataclass
class FittedTable:
    """A table whose columns are as wide as they need; where that is too much, a list of what each row says.

    Attributes:
        heads: Of the columns.
        rows: Their cells. Those that have lines stand in one where there is room.
        styles: Of the rows; none when empty.
        title: What stands above it.
    """

    heads: Sequence[ColumnHead]
    rows: Sequence[Sequence[str]]
    styles: Sequence[str] = ()
    title: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """Yield the table, or the list."""
        flat = [[cell.replace("\n", " ") for cell in row] for row in self.rows]
        for rows, whole_heads in ((flat, True), (flat, False), (self.rows, False)):
            widths = self._widths(rows, whole_heads, options.max_width)
            if widths is not None:
                yield self._table(rows, widths)
                return
        yield self._list(options.max_width)

    def _widths(self, rows: Sequence[Sequence[str]], whole_heads: bool, width: int) -> list[int] | None:
        """Return how wide each column is, None where there is no room for all of them."""
        least, wanted = [], []
        for place, head in enumerate(self.heads):
            cells = [line for row in rows for line in row[place].split("\n")]
            title = cell_len(head.words) if whole_heads and not head.folds else head.least
            wanted.append(max([title, *map(cell_len, cells)]))
            words = max([title, *(min(longest_part(cell), _LONGEST_WORD) for cell in cells)])
            least.append(words if head.folds else wanted[-1])
        room = width + 1 - _BETWEEN * len(self.heads)
        if sum(least) > room:
            return None
        level = max(wanted)
        while sum(found := [max(low, min(one, level)) for low, one in zip(least, wanted, strict=True)]) > room:
            level -= 1
        return found

    def _table(self, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Table:
        table = Table(box=box.SIMPLE_HEAD, title=self.title or None, title_justify="left", pad_edge=False)
        for head, width in zip(self.heads, widths, strict=True):
            title = Text(_folded(head.title, width))
            table.add_column(title, justify="right" if head.right else "left", width=width)
        for row, style in zip_longest(rows, self.styles[: len(rows)], fillvalue=""):
            cells = zip(self.heads, row, widths, strict=True)
            texts = ["\n".join(in_lines(cell, width)) if head.folds else cell for head, cell, width in cells]
            table.add_row(*map(Text, texts), style=style)
        return table

    def _list(self, width: int) -> Group:
        titles = max((cell_len(head.words) for head in self.heads[1:]), default=0)
        room = max(1, width - titles - 4)
        parts: list[RenderableType] = [Text(self.title, "italic")] if self.title else []
        for row, style in zip_longest(self.rows, self.styles[: len(self.rows)], fillvalue=""):
            grid = Table.grid(padding=(0, 2))
            grid.add_column(width=titles)
            for head, cell in zip(self.heads[1:], row[1:], strict=True):
                if cell:
                    grid.add_row(Text(head.words, "dim"), Text(_folded(cell, room)))
            parts += [Text(_folded(row[0], width), "bold"), Padding(grid, (0, 0, 0, 2), style=style, expand=False)]
        return Group(*parts, "")


def _folded(cell: str, room: int) -> str:
    """Return a cell in one line where there is room for it, else in its own lines, each broken where it must be."""
    flat = cell.replace("\n", " ")
    lines = [flat] if cell_len(flat) <= room else cell.split("\n")
    return "\n".join(piece for line in lines for piece in in_lines(line, room))
