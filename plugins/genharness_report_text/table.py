"""The leaderboard as a rich table that fits the terminal."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.console import Group as Stack
from rich.table import Table
from rich.text import Text

from genharness.board import Board, BoardColumn, Group, Row
from genharness.reporting import RenderOptions
from genharness_report_text.numbers import shown

__all__ = ["render"]

_UNLIMITED = 10_000
_EDGES = 2
_BETWEEN = 3
"""Characters between two columns: their padding and the box's divider."""


def render(board: Board, options: RenderOptions) -> str:
    """Return the board as text, with colours where they are allowed."""
    width = _UNLIMITED if options.wide else options.width
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=options.colour, color_system="auto" if options.colour else None
    )
    for group in board.groups:
        console.print(_group(group, width))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _group(group: Group, width: int) -> Stack:
    heading = Text(group.dataset, style="bold")
    parts: list[Table | Text] = [heading]
    if group.protocol is not None:
        heading.append(f"  protocol {group.protocol.hash}: {group.protocol}", style="not bold dim")
        columns = _fitting(group, width)
        parts.append(_table(group, columns))
        hidden = [column.key for column in group.columns if column not in columns]
        if hidden:
            parts.append(Text(f"{len(hidden)} more columns with --wide, such as {', '.join(hidden[:4])}", style="dim"))
    parts += [Text(note, style="dim") for note in group.notes]
    parts += [_failure(str(record.cell), record.status, record.reason) for record in group.failures]
    return Stack(*parts, Text(""))


def _failure(cell: str, status: str, reason: str) -> Text:
    return Text.assemble((f"{status.replace('_', ' ')}: ", "red"), f"{cell}: {reason}")


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A column that every table has, with its cells from top to bottom."""

    title: str
    cells: list[str]
    justify: Literal["left", "right"] = "right"
    style: str = ""


def _fixed(group: Group) -> list[_Fixed]:
    """Return place and model, and of the others those that say something."""
    rows = group.rows
    places = [str(place) for place in range(1, len(rows) + 1)]
    columns = [_Fixed("#", places, style="dim"), _Fixed("Model", [row.label for row in rows], "left")]
    if any(row.marks for row in rows):
        columns.append(_Fixed("", [row.marks for row in rows], "left"))
    if any(len(row.seeds) > 1 for row in rows):
        columns.append(_Fixed("Seeds", [str(len(row.seeds)) for row in rows]))
    if any(row.failed for row in rows):
        columns.append(_Fixed("Failed", [str(row.failed or "") for row in rows], style="red"))
    if any(row.diverged for row in rows):
        columns.append(_Fixed("Diverged", [f"{row.diverged:.0%}" if row.diverged else "" for row in rows], style="red"))
    return columns


def _fitting(group: Group, width: int) -> list[BoardColumn]:
    """Return the first columns that fit; at least one is shown.

    Rich could measure the tables, but one of a thousand rows takes it half a second.
    """
    used = _EDGES + sum(_width(column.title, column.cells) + _BETWEEN for column in _fixed(group))
    columns: list[BoardColumn] = []
    for column in group.columns:
        used += _width(column.heading, [shown(row.cells[column.key], column) for row in group.rows])
        if columns and used > width:
            break
        columns.append(column)
        used += _BETWEEN
    return columns


def _width(heading: str, cells: list[str]) -> int:
    return max(map(cell_len, [heading, *cells]))


def _table(group: Group, columns: list[BoardColumn]) -> Table:
    fixed = _fixed(group)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for one in fixed:
        table.add_column(one.title, justify=one.justify, style=one.style, no_wrap=True)
    for column in columns:
        table.add_column(Text(column.heading), justify="right", no_wrap=True)
    for place, row in enumerate(group.rows):
        first = [Text(one.cells[place]) for one in fixed]
        values = [_value(group, row, column) for column in columns]
        table.add_row(*first, *values, style="dim" if row.reference else "")
    return table


def _value(group: Group, row: Row, column: BoardColumn) -> Text:
    best = group.best.get(column.key) is row
    return Text(shown(row.cells[column.key], column), style="bold green" if best else "")
