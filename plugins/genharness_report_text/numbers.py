"""Numbers as text."""

from __future__ import annotations

from genharness.board.rows import BoardColumn, Estimate

__all__ = ["shown"]


def shown(estimate: Estimate, column: BoardColumn) -> str:
    """Return `mean ± deviation`, or `mean [low, high]` with an interval, in the column's format; else a dash."""
    if estimate.mean is None:
        return "-"
    text = format(estimate.mean, column.column.format)
    if estimate.interval is not None:
        low, high = (format(end, column.column.format) for end in estimate.interval)
        return f"{text} [{low}, {high}]"
    if estimate.deviation is None:
        return text
    return f"{text} ± {format(estimate.deviation, column.column.format)}"
