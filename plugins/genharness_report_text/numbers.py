"""Numbers as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from genharness.board.bands import SIGNS
from genharness.board.rows import BoardColumn, Estimate, Group, Row
from genharness.spec.columns import Column

__all__ = ["BAND_ROW", "band_ends", "band_text", "error_notes", "shown", "signed"]

BAND_ROW = "real band"
"""What the last line of a table is called, which holds the bands."""


def shown(estimate: Estimate, column: BoardColumn) -> str:
    """Return a mean with its error, in the column's format; a dash where there is none.

    `20.4 ± 1.2` over seeds, or `20.4 [19.1, 21.7]` with an interval; with one seed, or where seeds do not differ,
    `20.4 (±1.4)`: the error of evaluating one trained model. Of counts that differ over seeds the mean has a decimal.
    """
    if estimate.mean is None:
        return "-"
    own = _of_means(column.column) if estimate.deviation else column.column
    text = own.text(estimate.mean)
    if estimate.interval is not None:
        low, high = (own.text(end) for end in estimate.interval)
        return f"{text} [{low}, {high}]"
    if estimate.deviation:
        return f"{text} ± {own.text(estimate.deviation)}"
    if estimate.error:
        return f"{text} (±{own.text(estimate.error)})"
    return text if estimate.deviation is None else f"{text} ± {own.text(0.0)}"


def _of_means(column: Column) -> Column:
    """Return a column as it shows means over seeds: counts, which are whole and have no unit, with a decimal."""
    whole = column.format.endswith(".0f") and not column.unit
    return replace(column, format=f"{column.format.removesuffix('.0f')}.1f") if whole else column


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
