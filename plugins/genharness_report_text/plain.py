"""The leaderboard as JSON and CSV, with every column, and as Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson

from genharness.board.escapes import as_csv, as_json, as_markdown
from genharness.board.render import RenderOptions
from genharness.board.rows import Board, BoardColumn, Estimate, Group, Row
from genharness.spec.record import Record
from genharness_report_text.numbers import shown

__all__ = ["render_csv", "render_json", "render_md"]


def render_json(board: Board, options: RenderOptions) -> str:
    """Return a list of groups, each with its protocol, columns, ranked rows and failures."""
    return as_json(orjson.dumps([_group(group) for group in board.groups], option=orjson.OPT_INDENT_2).decode())


def _group(group: Group) -> dict[str, Any]:
    return {
        "dataset": group.dataset,
        "protocol": group.protocol.as_plain() if group.protocol else None,
        "protocol_hash": group.protocol.hash if group.protocol else None,
        "columns": [
            {
                "key": column.key,
                "title": column.title,
                "unit": column.column.unit,
                "higher_is_better": column.column.higher_is_better,
            }
            for column in group.columns
        ],
        "notes": group.notes,
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
        "reference": row.reference,
        "seeds": row.seeds,
        "failed_seeds": row.failed,
        "diverged_rate": row.diverged,
        "rank_interval_95": [row.ranks.low, row.ranks.high] if row.ranks else None,
        "best_in": sorted(row.bold),
        "collapse": row.collapse,
        "other_code": row.other_code,
        "values": {column.key: _number_of(row.estimates[column.key]) for column in group.columns},
        "cells": [record.cell.id for record in row.records],
        **_external(row.records[0]),
    }


def _external(record: Record) -> dict[str, Any]:
    """Return what was found of samples that were made elsewhere: how many were converted, left out, and which."""
    return {"facts": record.facts, "notes": record.notes} if record.source == "external" else {}


def _number_of(estimate: Estimate) -> dict[str, Any]:
    interval = {} if estimate.interval is None else {"interval_95": list(estimate.interval)}
    return {
        "mean": estimate.mean,
        "std": estimate.deviation,
        "n": estimate.count,
        "interquartile_mean": estimate.interquartile_mean,
        **interval,
    }


def render_csv(board: Board, options: RenderOptions) -> str:
    """Return one line a row of every group; each column has its mean and its spread over seeds."""
    keys = list(dict.fromkeys(column.key for group in board.groups for column in group.columns))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    intervals = any(one.interval for group in board.groups for row in group.rows for one in row.estimates.values())
    tails = ("", *_SPREAD, *_INTERVAL) if intervals else ("", *_SPREAD)
    writer.writerow([*_HEADS, *(as_csv(f"{key}{tail}") for key in keys for tail in tails)])
    for group in board.groups:
        for place, row in enumerate(group.rows, start=1):
            protocol = group.protocol.hash if group.protocol else ""
            names = [as_csv(row.model), as_csv(row.variation)]
            first = [as_csv(group.dataset), protocol, place, *names, len(row.seeds), row.failed]
            ranks = (row.ranks.low, row.ranks.high) if row.ranks else (None, None)
            first += [*map(_text, (row.diverged, *ranks)), as_csv(row.collapse)]
            numbers = [number for key in keys for number in _numbers(row, key)[: len(tails)]]
            writer.writerow([*first, *map(_text, numbers)])
    return stream.getvalue().rstrip("\n")


_SPREAD = ("_seed_std",)  # scores have columns of their own that end in _std, over subsets and splits
_INTERVAL = ("_low", "_high")
_ROW_HEADS = ("dataset", "protocol", "rank", "model", "variation", "seeds", "failed_seeds")
_HEADS = (*_ROW_HEADS, "diverged_rate", "rank_low", "rank_high", "collapse")


def _numbers(row: Row, key: str) -> tuple[float | None, ...]:
    estimate = row.estimates.get(key)
    if estimate is None:
        return (None,) * 4
    return estimate.mean, estimate.deviation, *(estimate.interval or (None, None))


def _text(value: float | None) -> str:
    return "" if value is None else repr(value).lower()


def render_md(board: Board, options: RenderOptions) -> str:
    """Return a heading and a table for every group."""
    return "\n\n".join(_markdown(group, group.columns if options.wide else group.shown) for group in board.groups)


def _markdown(group: Group, columns: Sequence[BoardColumn]) -> str:
    lines = [f"### {as_markdown(group.dataset)}", ""]
    if group.protocol:
        lines += [f"Protocol `{group.protocol.hash}`: {as_markdown(str(group.protocol))}.", ""]
        lines += [_line(["model", "seeds", *(as_markdown(column.heading) for column in columns)])]
        lines += [_line(["---", "---:", *("---:" for _ in columns)])]
        lines += [
            _line([_marked(row), str(len(row.seeds)), *(_value(row, column) for column in columns)])
            for row in group.rows
        ]
        lines += ["", *(f"- {as_markdown(note)}" for note in group.notes)] if group.notes else []
    if group.failures:
        lines += [""] if group.protocol else []
        lines += [f"- {as_markdown(f'{record.cell}: {record.status}: {record.reason}')}" for record in group.failures]
    return "\n".join(lines)


def _marked(row: Row) -> str:
    return as_markdown(f"{row.label} {row.marks}".strip())


def _value(row: Row, column: BoardColumn) -> str:
    text = shown(row.estimates[column.key], column)
    return f"**{text}**" if column.key in row.bold else text


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
