"""Rows that are compared with each other, in one arithmetic that keeps their differences exact.

Whole numbers beyond 2^53, which float64 cannot hold, are counted from the smallest of their column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.images.rows import EXACT

__all__ = ["in_one_arithmetic"]


def in_one_arithmetic(sets: Sequence[NDArray[Any]]) -> tuple[list[NDArray[Any]], str]:
    """Return sets of rows that are compared with each other in one type, and a line that says what was done.

    Args:
        sets: From `genharness.images.rows.as_rows`, all of one width; the columns of the last are the measure.
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


def _as_whole(rows: NDArray[Any]) -> NDArray[np.int64] | None:
    """Return floating-point rows that hold whole numbers alone, None where they do not."""
    whole = (rows == np.rint(rows)).all() and np.abs(rows).max() <= EXACT
    return rows.astype(np.int64) if whole else None


def _counted(sets: list[NDArray[Any]]) -> list[NDArray[Any]] | None:
    """Return whole numbers less the smallest of their column, exact in float64; None where they spread too far."""
    lowest = [min(int(rows[:, column].min()) for rows in sets) for column in range(sets[-1].shape[1])]
    highest = [max(int(rows[:, column].max()) for rows in sets) for column in range(sets[-1].shape[1])]
    if max(high - low for low, high in zip(lowest, highest, strict=True)) > EXACT:
        return None
    origin = np.array([low % 2**64 for low in lowest], np.uint64)  # differences are exact modulo 2^64
    return [(rows.astype(np.uint64) - origin).astype(np.float64) for rows in sets]
