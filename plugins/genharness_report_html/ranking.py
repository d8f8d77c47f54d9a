"""The ranking: score with its spread, every seed, real data's band, and the ranks that a row may hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from genharness.board.rows import BoardColumn, Row
from genharness.figures.numbers import DASH, THIN
from genharness.figures.scales import Scale, scale_of
from genharness.figures.standings import Standings
from genharness_report_html.names import short_name
from genharness_report_html.scores import in_words, real_row, value_of
from genharness_report_html.svg import Ink, colour, drawing, line, mark, plain, rect, tag, text, width_of

__all__ = ["MOST_NAME", "MOST_RANKED", "drawn", "ranking", "row_height"]

MOST_RANKED = 20
"""Rows of the figure; the rest stand in the table."""
_TOP, _BOTTOM = 40.0, 38.0
_MOST_SEEDS = 10
_MOST_OWN = 10
"""Rows beyond the best that are drawn because the page is about their model."""
_ROUND = (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
MOST_NAME = 24
"""Characters of a name."""


def row_height(count: int) -> float:
    """Return the height of a row of so many, pixels."""
    return 36.0 if count <= 8 else 31.0 if count <= 12 else 26.0 if count <= 16 else 22.0  # all on one screen


@dataclass(frozen=True)
class _Plot:
    """What the rows of a drawing share."""

    ink: Ink
    standings: Standings
    rows: Sequence[tuple[int, Row]]
    """Each with its place from the best, which is 0."""
    column: BoardColumn
    scale: Scale
    left: float
    right: float
    width: float
    high: float
    bottom: float
    panel: float
    """Where the ranks begin; the width of the drawing where there are none."""
    step: float
    last: int
    """The last rank of the axis: what the worst of the rows that are drawn may have."""

    def x(self, value: float) -> float:
        return self.left + self.scale.at(value) * (self.right - self.left)

    def rank(self, place: float) -> float:
        return self.panel + 12 + (place - 1) * self.step


def drawn(standings: Standings, own: str) -> list[tuple[int, Row]]:
    """Return the rows that are drawn with their places, the best is 0: the best, and those of the model `own`."""
    rows = list(enumerate(standings.rows))
    mine = [one for one in rows[MOST_RANKED:] if one[1].model == own][:_MOST_OWN]
    return [*rows[: MOST_RANKED - len(mine)], *mine]


def ranking(ink: Ink, standings: Standings, *, narrow: bool = False) -> Markup:
    """Return the drawing, 592 or 350 pixels wide."""
    plot = _plot(ink, standings, 350.0 if narrow else 592.0, narrow)
    finding = "; ".join(
        f"{place + 1}. {plain(row.label)} {in_words(row.estimates[plot.column.key], plot.column)}"
        for place, row in plot.rows
    )
    parts = [*_frame(plot, narrow), *_band(plot, narrow), *(_ranks_frame(plot) if plot.panel < plot.width else ())]
    for at, (place, row) in enumerate(plot.rows):
        parts.append(_row(plot, row, place, at))
        following = plot.rows[at + 1][0] if at + 1 < len(plot.rows) else place
        if any(standings.separated_after(one) for one in range(place, following)):
            y = _TOP + (at + 1) * plot.high
            parts.append(line(0, y, plot.width, y, "sep"))
    return drawing(ink, plot.width, plot.bottom + _BOTTOM, f"Ranking by {plot.column.title}", finding, *parts)


def _plot(ink: Ink, standings: Standings, width: float, narrow: bool) -> _Plot:
    column = standings.column
    assert column is not None
    places = drawn(standings, ink.own)
    rows = [row for _, row in places]
    high = row_height(len(rows))
    ranked = bool(standings.ranks) and not narrow
    last = max([places[-1][0] + 1, *(one.high for row in rows if (one := standings.ranks.get(row.label)))])
    step = min(17.6, 190.0 / last)
    panel = width - (step * (last - 1) + 24) if ranked else width
    names = max(ink.width(row, short_name(row, _most_name(narrow), ink.brief)) for row in rows)
    left = 58 + names + 16
    return _Plot(
        ink,
        standings,
        places,
        column,
        _scale(standings, column, rows),
        left,
        panel - (22 if ranked else 30),
        width,
        high,
        _TOP + high * len(rows),
        panel,
        step,
        last,
    )


def _most_name(narrow: bool) -> int:
    return 20 if narrow else MOST_NAME


def _scale(standings: Standings, column: BoardColumn, rows: list[Row]) -> Scale:
    values = [value for row in rows for value in row.estimates[column.key].values]
    for row in rows:
        one = row.estimates[column.key]
        values += [(one.mean or 0.0) + sign * (one.deviation or 0.0) for sign in (-1, 1)]
    band = standings.group.bands.get(column.key)
    real = real_row(standings.group, column.key)
    values += [band["low"], band["high"]] if band else [real] if real is not None else []
    means = [row.estimates[column.key].mean or 0.0 for row in rows]
    log = column.column.ratio and min(means, default=0.0) > 0
    if log:
        values = [value for value in values if value > 0]
    return scale_of(values, log=log)


def _frame(plot: _Plot, narrow: bool) -> list[Markup]:
    parts: list[Markup] = []
    for value, words in plot.scale.ticks(4 if narrow else 5):
        x = plot.x(value)
        parts += [line(x, _TOP, x, plot.bottom, "grid"), text(x, plot.bottom + 14, words, "tk", "middle")]
    way = "lower is better ←" if not plot.column.column.higher_is_better else "higher is better →"
    log = ", log scale" if plot.scale.log else ""
    title = " ".join(
        filter(None, [plain(plot.column.title), f"({plain(plot.column.column.unit)})" * bool(plot.column.column.unit)])
    )
    parts.append(text((plot.left + plot.right) / 2, plot.bottom + 30, f"{title}{log} · {way}", "ax", "middle"))
    return parts


def _band(plot: _Plot, narrow: bool) -> list[Markup]:
    band = plot.standings.group.bands.get(plot.column.key)
    if band is not None:
        left, right = plot.x(max(band["low"], plot.scale.low)), plot.x(band["high"])
        words = "real" if narrow else "real against real"
        middle = min(max((left + right) / 2, plot.left + width_of(words, 11) / 2 - 16), plot.right)
        return [
            rect(left, _TOP, max(right - left, 2), plot.bottom - _TOP, "band"),
            text(middle, _TOP - 6, words, "tk", "middle"),
        ]
    real = real_row(plot.standings.group, plot.column.key)
    if real is None:
        return []
    x = plot.x(real)
    near_end = x > (plot.left + plot.right) / 2
    return [
        line(x, _TOP, x, plot.bottom, "refl"),
        text(x, _TOP - 6, "real" if narrow else "held-out real data", "tk", "end" if near_end else "start"),
    ]


def _ranks_frame(plot: _Plot) -> list[Markup]:
    parts = [text((plot.rank(1) + plot.rank(plot.last)) / 2, 18, f"rank, at 95{THIN}%", "tk", "middle")]
    for place in _places(plot.last, plot.step):
        x = plot.rank(place)
        parts += [text(x, _TOP - 6, str(place), "tk", "middle"), line(x, _TOP, x, plot.bottom, "grid")]
    return parts


def _places(last: int, step: float) -> list[int]:
    """Return the ranks that the axis names: all or every second, or the first and round ones."""
    wide = width_of(str(last), 11) + 3
    every = next((one for one in (1, 2, *_ROUND) if one * step > wide), _ROUND[-1])
    if every <= 2:
        return list(range(1, last + 1, every))
    return [1, *(place for place in range(every, last + 1, every) if (place - 1) * step > wide)]


def _row(plot: _Plot, row: Row, place: int, at: int) -> Markup:
    """Return the row of a place of the ranking, as the so manieth of the drawing."""
    marker, one = plot.ink.of(row), row.estimates[plot.column.key]
    top = _TOP + at * plot.high
    y = top + plot.high / 2
    standing = plot.standings.ranks.get(row.label)
    shown = str(standing).replace("-", DASH) if standing else str(place + 1)
    words = in_words(one, plot.column)
    ranks = f", rank {standing.low} to {standing.high}" if standing else ""
    name = short_name(row, _most_name(plot.width < 400), plot.ink.brief)
    return tag(
        "g",
        tag("title", f"{plain(row.label)}: {plot.column.title} {words}{ranks}"),
        rect(0, top, plot.width, plot.high, "hit"),
        text(34, y + 4, shown, "lb num", "end"),
        mark(marker, 46, y),
        text(58, y + 4, name, plot.ink.label(row)),
        *_spread(plot, row, y),
        mark(marker, plot.x(one.mean or 0.0), y),
        _value(plot, row, y),
        *_rank_bar(plot, row, place, y),
        data_m=plain(row.label),
        class_=colour(marker),
    )


def _spread(plot: _Plot, row: Row, y: float) -> list[Markup]:
    one = row.estimates[plot.column.key]
    seeds = one.values if 1 < len(one.values) <= _MOST_SEEDS else ()
    parts = [line(plot.x(value), y - 5, plot.x(value), y + 5, "tick") for value in seeds]
    if one.deviation:
        low, high = ((one.mean or 0.0) + sign * one.deviation for sign in (-1, 1))
        parts.append(line(plot.x(max(low, plot.scale.low)), y, plot.x(high), y, "err"))
    return parts


def _value(plot: _Plot, row: Row, y: float) -> Markup:
    """Return the number beside a mark: to its right, or to its left where it would leave."""
    one = row.estimates[plot.column.key]
    words = value_of(one, plot.column)
    high = max([one.mean or 0.0, *one.values, (one.mean or 0.0) + (one.deviation or 0.0)])
    low = min([one.mean or 0.0, *one.values, (one.mean or 0.0) - (one.deviation or 0.0)])
    right, left = plot.x(high), plot.x(max(low, plot.scale.low))
    if right + 12 + width_of(words, 11.5) <= plot.right + (20 if plot.panel < plot.width else 28):
        return text(right + 12, y + 4, words, "vl halo")
    return text(left - 12, y + 4, words, "vl halo", "end")


def _rank_bar(plot: _Plot, row: Row, place: int, y: float) -> list[Markup]:
    standing = plot.standings.ranks.get(row.label)
    if standing is None or plot.panel >= plot.width:
        return []
    left, right = plot.rank(standing.low) - 5, plot.rank(standing.high) + 5
    dot = tag("circle", cx=plot.rank(place + 1), cy=y, r=2.5, class_="rkd")
    return [rect(left, y - 5, right - left, 10, "rk", rx=5), dot]
