"""Rows of tables and features as somebody saved them, kept exact up to the arithmetic.

A column of times, identifiers or money lies far from 0, and float32 would round its spread away. So float64 stays
float64, and whole numbers beyond 2^53, which float64 cannot hold, are counted from the smallest of their column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError

__all__ = ["as_rows", "in_one_arithmetic"]

_EXACT = 2**53
"""Whole numbers up to here are float64 numbers."""


def as_rows(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Return rows `(n, d)` as float32 or float64, or as whole numbers where float64 cannot hold them.

    Args:
        array: Numbers of any type.
        where: What to call it in messages.

    Raises:
        DataError: If it is empty, holds no numbers, or some that are not finite.
    """
    if 0 in array.shape:
        raise DataError(f"{where} has shape {array.shape}: it is empty")
    if array.dtype.kind not in "iuf":
        raise DataError(f"{where} holds {array.dtype}: rows must be numbers")
    rows = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
    if rows.dtype.kind in "iu":
        return rows.astype(np.float64) if _fits(rows) else rows
    rows = rows.astype(np.float32 if rows.dtype.itemsize <= 4 else np.float64, copy=False)
    if not np.isfinite(rows).all():
        bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
        raise DataError(f"{where} holds NaN or infinity, first in row {bad}: leave such rows out")
    return rows


def in_one_arithmetic(sets: Sequence[NDArray[Any]]) -> tuple[list[NDArray[Any]], str]:
    """Return sets of rows that are compared with each other in one type, and a line that says what was done.

    Args:
        sets: From `as_rows`, all of one width; the columns of the last are the measure.
    """
    if all(rows.dtype == np.float32 for rows in sets):
        return list(sets), ""
    if all(rows.dtype.kind != "i" and rows.dtype.kind != "u" for rows in sets):
        return [rows.astype(np.float64, copy=False) for rows in sets], ""
    whole = [rows if rows.dtype.kind in "iu" else _as_whole(rows) for rows in sets]
    counted = None if any(rows is None for rows in whole) else _counted([rows for rows in whole if rows is not None])
    if counted is not None:
        return counted, "whole numbers beyond 2^53 are counted from the smallest of their column"
    return [rows.astype(np.float64) for rows in sets], "whole numbers beyond 2^53 are rounded: float64 holds no others"


def _fits(rows: NDArray[Any]) -> bool:
    return int(rows.max()) <= _EXACT and int(rows.min()) >= -_EXACT


def _as_whole(rows: NDArray[Any]) -> NDArray[np.int64] | None:
    """Return floating-point rows that hold whole numbers alone, None where they do not."""
    whole = (rows == np.rint(rows)).all() and np.abs(rows).max() <= _EXACT
    return rows.astype(np.int64) if whole else None


def _counted(sets: list[NDArray[Any]]) -> list[NDArray[Any]] | None:
    """Return whole numbers less the smallest of their column, exact in float64; None where they spread too far."""
    lowest = [min(int(rows[:, column].min()) for rows in sets) for column in range(sets[-1].shape[1])]
    highest = [max(int(rows[:, column].max()) for rows in sets) for column in range(sets[-1].shape[1])]
    if max(high - low for low, high in zip(lowest, highest, strict=True)) > _EXACT:
        return None
    origin = np.array([low % 2**64 for low in lowest], np.uint64)  # differences are exact modulo 2^64
    return [(rows.astype(np.uint64) - origin).astype(np.float64) for rows in sets]
