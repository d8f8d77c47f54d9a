"""Rows of tables and features as somebody saved them, kept exact.

A column of times, identifiers or money lies far from 0, and float32 would round its spread away. So float64 stays
float64, and whole numbers beyond 2^53, which float64 cannot hold, stay whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError

__all__ = ["EXACT", "as_rows"]

EXACT = 2**53
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


def _fits(rows: NDArray[Any]) -> bool:
    return int(rows.max()) <= EXACT and int(rows.min()) >= -EXACT
