"""What makes two records of one dataset one row: everything of their cells but seed, protocol, versions and code."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import orjson

from genharness.spec.cell import KNOWN_ROW, Cell
from genharness.spec.record import Record

__all__ = ["configuration", "configuration_of", "settings"]

_NOT_CONFIGURATION = frozenset({"dataset", "seed", "protocol", "plugins", "code"})
_OPTIONS = frozenset({"options", "sampling"})
"""What a row shows setting by setting; before records had them apart, all were among the first."""

_TOLD = tuple(item.name for item in fields(Cell) if item.name not in _NOT_CONFIGURATION | _OPTIONS)


def configuration(record: Record) -> bytes:
    """Return what is equal for two records of the same row, and for no others of the same data, whatever its name."""
    known: bytes | None = getattr(record.cell, KNOWN_ROW, None)
    return known or configuration_of(record.cell)


def configuration_of(cell: Cell) -> bytes:
    """Return what is equal for two cells of the same row."""
    return orjson.dumps([cell.every_option, *(getattr(cell, name) for name in _TOLD)], option=orjson.OPT_SORT_KEYS)


def settings(record: Record) -> dict[str, Any]:
    """Return every option of a record's model, and every other setting that can tell rows of one model apart."""
    cell = record.cell
    return {**cell.every_option, **{name: getattr(cell, name) for name in _TOLD if name != "model"}}
