"""What makes two records of one dataset one row: everything of their cells but seed, protocol, versions and code."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import orjson

from genharness.spec.cell import Cell
from genharness.spec.record import Record

__all__ = ["configuration", "settings"]

_NOT_CONFIGURATION = frozenset({"dataset", "seed", "protocol", "plugins", "code"})
_SETTINGS = tuple(item.name for item in fields(Cell) if item.name not in _NOT_CONFIGURATION)
_NAMED = frozenset({"model", "options"})
"""What a row shows by itself, or setting by setting."""


def configuration(record: Record) -> bytes:
    """Return what is equal for two records of the same row, and for no others of the same data, whatever its name."""
    return orjson.dumps([getattr(record.cell, name) for name in _SETTINGS], option=orjson.OPT_SORT_KEYS)


def settings(record: Record) -> dict[str, Any]:
    """Return every option of a record's model, and every other setting that can tell rows of one model apart."""
    cell = record.cell
    return {**cell.options, **{name: getattr(cell, name) for name in _SETTINGS if name not in _NAMED}}
