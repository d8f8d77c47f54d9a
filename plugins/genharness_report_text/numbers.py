"""Numbers as text."""

from __future__ import annotations

from collections.abc import Iterable

from genharness.board.bands import SIGNS
from genharness.board.rows import BoardColumn, Estimate, Group, Row

__all__ = ["BAND_ROW", "band_ends", "band_text", "error_notes", "shown", "signed"]

BAND_ROW = "real band"
"""What the last line of a table is called, which holds the bands."""


def shown(estimate: Estimate, column: BoardColumn) -> str:
    """Return a mean with its error, in the column's format; a dash where there is none.

    `20.4 ± 1.2` over seeds, or `20.4 [19.1, 21.7]` with an interval; with one seed, or where seeds do not differ,
    `20.4 (±1.4)`: the error of evaluating one trained model.
    """
    if estimate.mean is None:
        return "-"
    text = column.column.text(estimate.mean)
    if estimate.interval is not None:
        low, high = (column.column.text(end) for end in estimate.interval)
        return f"{text} [{low}, {high}]"
    if estimate.deviation:
        return f"{text} ± {column.column.text(estimate.deviation)}"
    if estimate.error:
        return f"{text} (±{column.column.text(estimate.error)})"
    return text if estimate.deviation is None else f"{text} ± {column.column.text(0.0)}"


def signed(estimate: Estimate, column: BoardColumn) -> str:
    """Return a mean with its error, and the sign of how it stands to real samples."""
    return f"{shown(estimate, column)} {SIGNS.get(estimate.reading, '')}".rstrip()


def band_text(group: Group, column: BoardColumn) -> str:
    """Return the band of real samples in a column, such as `0.93-1.75`; empty where there is none."""
    low, *high = band_ends(group, column)
    return "".join([low, *(f"{' to ' if '-' in low + end else '-'}{end}" for end in high)])


def band_ends(group: Group, column: BoardColumn) -> list[str]:
    """Return both ends of the band of real samples in a column, or one where they read alike."""
    band = group.bands.get(column.key)
    if band is None:
        return [""]
    return list(dict.fromkeys(column.column.text(end) for end in (band["low"], band["high"])))


def error_notes(rows: Iterable[Row], columns: Iterable[BoardColumn]) -> list[str]:
    """Return what stands behind the numbers, a line for each kind of error that is shown."""
    keys = [column.key for column in columns]
    several = [one for row in rows for key in keys if (one := row.estimates[key]).mean is not None and not one.interval]
    lines = []
    if any(one.deviation for one in several):
        lines.append("± is the standard deviation over training seeds")
    if any(not one.deviation and one.error for one in several):
        lines.append(
            "(±) is the standard error of evaluating one trained model with other samples; it says nothing of seeds"
        )
    return lines
