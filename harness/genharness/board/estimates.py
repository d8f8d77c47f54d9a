"""Records of one row -> its number in a column, with every error that is known of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from genharness.board.bands import read_against
from genharness.board.rows import BoardColumn, Estimate, Row
from genharness.results.members import Members
from genharness.spec.record import Band

if TYPE_CHECKING:
    from genharness.stats.intervals import Interval

__all__ = ["estimate_of", "sampling_share", "with_intervals"]

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
