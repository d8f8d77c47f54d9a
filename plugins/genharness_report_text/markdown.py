"""The leaderboard as Markdown, for a README."""

from __future__ import annotations

from collections.abc import Sequence

from genharness.board.escapes import as_markdown
from genharness.board.estimates import BAND_ROW, band_text, error_notes, signed
from genharness.board.render import RenderOptions
from genharness.board.rows import Board, BoardColumn, Group, Row

__all__ = ["render"]


def render(board: Board, options: RenderOptions) -> str:
    """Return a heading, a table and its notes for every group."""
    return "\n\n".join(_group(group, group.columns if options.wide else group.shown) for group in board.groups)


def _group(group: Group, columns: Sequence[BoardColumn]) -> str:
    lines = [f"### {as_markdown(group.dataset)}", ""]
    if group.protocol:
        lines += [f"Protocol `{group.protocol.hash}`: {as_markdown(group.heading)}.", "", *_table(group, columns)]
        notes = [*error_notes(group.rows, columns), *group.notes_on(columns)]
        lines += ["", *(f"- {as_markdown(note)}" for note in notes)] if notes else []
    if group.failures:
        lines += [""] if group.protocol else []
        lines += [f"- {as_markdown(f'{record.cell}: {record.status}: {record.reason}')}" for record in group.failures]
    return "\n".join(lines)


def _table(group: Group, columns: Sequence[BoardColumn]) -> list[str]:
    ranked = any(row.ranks for row in group.rows)
    own = [as_markdown(name) for name in group.settings]
    heads = ["model", *own, *(["rank (95 %)"] if ranked else []), "seeds"]
    lines = [_line([*heads, *(as_markdown(column.heading) for column in columns)])]
    lines.append(_line(["---", *("---:" for _ in (*heads[1:], *columns))]))
    for row in group.rows:
        told = [as_markdown(row.setting(name)) for name in group.settings]
        first = [_marked(row), *told, *([str(row.ranks or "")] if ranked else []), str(len(row.seeds))]
        lines.append(_line([*first, *(_value(row, column) for column in columns)]))
    if group.bands:
        bands = (as_markdown(band_text(group, column)) for column in columns)
        lines.append(_line([BAND_ROW, *("" for _ in heads[1:]), *bands]))
    return lines


def _marked(row: Row) -> str:
    return as_markdown(f"{row.label} {row.marks}".strip())


def _value(row: Row, column: BoardColumn) -> str:
    text = signed(row.estimates[column.key], column)
    return f"**{text}**" if column.key in row.bold else text


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
