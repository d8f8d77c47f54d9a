"""Numbers as text."""

from __future__ import annotations

from genharness.board.build import BoardColumn, Cell

__all__ = ["shown"]


def shown(cell: Cell, column: BoardColumn) -> str:
    """Return `mean ± deviation`, or `mean [low, high]` with an interval, in the column's format; else a dash."""
    if cell.mean is None:
        return "-"
    text = format(cell.mean, column.column.format)
    if cell.interval is not None:
        low, high = (format(end, column.column.format) for end in cell.interval)
        return f"{text} [{low}, {high}]"
    if cell.deviation is None:
        return text
    return f"{text} ± {format(cell.deviation, column.column.format)}"
