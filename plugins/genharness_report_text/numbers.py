"""Numbers as text."""

from __future__ import annotations

from genharness.board import BoardColumn, Cell

__all__ = ["shown"]


def shown(cell: Cell, column: BoardColumn) -> str:
    """Return `mean ± deviation` in the column's format, or a dash."""
    if cell.mean is None:
        return "-"
    text = format(cell.mean, column.column.format)
    if cell.deviation is None:
        return text
    return f"{text} ± {format(cell.deviation, column.column.format)}"
