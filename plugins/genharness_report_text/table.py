"""The leaderboard as a rich table that fits the terminal."""

from __future__ import annotations

import io

from rich import box
from rich.console import Console
from rich.console import Group as Stack
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from genharness.board import Board, BoardColumn, Group, Row
from genharness.reporting import RenderOptions
from genharness_report_text.numbers import shown

__all__ = ["render"]

_UNLIMITED = 10_000


def render(board: Board, options: RenderOptions) -> str:
    """Return the board as text, with colours where they are allowed."""
    width = _UNLIMITED if options.wide else options.width
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=options.colour, color_system="auto" if options.colour else None
    )
    for group in board.groups:
        console.print(_group(group, console, width))
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _group(group: Group, console: Console, width: int) -> Stack:
    heading = Text(group.dataset, style="bold")
    parts: list[Table | Text] = [heading]
    if group.protocol is not None:
        heading.append(f"  protocol {group.protocol.hash}: {group.protocol}", style="not bold dim")
        columns = _fitting(group, console, width)
        parts.append(_table(group, columns))
        hidden = [column.key for column in group.columns if column not in columns]
        if hidden:
            parts.append(Text(f"{len(hidden)} more columns with --wide, such as {', '.join(hidden[:4])}", style="dim"))
    parts += [Text(note, style="dim") for note in group.notes]
    parts += [_failure(str(record.cell), record.status, record.reason) for record in group.failures]
    return Stack(*parts, Text(""))


def _failure(cell: str, status: str, reason: str) -> Text:
    return Text.assemble((f"{status.replace('_', ' ')}: ", "red"), f"{cell}: {reason}")


def _fitting(group: Group, console: Console, width: int) -> list[BoardColumn]:
    """Return the first columns that fit; at least one is shown."""
    columns = list(group.columns)
    unlimited = console.options.update(max_width=_UNLIMITED)
    while len(columns) > 1 and Measurement.get(console, unlimited, _table(group, columns)).maximum > width:
        columns.pop()
    return columns


def _table(group: Group, columns: list[BoardColumn]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    several = any(len(row.seeds) > 1 for row in group.rows)
    failed = any(row.failed for row in group.rows)
    diverged = any(row.diverged for row in group.rows)
    marked = any(row.marks for row in group.rows)
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("Model", no_wrap=True)
    if marked:
        table.add_column("", no_wrap=True)
    if several:
        table.add_column("Seeds", justify="right", no_wrap=True)
    if failed:
        table.add_column("Failed", justify="right", style="red", no_wrap=True)
    if diverged:
        table.add_column("Diverged", justify="right", style="red", no_wrap=True)
    for column in columns:
        table.add_column(Text(column.heading), justify="right", no_wrap=True)
    for place, row in enumerate(group.rows, start=1):
        extra = [row.marks] if marked else []
        extra += [str(len(row.seeds))] if several else []
        extra += [str(row.failed) if row.failed else ""] if failed else []
        extra += [f"{row.diverged:.0%}" if row.diverged else ""] if diverged else []
        values = [_value(group, row, column) for column in columns]
        table.add_row(str(place), Text(row.label), *extra, *values, style="dim" if row.reference else "")
    return table


def _value(group: Group, row: Row, column: BoardColumn) -> Text:
    best = group.best.get(column.key) is row
    return Text(shown(row.cells[column.key], column), style="bold green" if best else "")
