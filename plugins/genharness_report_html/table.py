"""The leaderboard as cells: numbers with no more digits than their errors allow, and where each lies in its column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from genharness.board.rows import BoardColumn, Estimate, Group, Row
from genharness.figures.numbers import DASH, number, plus_minus, short, significant
from genharness.figures.standings import Standings
from genharness_report_html.scores import COUNTED, common_decimals
from genharness_report_html.svg import Ink, colour, line, mark, plain, rect, tag, width_of

__all__ = ["Head", "Line", "Table", "TableCell", "table_of"]

_PAGE = 1224.0
_MARKED, _PLACED = 60, 300
"""Rows up to which cells hold a drawn mark, and one that is a class."""
_WIDE, _HIGH = 64.0, 10.0
_CHIPS = {"as real": ("≈", "as real", "ok"), "better than real": ("!", "better than real", "warn")}
_WIDEST_NAME = 380.0
"""Pixels, from which names are broken into lines."""


@dataclass(frozen=True, slots=True)
class Head:
    """The heading of a column.

    Attributes:
        title: What it is.
        unit: Of its numbers, or empty.
        arrow: Which way is better, or empty.
    """

    title: str
    unit: str
    arrow: str

    @property
    def better(self) -> str:
        """Which way is better, in words."""
        return {"↑": "higher is better", "↓": "lower is better"}.get(self.arrow, "")


@dataclass(frozen=True, slots=True)
class TableCell:
    """A number of the table.

    Attributes:
        text: The number, or a dash.
        error: Its deviation over seeds, or empty.
        mark: Where it lies in its column, or empty.
        chip: Sign, words and style of how it stands to real data, or None.
        bold: Whether its row stands among the few that no other beats.
        value: What it is sorted by, or empty.
        reason: Why there is none, or empty.
    """

    text: str
    error: str = ""
    mark: Markup = field(default_factory=Markup)
    chip: tuple[str, str, str] | None = None
    bold: bool = False
    value: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table.

    Attributes:
        label: Its name.
        model: Its model.
        icon: Its marker.
        rank: Place, interval of places, `ref`, or a dash.
        place: What it is sorted by when sorted by rank.
        seeds: Seeds behind it.
        lost: Seeds that failed, in words, or empty.
        cells: Numbers.
        reference: Whether it takes no part.
        separated: Whether it and what follows are told from all above.
        signs: Signs that the notes explain.
        reason: Why there is no number at all, instead of cells.
    """

    label: str
    model: str
    icon: Markup
    rank: str
    place: int
    seeds: int
    lost: str = ""
    cells: Sequence[TableCell] = ()
    reference: bool = False
    separated: bool = False
    signs: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The leaderboard.

    Attributes:
        heads: Of the columns of numbers.
        lines: Rows, the real one first and other references last.
        hidden: Titles of columns that do not fit.
        banded: Whether any column has a band of real data.
        signs: Which chips stand somewhere.
    """

    heads: Sequence[Head]
    lines: Sequence[Line]
    hidden: Sequence[str]
    banded: bool
    signs: frozenset[str]


def table_of(ink: Ink, group: Group, standings: Standings, *, wide: bool = False) -> Table:
    """Return the table of a group.

    Args:
        ink: Markers.
        group: Of one dataset and protocol.
        standings: Of its rows.
        wide: Whether every column is shown, however wide that is.
    """
    wanted = _wanted(group)
    rows = _ordered(group, standings)
    columns = {column.key: _column(ink, group, column, rows) for column in wanted}
    shown = wanted if wide else _fitting(wanted, columns, rows)
    lines = [_line(ink, row, standings, [columns[one.key][at] for one in shown]) for at, row in enumerate(rows)]
    cells = [cell for one in lines for cell in one.cells if cell.chip]
    return Table(
        [_head(column) for column in shown],
        [*lines, *_lost(ink, group, rows)],
        [plain(column.title) for column in wanted if column not in shown],
        any(column.key in group.bands for column in shown),
        frozenset(cell.chip[0] for cell in cells if cell.chip),
    )


def _wanted(group: Group) -> list[BoardColumn]:
    """Return the columns to show: the board's, the one that ranks first, and how large models are."""
    more = [column for column in group.columns if column.key == "generator_parameters" and column not in group.shown]
    wanted = [*group.shown, *(more if len(group.shown) > 1 else [])]
    return sorted(wanted, key=lambda column: bool(group.compared) and column.key != group.compared[0].key)


