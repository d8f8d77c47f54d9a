"""The leaderboard as JSON and CSV: every column, every group."""

from __future__ import annotations

import csv
import io
from typing import Any

import orjson

from genharness.board.escapes import as_csv, as_json
from genharness.board.render import RenderOptions
from genharness.board.rows import Board, Estimate, Group, Row
from genharness.spec.record import Record

__all__ = ["render_csv", "render_json"]


def render_json(board: Board, options: RenderOptions) -> str:
    """Return a list of groups, each with its protocol, columns, ranked rows and failures."""
    return as_json(orjson.dumps([_group(group) for group in board.groups], option=orjson.OPT_INDENT_2).decode())


def _group(group: Group) -> dict[str, Any]:
    return {
        "dataset": group.dataset,
        "protocol": group.protocol.as_plain() if group.protocol else None,
        "protocol_hash": group.protocol.hash if group.protocol else None,
        "accuracies": group.accuracies,
        "ranked_by": group.compared[0].key if group.compared else None,
        "columns": [
            {
                "key": column.key,
                "title": column.title,
                "unit": column.column.unit,
                "higher_is_better": column.column.higher_is_better,
                "band": group.bands.get(column.key),
                "notes": group.column_notes.get(column.key, []),
            }
            for column in group.columns
        ],
        "notes": group.notes_on(group.columns),
        "rows": [_row(group, place, row) for place, row in enumerate(group.rows, start=1)],
        "failures": [
            {"cell": record.cell.id, "status": record.status, "reason": record.reason} for record in group.failures
        ],
    }


def _row(group: Group, place: int, row: Row) -> dict[str, Any]:
    return {
        "rank": place,
        "model": row.model,
        "variation": row.variation,
        "settings": {} if row.external else row.settings,
        "reference": row.reference,
        "seeds": row.seeds,
        "failed_seeds": row.failed,
        "diverged_rate": row.diverged,
        "rank_interval_95": [row.ranks.low, row.ranks.high] if row.ranks else None,
        "best_in": sorted(row.bold),
        "collapse": row.collapse,
        "other_code": row.other_code,
        "values": {column.key: _number_of(row.estimates[column.key]) for column in group.columns},
        "cells": row.members.ids,
        **_external(row.records[0]),
    }


def _external(record: Record) -> dict[str, Any]:
    """Return what was found of samples that were made elsewhere: how many were converted, left out, and which."""
    return {"facts": record.facts, "notes": record.notes} if record.source == "external" else {}


def _number_of(estimate: Estimate) -> dict[str, Any]:
    interval = {} if estimate.interval is None else {"interval_95": list(estimate.interval)}
    return {
        "mean": estimate.mean,
        "seeds": estimate.count,
        "seed_std": estimate.deviation,
        "evaluation_error": estimate.error,
        "reading": estimate.reading or None,
        "interquartile_mean": estimate.interquartile_mean,
        **interval,
    }


def render_csv(board: Board, options: RenderOptions) -> str:
    """Return one line a row of every group; each column has its mean, both errors, its seeds and how real that is."""
    keys = list(dict.fromkeys(column.key for group in board.groups for column in group.columns))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    banded = {key for group in board.groups for key in group.bands}
    intervals = any(one.interval for group in board.groups for row in group.rows for one in row.estimates.values())
    tails = {key: (*_ERRORS, *(_INTERVAL if intervals else ()), *(_BAND if key in banded else ())) for key in keys}
    own = list(dict.fromkeys(name for group in board.groups for name in group.settings))
    writer.writerow([*_HEADS, *map(as_csv, own), *(as_csv(f"{key}{tail}") for key in keys for tail in tails[key])])
    for group in board.groups:
        protocol = group.protocol.hash if group.protocol else ""
        bands = {key: _band(group, key) if key in banded else None for key in keys}
        for place, row in enumerate(group.rows, start=1):
            cells = [*_first_cells(group.dataset, protocol, place, row), *(as_csv(row.setting(name)) for name in own)]
            for key in keys:
                cells += _numbers(row.estimates.get(key) or _NO_NUMBER, intervals, bands[key])
            writer.writerow(cells)
    return stream.getvalue().rstrip("\n")


_ERRORS = (
    "",
    "_seed_std",
    "_evaluation_error",
    "_seeds",
)  # scores have columns of their own that end in _std, over subsets
_INTERVAL = ("_low", "_high")
_BAND = ("_reading", "_real_low", "_real_high")
_ROW_HEADS = ("dataset", "protocol", "rank", "model", "variation", "seeds", "failed_seeds")
_HEADS = (*_ROW_HEADS, "diverged_rate", "rank_low", "rank_high", "best_in", "collapse")


def _first_cells(dataset: str, protocol: str, place: int, row: Row) -> list[object]:
    ranks = (row.ranks.low, row.ranks.high) if row.ranks else (None, None)
    names = [as_csv(dataset), protocol, place, as_csv(row.model), as_csv(row.variation)]
    best = as_csv(" ".join(sorted(row.bold)))
    return [*names, len(row.seeds), row.failed, *map(_text, (row.diverged, *ranks)), best, as_csv(row.collapse)]


def _band(group: Group, key: str) -> tuple[str, str]:
    """Return both ends of the band of real samples in a column, empty where there is none."""
    band = group.bands.get(key)
    return (_text(band["low"]), _text(band["high"])) if band else ("", "")


def _numbers(one: Estimate, intervals: bool, band: tuple[str, str] | None) -> list[str]:
    """Return the cells of a column in a row: mean, errors, seeds, where any row has one the interval, and the band."""
    cells = [_text(one.mean), _text(one.deviation), _text(one.error), str(one.count)]
    if intervals:
        cells += map(_text, one.interval or (None, None))
    return cells if band is None else [*cells, one.reading, *band]


_NO_NUMBER = Estimate(None, None, 0)


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)
