"""The leaderboard as a table for a web page of one's own: no style, no script."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from genharness.board.estimates import BAND_ROW, band_ends, error_notes, signed
from genharness.board.render import RenderOptions
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.figures.numbers import DASH, MINUS
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
    own = [*group.settings, *(["Rank (95 %)"] if ranked else []), "Seeds"]
    heads = ["Model", *own, *(column.heading for column in columns)]
    lines = [_line(row, group.settings, columns, ranked) for row in group.rows]
    table = tag(
        "table",
        tag("caption", plain(caption)),
        tag("thead", tag("tr", *(tag("th", plain(head), scope="col") for head in heads))),
        tag("tbody", *lines, *_bands(group, columns, len(own))),
    )
    return joined([table, _notes([*error_notes(group.rows, columns), *group.notes_on(columns), *lost])])


def _notes(lines: list[str]) -> Markup:
    return tag("ul", *(tag("li", plain(line)) for line in lines)) if lines else Markup()


def _line(row: Row, settings: Sequence[str], columns: Sequence[BoardColumn], ranked: bool) -> Markup:
    told = [plain(row.setting(name)) for name in settings]
    told += [plain(row.ranks or "")] if ranked else []
    name = tag("th", plain(f"{row.label} {row.marks}".strip()), scope="row")
    first = (tag("td", word) for word in (*told, str(len(row.seeds))))
    return tag("tr", name, *first, *(_cell(row, column) for column in columns))


def _cell(row: Row, column: BoardColumn) -> Markup:
    words = _minus(signed(row.estimates[column.key], column))
    return tag("td", tag("strong", words)) if column.key in row.bold else tag("td", words)


def _bands(group: Group, columns: Sequence[BoardColumn], between: int) -> list[Markup]:
    """Return the line of the bands of real samples; none where no column has one."""
    if not group.bands:
        return []
    words = (*[""] * between, *(_band(band_ends(group, column)) for column in columns))
    return [tag("tr", tag("th", BAND_ROW, scope="row"), *(tag("td", word) for word in words))]


def _band(ends: Sequence[str]) -> str:
    return (" to " if any("-" in end for end in ends) else DASH).join(map(_minus, ends))


def _minus(number: str) -> str:
    """Return a number with true minus signs, and a dash for one that there is not."""
    return DASH if number == "-" else number.replace("-", MINUS)
