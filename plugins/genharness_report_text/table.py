"""The leaderboard as a table that fits the terminal."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal, NamedTuple

from rich.cells import cell_len
from rich.console import Group as Stack
from rich.text import Span, Text

from genharness.board.estimates import BAND_ROW, band_text, error_notes, signed
from genharness.board.render import RenderOptions
from genharness.board.rows import Board, BoardColumn, Group
from genharness.board.terminal import DataConsole, in_lines, longest_part
from genharness.files.paths import printable

__all__ = ["render"]

_UNLIMITED = 10_000
_EDGES = 2
_BETWEEN = 3
"""Characters between two columns."""
_LABELS = "Model"
_LEAST_LABEL = 16
"""Characters that a line of a label has at least while there is something else to leave out."""
_SHORTEST_LABEL = 8
"""Characters that it has at least, however narrow the terminal."""
_RANK, _SEEDS, _FAILED, _DIVERGED = "Rank (95 %)", "Seeds", "Failed", "Diverged"
_LESS_TELLING = (_SEEDS, _RANK, _DIVERGED, _FAILED)
"""Columns that make room for the first scores, one after the other."""


def render(board: Board, options: RenderOptions) -> str:
    """Return the board as text, with colours where they are allowed."""
    stream = io.StringIO()
    colours = "auto" if options.colour else None
    for group in board.groups:
        width = _UNLIMITED if options.wide or group.asked else options.width
        console = DataConsole(file=stream, width=width, force_terminal=options.colour, color_system=colours)
        console.print(_group(group, width, options), crop=False)  # no number is cut: lines may be wider
        for record in group.failures:  # the terminal wraps them, so that addresses and paths in them stay whole
            console.print(_failure(str(record.cell), record.status, record.reason), soft_wrap=True)
        if group.failures:
            console.print()
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def _group(group: Group, width: int, options: RenderOptions) -> Stack:
    heading = Text(printable(group.dataset), style="bold")
    parts = [heading]
    if group.protocol is not None:
        heading.append(f"  protocol {group.protocol.hash}: {printable(group.heading)}", style="not bold dim")
        wanted = group.columns if options.wide else group.shown
        made: dict[str, _Column] = {}

        def scored(column: BoardColumn) -> _Column:
            return made.get(column.key) or made.setdefault(column.key, _scored(group, column))

        whole = _fixed(group)
        fixed, columns = _laid_out(whole, scored, wanted, width)
        if group.ranked_by is not None and group.ranked_by not in columns:  # the order would be of what nobody sees
            others = [column for column in wanted if column != group.ranked_by]
            fixed, columns = _laid_out(whole, scored, [group.ranked_by, *others], width)
        parts.append(_table(group, [*fixed, *map(scored, columns)], columns, options.colour))
        hidden = [column.title for column in whole if column.title not in {one.title for one in fixed}]
        hidden += [printable(column.key) for column in group.columns if column not in columns]
        if hidden:
            noun = "column" if len(hidden) == 1 else "columns"
            words = f"{len(hidden)} more {noun} with --wide, such as {', '.join(hidden[:4])}"
            parts.append(Text(words, style="dim"))
        notes = [*error_notes(group.rows, columns), *group.notes_on(columns)]
        parts += [Text(printable(note), style="dim") for note in notes]
    return Stack(*parts, *([] if group.failures else [Text("")]))


def _failure(cell: str, status: str, reason: str) -> Text:
    return Text.assemble((f"{status.replace('_', ' ')}: ", "red"), printable(f"{cell}: {reason}"))


@dataclass(frozen=True)
class _Column:
    """A column of the table, with its cells from top to bottom."""

    title: str
    cells: list[str]
    justify: Literal["left", "right"] = "right"
    style: str = ""

    @functools.cached_property
    def head(self) -> tuple[str, str]:
        """The two lines of the title: the upper one is empty where the whole is no wider than the cells."""
        words = self.title.replace(" ↑", "\N{NO-BREAK SPACE}↑").replace(" ↓", "\N{NO-BREAK SPACE}↓").split(" ")
        if len(words) < 2 or cell_len(self.title) <= _widest(self.cells):
            return "", self.title
        parts = [word.replace("\N{NO-BREAK SPACE}", " ") for word in words]
        breaks = [(" ".join(parts[:place]), " ".join(parts[place:])) for place in range(1, len(parts))]
        return min(breaks, key=lambda lines: max(map(cell_len, lines)))

    @functools.cached_property
    def width(self) -> int:
        """Characters that it takes."""
        return _widest([*self.head, *self.cells])


def _widest(cells: Sequence[str]) -> int:
    return max(map(cell_len, "\n".join(cells).split("\n")))


def _fixed(group: Group) -> list[_Column]:
    """Return place and model, and of the others those that say something."""
    rows = group.rows
    places = [str(place) for place in range(1, len(rows) + 1)]
    labels = [*(printable(row.label) for row in rows), *([BAND_ROW] if group.bands else [])]
    columns = [_Column("#", places, style="dim"), _Column(_LABELS, labels, "left")]
    columns += [_Column(name, [printable(row.setting(name)) for row in rows]) for name in group.settings]
    if any(row.marks for row in rows):
        columns.append(_Column("", [row.marks for row in rows], "left"))
    if any(row.ranks for row in rows):
        columns.append(_Column(_RANK, [str(row.ranks or "") for row in rows]))
    if any(len(row.seeds) > 1 for row in rows):
        columns.append(_Column(_SEEDS, [str(len(row.seeds)) for row in rows]))
    if any(row.failed for row in rows):
        columns.append(_Column(_FAILED, [str(row.failed or "") for row in rows], style="red"))
    if any(row.diverged for row in rows):
        rates = [f"{row.diverged:.0%}" if row.diverged else "" for row in rows]
        columns.append(_Column(_DIVERGED, rates, style="red"))
    return columns


def _laid_out(
    whole: list[_Column], scored: Callable[[BoardColumn], _Column], wanted: Sequence[BoardColumn], width: int
) -> tuple[list[_Column], list[BoardColumn]]:
    """Return the columns before the numbers, and the first columns of numbers that fit beside them."""
    fixed = _narrowed(whole, [scored(column) for column in wanted[:1]], width)
    return fixed, _fitting(scored, fixed, wanted, width)


def _narrowed(fixed: list[_Column], first: list[_Column], width: int) -> list[_Column]:
    """Return columns beside which the first numbers find room: with labels of several lines, then with fewer columns.

    Only where both do not help are labels broken within their words.
    """
    labels = next(column for column in fixed if column.title == _LABELS)
    needed = min(labels.width, max([_LEAST_LABEL, *map(longest_part, labels.cells)]))
    kept = fixed
    for title in _LESS_TELLING:
        if _room([*kept, *first], width) < needed:
            kept = [column for column in kept if column.title != title]
    room = max(_SHORTEST_LABEL, _room([*kept, *first], width))
    folded = replace(labels, cells=["\n".join(in_lines(cell, room, "  ")) for cell in labels.cells])
    return [folded if column is labels else column for column in kept]


def _room(columns: Sequence[_Column], width: int) -> int:
    """Return how many characters labels have beside the other columns."""
    return width - _EDGES - sum(column.width + _BETWEEN for column in columns if column.title != _LABELS)


def _fitting(
    scored: Callable[[BoardColumn], _Column], fixed: Sequence[_Column], wanted: Sequence[BoardColumn], width: int
) -> list[BoardColumn]:
    """Return the first columns that fit; at least one is shown."""
    used = _EDGES + sum(column.width + _BETWEEN for column in fixed)
    columns: list[BoardColumn] = []
    for column in wanted:
        used += scored(column).width
        if columns and used > width:
            break
        columns.append(column)
        used += _BETWEEN
    return columns


def _table(group: Group, laid: list[_Column], columns: list[BoardColumn], colour: bool) -> Text:
    """Return the table, a line a row; a `rich.table.Table` of a thousand rows takes a second to print."""
    heads = zip(*(column.head for column in laid), strict=True)
    lines = [_line([(part, "") for part in parts], laid, "bold") for parts in heads if any(parts)]
    rule = "─" * (sum(column.width for column in laid) + _BETWEEN * (len(laid) - 1))
    lines = [*lines, _Line(f" {rule}")]
    for place, row in enumerate(group.rows):
        best = {column.heading for column in columns if column.key in row.bold}
        cells = [(one.cells[place], "bold green" if one.title in best else one.style) for one in laid]
        lines += _lines(cells, laid, "dim" if row.reference else "")
    if group.bands:
        cells = [(one.cells[-1] if len(one.cells) > len(group.rows) else "", "") for one in laid]
        lines.append(_line(cells, laid, "dim italic"))
    if not colour:  # a thousand rows without styles are laid out in a fifth of the time
        plain = [line.text.rstrip() for line in lines]
        return Text("\n".join(["", *plain, ""]), no_wrap=True, overflow="ignore")
    styled = [line.styled for line in lines]
    return Text("\n", no_wrap=True, overflow="ignore").join([Text(""), *styled, Text("")])


class _Line(NamedTuple):
    """A line of the table: its text, which parts of it are styled, and how all of it is."""

    text: str
    spans: Sequence[Span] = ()
    style: str = ""

    @property
    def styled(self) -> Text:
        """It for a terminal."""
        line = Text(self.text, style=self.style, no_wrap=True, spans=list(self.spans))
        line.rstrip()
        return line


def _lines(cells: list[tuple[str, str]], columns: list[_Column], style: str) -> list[_Line]:
    """Return the lines of a row: one, or more where its label has more."""
    if not any("\n" in text for text, _ in cells):
        return [_line(cells, columns, style)]
    parts = zip_longest(*(text.split("\n") for text, _ in cells), fillvalue="")
    styles = [own for _, own in cells]
    return [_line(list(zip(line, styles, strict=True)), columns, style) for line in parts]


def _line(cells: list[tuple[str, str]], columns: list[_Column], style: str) -> _Line:
    line, spans = "", []
    for (text, own), column in zip(cells, columns, strict=True):
        line += " " * (_BETWEEN if line else 1)
        start, space = len(line), " " * (column.width - cell_len(text))
        line += text + space if column.justify == "left" else space + text
        if own:
            spans.append(Span(start, len(line), own))
    return _Line(line, spans, style)


def _scored(group: Group, column: BoardColumn) -> _Column:
    """Return a column of numbers, and below them the band of real samples where the group has any."""
    cells = [signed(row.estimates[column.key], column) for row in group.rows]
    return _Column(column.heading, [*cells, band_text(group, column)] if group.bands else cells)
