"""Records of one row -> its number in a column, with every error that is known of it, and how tables show it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from genharness.board.bands import SIGNS, read_against
from genharness.board.rows import BoardColumn, Estimate, Group, Row
from genharness.results.members import Members
from genharness.spec.columns import Column
from genharness.spec.record import Band

if TYPE_CHECKING:
    from genharness.stats.intervals import Interval

__all__ = [
    "BAND_ROW",
    "band_ends",
    "band_text",
    "error_notes",
    "estimate_of",
    "sampling_share",
    "shown",
    "signed",
    "with_intervals",
]

BAND_ROW = "real band"
"""What the last line of a table is called, which holds the bands."""

_LEAST_FREEDOM = 10
"""Degrees of freedom of all rows together from which a variance over seeds is worth taking apart."""


def estimate_of(members: Members, column: BoardColumn, bands: Mapping[str, Band]) -> Estimate:
    """Return the mean over seeds of a score or measurement; seeds where it is undefined or not finite are left out.

    Args:
        members: Records, one a seed.
        column: Which number.
        bands: Where real samples score, by column key.
    """
    key = column.key
    summed = members.summed(key)
    if summed is None:
        return Estimate(None, None, 0)
    values, mean, deviation = summed
    errors = members.errors(key)
    return Estimate(
        mean,
        deviation,
        len(values),
        values,
        None,
        math.sqrt(math.fsum(error**2 for error in errors) / len(errors)) if errors else None,
        read_against(bands[key], mean, column.column.higher_is_better) if key in bands else "",
    )


def with_intervals(rows: Iterable[Row], known: dict[bytes, Interval] | None = None) -> None:
    """Give the numbers of rows the 95 % confidence intervals of their means, all at once.

    Args:
        rows: The rows.
        known: Intervals that need not be computed; see `genharness.stats.intervals.mean_intervals`.
    """
    from genharness.stats.intervals import mean_intervals

    places = [(row, key) for row in rows for key, one in row.estimates.items() if one.count > 1]
    intervals = mean_intervals([row.estimates[key].values for row, key in places], known=known)
    for (row, key), interval in zip(places, intervals, strict=True):
        one = row.estimates[key]  # `replace` takes thrice as long, and there may be a hundred thousand
        row.estimates[key] = Estimate(one.mean, one.deviation, one.count, one.values, interval, one.error, one.reading)


def sampling_share(estimates: Iterable[Estimate], *, log: bool) -> float | None:
    """Return which share of the variance over seeds is that of drawing samples, pooled over rows, at most 1.

    The spread over seeds contains the error of evaluating each of them.

    Args:
        estimates: One number of each row.
        log: Whether they are compared by ratios: then errors count relative to the mean.

    Returns:
        The share, or None with fewer than 10 degrees of freedom, or where nothing varies or no error is known.
    """
    known = [one for one in estimates if one.count > 1 and one.mean and one.error is not None]
    freedom = sum(one.count - 1 for one in known)
    if freedom < _LEAST_FREEDOM:
        return None
    seeds = math.fsum((one.count - 1) * ((one.deviation or 0.0) / _size(one, log)) ** 2 for one in known) / freedom
    drawing = math.fsum((one.count - 1) * ((one.error or 0.0) / _size(one, log)) ** 2 for one in known) / freedom
    return min(1.0, drawing / seeds) if seeds else None


def _size(estimate: Estimate, log: bool) -> float:
    return abs(estimate.mean or 1.0) if log else 1.0


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
