"""Small multiples of curves over training: scores on common axes, losses each on its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from markupsafe import Markup

from genharness.board.rows import BoardColumn, Row
from genharness.figures.curves import Curve, remark, steps_of_best
from genharness.figures.numbers import short, significant
from genharness.figures.scales import Scale, scale_of
from genharness.spec.record import Band
from genharness_report_html.names import short_name
from genharness_report_html.svg import (
    Ink,
    area,
    colour,
    cut,
    dots,
    drawing,
    line,
    mark,
    path,
    plain,
    rect,
    tag,
    text,
    width_of,
)

__all__ = ["ScorePanels", "loss_panel", "panel_head", "score_panels"]

_WIDTH, _HEIGHT = 280.0, 150.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 36.0, 264.0, 10.0, 126.0
_LOSS_RIGHT, _LEAST_LOSS_RIGHT = 188.0, 140.0
"""Where the curves of losses end: that of names that are short, and that of the longest, which are cut."""
_NAME_AT, _MOST_NAME = 15.0, 20
_APART = 13.0
_APART_FROM_TABLE = 1.5
"""Ratio of the table's score to the curve's end from which both are shown: fewer samples do not explain it."""


def panel_head(ink: Ink, row: Row, level: int, words: str = "", name: str = "") -> Markup:
    """Return the heading of a small multiple: marker, name (the row's, or another), and a remark at its right."""
    marker = ink.of(row)
    icon = tag("svg", mark(marker, 7, 7), width=14, height=14, viewBox="0 0 14 14", aria_hidden="true", class_="ml")
    called = tag("bdi", name or short_name(row, 28, ink.brief))
    return tag(f"h{level}", icon, called, *([tag("span", words)] if words else []), class_="mh")


@dataclass(frozen=True)
class ScorePanels:
    """Score curves on common axes.

    Attributes:
        column: What was scored.
        curves: By row, those that have one.
        band: Where real data score.
    """

    column: BoardColumn
    curves: Sequence[tuple[Row, Curve]]
    band: Band | None

    @property
    def steps(self) -> Scale:
        """The axis of training steps, from 0."""
        return Scale(0.0, max(curve.steps[-1] for _, curve in self.curves))

    @property
    def scores(self) -> Scale:
        """The axis of scores."""
        values = [value for _, curve in self.curves for value in (*curve.low, *curve.high)]
        values += [row.estimates[self.column.key].mean or values[0] for row, _ in self.curves]
        values += [self.band["low"], self.band["high"]] if self.band else []
        log = self.column.column.ratio and all(value > 0 for _, curve in self.curves for value in curve.low)
        return scale_of([value for value in values if value > 0] if log else values, log=log)


def score_panels(ink: Ink, panels: ScorePanels, level: int) -> list[Markup]:
    """Return a panel for each row, the others as grey lines behind it."""
    steps, scores = panels.steps, panels.scores
    lines = {row.label: _line(curve.steps, curve.mean, steps, scores, _RIGHT) for row, curve in panels.curves}
    frame = [*_frame(steps, scores, _RIGHT), *_band(panels.band, scores)]
    higher = bool(panels.column.column.higher_is_better)
    found = []
    for row, curve in panels.curves:
        fitted = _fitted(row, curve, panels.column)
        words = "" if fitted is not None else remark(curve, higher_is_better=higher)
        ghosts = [path(way, "ghost") for label, way in lines.items() if label != row.label]
        own = [
            *_seeds(curve, steps, scores, _RIGHT),
            path(lines[row.label], "ln"),
            *_best(ink, row, curve, steps, scores),
        ]
        own += _ring(fitted, curve, steps, scores) if fitted is not None else []
        ends = ((curve.mean[place], curve.steps[place]) for place in (0, -1))
        finding = ", ".join(f"{significant(score)} at step {short(step)}" for score, step in ends)
        picture = drawing(
            ink,
            _WIDTH,
            _HEIGHT,
            f"{plain(row.label)}: {panels.column.title} over training",
            f"{finding}{f'; {words}' if words else ''}",
            *frame,
            *ghosts,
            tag("g", *own, class_=colour(ink.of(row))),
        )
        found.append(tag("div", panel_head(ink, row, level, words), picture, class_="sm", data_m=plain(row.label)))
    return found


def _fitted(row: Row, curve: Curve, column: BoardColumn) -> float | None:
    """Return the score of the table where it is clearly another than the curve's end, as of samplers fitted after."""
    final = row.estimates[column.key].mean
    if final is None or min(final, curve.mean[-1]) <= 0:
        return None
    ratio = final / curve.mean[-1]
    return final if max(ratio, 1 / ratio) > _APART_FROM_TABLE else None


def _x(steps: Scale, value: float, right: float) -> float:
    return _LEFT + steps.at(value) * (right - _LEFT)


def _y(scale: Scale, value: float) -> float:
    return _BOTTOM - scale.at(value) * (_BOTTOM - _TOP)


def _line(
    steps: Sequence[float], values: Sequence[float], across: Scale, up: Scale, right: float
) -> list[tuple[float, float]]:
    return [(_x(across, step, right), _y(up, value)) for step, value in zip(steps, values, strict=True)]


def _frame(steps: Scale, scores: Scale, right: float) -> list[Markup]:
    parts: list[Markup] = []
    for value, words in scores.ticks(5):
        y = _y(scores, value)
        parts += [line(_LEFT, y, right, y, "grid"), text(_LEFT - 5, y + 4, words, "tk", "end")]
    for value, _ in steps.ticks(3 if right == _RIGHT else 2):
        x = _x(steps, value, right)
        parts.append(text(x, _BOTTOM + 17, short(value), "tk", "middle"))
    return parts


def _band(band: Band | None, scores: Scale) -> list[Markup]:
    if band is None or (scores.log and band["high"] <= 0):
        return []
    top, bottom = _y(scores, band["high"]), _y(scores, max(band["low"], scores.low))
    return [rect(_LEFT, top, _RIGHT - _LEFT, max(bottom - top, 1.5), "band")]


def _seeds(curve: Curve, steps: Scale, up: Scale, right: float) -> list[Markup]:
    if list(curve.low) == list(curve.high):
        return []
    upper = _line(curve.steps, curve.high, steps, up, right)
    return [area(upper, _line(curve.steps, curve.low, steps, up, right), "sb")]


def _best(ink: Ink, row: Row, curve: Curve, steps: Scale, scores: Scale) -> list[Markup]:
    found = steps_of_best(row.records)
    if not found:
        return []
    middle = median(step for step, _ in found)
    place = min(range(len(curve.steps)), key=lambda one: abs(curve.steps[one] - middle))
    return [mark(ink.of(row), _x(steps, curve.steps[place], _RIGHT), _y(scores, curve.mean[place]))]


def _ring(final: float, curve: Curve, steps: Scale, scores: Scale) -> list[Markup]:
    """Return the score that the table has, with a line to the curve's end."""
    x, y = _x(steps, curve.steps[-1], _RIGHT), _y(scores, final)
    words, left = f"{significant(final)} in the table", x > 170
    label = text(x - 8 if left else x + 8, y + 4, words, "tk ink halo", "end" if left else "start")
    ring = tag("circle", cx=x, cy=y, r=3.5, class_="fin")
    return [line(x, _y(scores, curve.mean[-1]) + 7, x, y - 4, "lead"), ring, label]


def loss_panel(
    ink: Ink, row: Row, curves: Sequence[Curve], held_out: Mapping[str, Curve], level: int, name: str = ""
) -> Markup:
    """Return a row's losses on axes of their own, those of held-out samples as points joined by a thin line.

    Args:
        ink: Markers.
        row: The row.
        curves: Its losses.
        held_out: Those of held-out samples, by name.
        level: Of the heading.
        name: What the panel is called in place of the row's name.
    """
    looked = [held_out[curve.name] for curve in curves if curve.name in held_out]
    values = _clipped(value for curve in (*curves, *looked) for value in (*curve.low, *curve.high))
    up = scale_of(values, pad=0.08)
    steps = Scale(0.0, max(curve.steps[-1] for curve in curves))
    right = _room_for_names(curves)
    parts = _frame(steps, up, right)
    if not up.log and up.low < 0 < up.high:
        parts.append(line(_LEFT, _y(up, 0.0), right, _y(up, 0.0), "zero"))
    for place, curve in enumerate(curves):
        parts += _seeds(curve, steps, up, right)
        parts.append(path(_line(curve.steps, curve.mean, steps, up, right), f"ln d{place % 4}"))
    for curve in looked:
        way = _line(curve.steps, curve.mean, steps, up, right)
        parts += [path(way, "lead own"), dots(way, "ho")]
    parts += _ends(curves, steps, up, right)
    finding = "; ".join(
        f"{_name(curve)} {significant(curve.mean[0])} to {significant(curve.mean[-1])}" for curve in curves
    )
    finding += "".join(f"; {_name(curve)} of held-out samples to {significant(curve.mean[-1])}" for curve in looked)
    picture = drawing(
        ink,
        _WIDTH,
        _HEIGHT,
        f"{name or plain(row.label)}: losses over training",
        finding,
        tag("g", *parts, class_=colour(ink.of(row))),
    )
    head = panel_head(ink, row, level, "log scale" if up.log else "", name)
    return tag("div", head, picture, class_="sm", data_m=plain(row.label))


def _room_for_names(curves: Sequence[Curve]) -> float:
    """Return where curves end, so that the names beside their ends are whole."""
    widest = max(width_of(_name(curve), 11) for curve in curves)
    return min(_LOSS_RIGHT, max(_WIDTH - _NAME_AT - widest, _LEAST_LOSS_RIGHT))


def _clipped(values: Iterable[float]) -> list[float]:
    """Return values without the outermost two hundredth, which would flatten a curve."""
    ordered = sorted(values)
    cut_off = len(ordered) // 200
    return ordered[cut_off : len(ordered) - cut_off]


def _ends(curves: Sequence[Curve], steps: Scale, up: Scale, right: float) -> list[Markup]:
    """Return the names of curves at their ends, pushed apart where they would overlap."""
    wanted = {place: _y(up, curve.mean[-1]) for place, curve in enumerate(curves)}
    found = _pushed_apart(wanted)
    parts: list[Markup] = []
    for place, curve in enumerate(curves):
        x = _x(steps, curve.steps[-1], right)
        parts.append(path([(x, wanted[place]), (right + 6, found[place]), (right + 12, found[place])], "lead own"))
        parts.append(text(right + _NAME_AT, found[place] + 4, cut(_name(curve), _MOST_NAME), "tk ink"))
    return parts


def _pushed_apart(wanted: Mapping[int, float]) -> dict[int, float]:
    order = sorted(wanted, key=lambda place: wanted[place])
    found: dict[int, float] = {}
    lowest = -1e9
    for place in order:
        lowest = max(wanted[place], lowest + _APART)
        found[place] = lowest
    limit = _BOTTOM
    for place in reversed(order):
        found[place] = min(found[place], limit)
        limit = found[place] - _APART
    return found


def _name(curve: Curve) -> str:
    words = plain(curve.name).replace("_loss", "").replace("loss_", "")
    return words.replace("_", " ") or "loss"
