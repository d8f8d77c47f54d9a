"""The leaderboard as JSON, CSV and Markdown: every column, every group."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from genharness.board import Board, BoardColumn, Group, Row
from genharness.reporting import RenderOptions
from genharness_report_text.numbers import shown

__all__ = ["render_csv", "render_json", "render_md"]


def render_json(board: Board, options: RenderOptions) -> str:
    """Return a list of groups, each with its protocol, columns, ranked rows and failures."""
    return json.dumps([_group(group) for group in board.groups], indent=2, ensure_ascii=False)


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
        "values": {
            column.key: {
                "mean": row.cells[column.key].mean,
                "std": row.cells[column.key].deviation,
                "n": row.cells[column.key].count,
            }
            for column in group.columns
        },
        "cells": [record.cell.id for record in row.records],
    }


def render_csv(board: Board, options: RenderOptions) -> str:
    """Return one line a row of every group; each column has its mean and its standard deviation over seeds."""
    keys = list(dict.fromkeys(column.key for group in board.groups for column in group.columns))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    heads = ["dataset", "protocol", "rank", "model", "variation", "seeds", "failed_seeds"]
    writer.writerow([*heads, *(name for key in keys for name in (key, f"{key}_std"))])
    for group in board.groups:
        for place, row in enumerate(group.rows, start=1):
            protocol = group.protocol.hash if group.protocol else ""
            first = [group.dataset, protocol, place, row.model, row.variation, len(row.seeds), row.failed]
            writer.writerow([*first, *(_number(value) for key in keys for value in _pair(row, key))])
    return stream.getvalue().rstrip("\n")


def _pair(row: Row, key: str) -> tuple[float | None, float | None]:
    cell = row.cells.get(key)
    return (None, None) if cell is None else (cell.mean, cell.deviation)


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def render_md(board: Board, options: RenderOptions) -> str:
    """Return a heading and a table for every group."""
    return "\n\n".join(_markdown(group) for group in board.groups)


def _markdown(group: Group) -> str:
    lines = [f"### {group.dataset}", ""]
    if group.protocol:
        lines += [f"Protocol `{group.protocol.hash}`: {group.protocol}.", ""]
        lines += [_line(["model", "seeds", *(column.heading for column in group.columns)])]
        lines += [_line(["---", "---:", *("---:" for _ in group.columns)])]
        lines += [
            _line([_cell(row.label), str(len(row.seeds)), *(_value(group, row, column) for column in group.columns)])
            for row in group.rows
        ]
    if group.failures:
        lines += [""] if group.protocol else []
        lines += [f"- {record.cell}: {record.status}: {_cell(record.reason)}" for record in group.failures]
    return "\n".join(lines)


def _value(group: Group, row: Row, column: BoardColumn) -> str:
    text = shown(row.cells[column.key], column)
    return f"**{text}**" if group.best.get(column.key) is row else text


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