def _ordered(group: Group, standings: Standings) -> list[Row]:
    """Return held-out real data first, then models best first, then the other reference rows."""
    ranked = {id(row) for row in standings.rows}
    real = [row for row in group.rows if row.real]
    others = [row for row in group.rows if row.reference and not row.real]
    rest = [row for row in group.rows if not row.reference and id(row) not in ranked]
    return [*real, *standings.rows, *rest, *others]


def _head(column: BoardColumn) -> Head:
    unit = column.column.unit
    if column.column.higher_is_better is None and not unit and column.key not in COUNTED:
        unit = "near real"
    return Head(plain(column.title), plain(unit), column.arrow)


def _fitting(
    wanted: Sequence[BoardColumn], columns: dict[str, list[TableCell]], rows: Sequence[Row]
) -> list[BoardColumn]:
    used = 130 + min(max((width_of(plain(row.label), 13.5) for row in rows), default=0.0), _WIDEST_NAME)
    shown: list[BoardColumn] = []
    for column in wanted:
        texts = [len(cell.text) + 0.85 * len(f" ± {cell.error}" if cell.error else "") for cell in columns[column.key]]
        used += max(max(texts, default=0.0) * 8.0 + 18, width_of(plain(column.title), 13.5) + 22, 70)
        if shown and used > _PAGE:
            break
        shown.append(column)
    return shown


def _line(ink: Ink, row: Row, standings: Standings, cells: Sequence[TableCell]) -> Line:
    places = {id(one): place for place, one in enumerate(standings.rows, start=1)}
    place = places.get(id(row))
    standing = standings.ranks.get(row.label)
    rank = "ref" if row.reference else str(standing).replace("-", DASH) if standing else str(place or DASH)
    return Line(
        label=plain(row.label),
        model=row.model,
        icon=_icon(ink, row),
        rank=rank,
        place=place or 10**6,
        seeds=len(row.seeds),
        lost=f"{row.failed} lost" if row.failed else "",
        cells=cells,
        reference=row.reference,
        separated=bool(place and place > 1 and standings.separated_after(place - 2)),
        signs=row.marks,
    )


def _icon(ink: Ink, row: Row) -> Markup:
    return tag(
        "svg", mark(ink.of(row), 8, 8), width=16, height=16, viewBox="0 0 16 16", aria_hidden="true", class_="ml"
    )


def _lost(ink: Ink, group: Group, rows: Sequence[Row]) -> list[Line]:
    """Return a line for each model of which every seed failed."""
    known = {row.model for row in rows}
    lost: dict[str, list[tuple[str, str]]] = {}
    for record in group.failures:
        if record.cell.model not in known and record.went_wrong:
            lost.setdefault(record.cell.model, []).append((record.status.replace("_", " "), plain(record.reason)))
    lines = []
    for model, ends in lost.items():
        status = ends[0][0] if len({one for one, _ in ends}) == 1 else "failed"
        chip = f"{len(ends)} of {len(ends)} seeds: {status}" if len(ends) > 1 else status
        reason = ends[0][1]
        short_reason = reason if len(reason) <= 160 else f"{reason[:159]}…"
        lines.append(Line(plain(model), model, Markup(), DASH, 10**6 + 1, 0, lost=chip, reason=short_reason or status))
    return lines


def _column(ink: Ink, group: Group, column: BoardColumn, rows: Sequence[Row]) -> list[TableCell]:
    """Return the cells of a column, from the top down."""
    estimates = [row.estimates[column.key] for row in rows]
    errors = [one.deviation for row, one in zip(rows, estimates, strict=True) if one.deviation and not row.reference]
    means = [one.mean for one in estimates if one.mean is not None]
    decimals = common_decimals(column, means, errors)
    rail = _Rail.of(group, column, rows)
    return [_cell(ink, row, column, decimals, rail, len(rows)) for row in rows]


