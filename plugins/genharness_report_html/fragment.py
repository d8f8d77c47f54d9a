"""The leaderboard as a table for a web page of one's own: no style, no script."""

from __future__ import annotations

from markupsafe import Markup

from genharness.board.render import RenderOptions
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.figures.numbers import plus_minus
from genharness_report_html.scores import COUNTED, common_decimals, value_of
from genharness_report_html.svg import joined, plain, tag

__all__ = ["render"]


def render(board: Board, options: RenderOptions) -> str:
    """Return a `table` for every group, with its caption and its notes."""
    return str(Markup("\n").join(_group(group, options.wide) for group in board.groups))


def _group(group: Group, wide: bool) -> Markup:
    lost = [f"{record.cell}: {record.status}: {record.reason}" for record in group.failures]
    if group.protocol is None:
        return _notes(lost)
    columns = group.columns if wide else group.shown
    ranked = any(row.ranks for row in group.rows)
    caption = f"{group.dataset}. Protocol {group.protocol.hash}: {group.heading}."
    heads = ["Model", *(["Rank (95 %)"] if ranked else []), "Seeds", *(column.heading for column in columns)]
    places = {column.key: _decimals(group, column) for column in columns}
    table = tag(
        "table",
        tag("caption", plain(caption)),
        tag("thead", tag("tr", *(tag("th", plain(head), scope="col") for head in heads))),
        tag("tbody", *(_line(row, columns, places, ranked) for row in group.rows)),
    )
    return joined([table, _notes([*group.notes_on(columns), *lost])])


def _notes(lines: list[str]) -> Markup:
    return tag("ul", *(tag("li", plain(line)) for line in lines)) if lines else Markup()


def _decimals(group: Group, column: BoardColumn) -> int | None:
    found = [row.estimates[column.key] for row in group.rows]
    errors = [one.deviation for one in found if one.deviation]
    return common_decimals(column, [one.mean for one in found if one.mean is not None], errors)


def _line(row: Row, columns: list[BoardColumn], places: dict[str, int | None], ranked: bool) -> Markup:
    first = [tag("th", plain(f"{row.label} {row.marks}".strip()), scope="row")]
    first += [tag("td", plain(row.ranks or ""))] if ranked else []
    cells = [_cell(row, column, places[column.key]) for column in columns]
    return tag("tr", *first, tag("td", str(len(row.seeds))), *cells)


def _cell(row: Row, column: BoardColumn, decimals: int | None) -> Markup:
    one = row.estimates[column.key]
    whole = column.column.resolution == 1 and not one.deviation
    if one.mean is None or decimals is None or whole or column.key in COUNTED:
        words = value_of(one, column, reference=row.reference)
    elif row.reference or one.deviation is None:
        words = plus_minus(one.mean, None, decimals)[0]
    else:
        value, error = plus_minus(one.mean, one.deviation or None, decimals)
        words = f"{value} ± {error}" if error else value
    return tag("td", tag("strong", words)) if column.key in row.bold else tag("td", words)
