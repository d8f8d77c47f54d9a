"""Whole numbers that float64 cannot hold, such as times in nanoseconds and identifiers, counted from one of their own.

Beyond 2^53 float64 rounds, and a column whose values differ by less than it rounds by would never change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.images.rows import EXACT
from genharness.images.stored.pieces import Piece

__all__ = ["counted", "less", "whole_columns"]

_FURTHEST = 2**63


def whole_columns(piece: Piece) -> Mapping[int, NDArray[Any]]:
    """Return the columns of rows, by their places, that are whole numbers beyond what float64 holds."""
    samples = np.asarray(piece.samples) if not piece.whole else None
    columns = piece.whole if samples is None else dict(enumerate(samples.T if samples.dtype.kind in "iu" else ()))
    return {place: column for place, column in columns.items() if len(column) and _is_beyond(column)}


def _is_beyond(column: NDArray[Any]) -> bool:
    return int(column.max()) > EXACT or int(column.min()) < -EXACT


def counted(piece: Piece, origins: Mapping[int, int]) -> NDArray[np.float64]:
    """Return rows `(n, d)` less what their columns are counted from: differences are exact, however far from 0.

    Args:
        piece: Of rows.
        origins: What some columns are counted from, by their places; others are counted from 0.
    """
    rows = np.array(piece.samples, np.float64)
    whole = whole_columns(piece) if origins else {}
    for place, origin in origins.items():
        column = whole.get(place)
        rows[:, place] = rows[:, place] - float(origin) if column is None else _less(column, origin)
    return rows


def less(rows: NDArray[Any], origins: Mapping[int, int]) -> NDArray[np.float64]:
    """Return rows `(n, d)` less what some of their columns, by their places, are counted from: exact, as `counted`.

    Floating-point columns of whole numbers are exact too, as far as they were not rounded before.
    """
    own = np.array(rows, np.float64)
    for place, origin in origins.items():
        column = np.asarray(rows)[:, place]
        if column.dtype.kind == "f" and (np.abs(column) < _FURTHEST).all() and (column == np.rint(column)).all():
            column = column.astype(np.int64)
        own[:, place] = _less(column, origin) if column.dtype.kind in "iu" else column - float(origin)
    return own


def _less(column: NDArray[Any], origin: int) -> NDArray[np.float64]:
    if max(int(column.max()) - origin, origin - int(column.min())) >= _FURTHEST:
        return column.astype(np.float64) - float(origin)
    apart = column.astype(np.uint64) - np.uint64(origin % 2**64)  # exact modulo 2^64, so also with its sign
    return apart.astype(np.int64).astype(np.float64)