def _cell(ink: Ink, row: Row, column: BoardColumn, decimals: int | None, rail: _Rail | None, count: int) -> TableCell:
    one = row.estimates[column.key]
    if one.mean is None or (row.reference and column.key in _NOT_OF_REFERENCES):
        return TableCell(DASH, reason=_why(row, column) if one.mean is None else "nothing is trained")
    text, error = _texts(row, one, column, decimals)
    return TableCell(
        text,
        error,
        rail.mark(ink, row, one, count) if rail is not None else Markup(),
        _CHIPS.get(one.reading) if not row.real else None,
        column.key in row.bold,
        repr(one.mean),
    )


_NOT_OF_REFERENCES = frozenset({"train_seconds", "parameters", "generator_parameters"})


def _why(row: Row, column: BoardColumn) -> str:
    reasons = [*row.records[0].failed.items(), *row.records[0].skipped.items()]
    return plain(next((why for name, why in reasons if name.replace("-", "_") == column.key), "not measured"))


def _texts(row: Row, one: Estimate, column: BoardColumn, decimals: int | None) -> tuple[str, str]:
    mean = one.mean or 0.0
    error = None if row.reference else one.deviation
    if column.key in COUNTED:
        return short(mean), ""
    if column.column.resolution == 1 and all(value == int(value) for value in one.values) and not error:
        return number(mean), ""
    if decimals is None:
        return plus_minus(mean, error) if error else (significant(mean), "")
    return plus_minus(mean, error or None, decimals)


@dataclass(frozen=True)
class _Rail:
    """Where the numbers of a column lie between its worst, at the left, and its best."""

    worst: float
    best: float
    log: bool
    band: tuple[float, float] | None

    @classmethod
    def of(cls, group: Group, column: BoardColumn, rows: Sequence[Row]) -> _Rail | None:
        """Return the rail, None where there is no direction or nothing differs."""
        higher = column.column.higher_is_better
        counted = [row for row in rows if not row.reference or (column.score and row.real)]
        values = [mean for row in counted if (mean := row.estimates[column.key].mean) is not None]
        band = group.bands.get(column.key)
        values += [band["low"], band["high"]] if band and values else []
        if higher is None or len(values) < 2 or max(values) == min(values):
            return None
        log = column.column.ratio and min(values) > 0
        worst, best = (min(values), max(values)) if higher else (max(values), min(values))
        return cls(worst, best, log, (band["low"], band["high"]) if band else None)

    def at(self, value: float) -> float:
        """Return how far to the right a value lies, 0 to 1."""
        if self.log:
            low = min(self.worst, self.best) / 10
            share = math.log(max(value, low) / self.worst) / math.log(self.best / self.worst)
        else:
            share = (value - self.worst) / (self.best - self.worst)
        return min(max(share, 0.0), 1.0)

    def mark(self, ink: Ink, row: Row, one: Estimate, count: int) -> Markup:
        """Return the small mark under a number."""
        at = self.at(one.mean or 0.0)
        if count > _PLACED:
            return Markup()
        if count > _MARKED:
            return tag("i", class_=f"x{round(99 * at)} {colour(ink.of(row))}")
        inside = _WIDE - 8
        parts = [line(4, 5, 4 + inside, 5, "rail")]
        if self.band:
            left, right = sorted(4 + inside * self.at(end) for end in self.band)
            parts.append(rect(left, 0, max(right - left, 2.5), _HIGH, "band"))
        if one.deviation and not row.reference:
            ends = sorted(4 + inside * self.at((one.mean or 0.0) + sign * one.deviation) for sign in (-1, 1))
            parts.append(line(ends[0], 5, ends[1], 5, "err"))
        parts.append(tag("circle", cx=4 + inside * at, cy=5, r=3))
        style = f"cm {colour(ink.of(row))}"
        return tag("svg", *parts, viewBox="0 0 64 10", width=64, height=10, aria_hidden="true", class_=style)
