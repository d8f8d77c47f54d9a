"""Rows in the plane of two columns: quality against cost, precision against recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from genharness.board.rows import BoardColumn, Estimate
from genharness.figures.placement import Box, place_labels
from genharness.figures.scales import Scale, scale_of, time_ticks
from genharness.figures.tradeoff import Point, TradeOff
from genharness.spec.record import Band
from genharness_report_html.names import short_name
from genharness_report_html.scores import in_words
from genharness_report_html.svg import Ink, colour, drawing, line, mark, path, plain, rect, tag, text, width_of

__all__ = ["cost_plane", "share_plane"]

_LEAST_FACTOR = 5.0
"""A cost axis never spans less, or noise would fill it."""
_MOST_LABELS = 40
Ticks = Sequence[tuple[float, str]]


@dataclass(frozen=True)
class _Plane:
    """Axes and where they lie."""

    ink: Ink
    found: TradeOff
    across: Scale
    up: Scale
    box: Box

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point lies, pixels; large values up."""
        return (
            self.box.left + self.across.at(x) * (self.box.right - self.box.left),
            self.box.bottom - self.up.at(y) * (self.box.bottom - self.box.top),
        )


def cost_plane(ink: Ink, found: TradeOff, band: Band | None, real: float | None, size: tuple[float, float]) -> Markup:
    """Return quality against a cost: down is better where lower scores are, left is cheaper; the front is dotted.

    Args:
        ink: Markers.
        found: Rows; the column across is a cost.
        band: Where real data score, or None.
        real: What held-out real data score, or None.
        size: Width and height, pixels.
    """
    xs = [value for point in found.points for value in _ends(point.x)]
    ys = [value for point in found.points for value in _ends(point.y)]
    ys += [band["low"], band["high"]] if band else [real] if real is not None else []
    positive = all(value > 0 for value in (point.at[1] for point in found.points))
    log_up = found.up.column.ratio and positive
    across = scale_of([x for x in xs if x > 0], log=True, least=_LEAST_FACTOR, pad=0.08)
    up = scale_of([y for y in ys if y > 0] if log_up else ys, log=log_up, pad=0.08)
    box = Box(44, 26, size[0] - 8, size[1] - 44)
    plane = _Plane(ink, found, across, up, box)
    seconds = found.across.column.unit == "s"
    ticks = time_ticks(across, 5) if seconds else across.ticks(5)
    title = "training time" if found.across.key == "train_seconds" else plain(_named(found.across))
    way = "lower is better" if not found.up.column.higher_is_better else "higher is better"
    arrow = "↓" if not found.up.column.higher_is_better else "↑"
    points, note = _points(plane, _obstacles(plane, band, real), up.ticks(6))
    parts = [
        *_frame(plane, ticks, up.ticks(6)),
        *_reference(plane, band, real),
        *_front(plane),
        *points,
        *_head(plane, arrow, f"{plain(found.up.title)}, {way}", note),
        text((box.left + box.right) / 2, size[1] - 6, f"{title}, log scale · less is better ←", "ax", "middle"),
    ]
    what = f"{found.up.title} against {found.across.title}"
    return drawing(ink, *size, what, _finding(found), *parts)


def share_plane(ink: Ink, found: TradeOff, bands: tuple[Band | None, Band | None], size: tuple[float, float]) -> Markup:
    """Return two shares against each other, such as precision and recall, on axes from 0 to 1.

    Args:
        ink: Markers.
        found: Rows, reference rows too.
        bands: Where real data lie across and up.
        size: Width and height, pixels.
    """
    most = max([1.0, *(value for point in found.points for value in point.at)])
    scale = Scale(0.0, most * 1.03)
    box = Box(44, 26, size[0] - 8, size[1] - 44)
    plane = _Plane(ink, found, scale, scale, box)
    parts = [*_frame(plane, scale.ticks(6), scale.ticks(6))]
    across, up = bands
    if across and up:
        left, top = plane.at(across["low"], up["high"])
        right, bottom = plane.at(across["high"], up["low"])
        parts.append(rect(left, top, max(right - left, 2), max(bottom - top, 2), "band"))
    points, note = _points(plane, [], scale.ticks(6))
    parts += [
        *points,
        *_head(plane, "↑", _SHARES.get(found.up.key, plain(found.up.title)), note),
        text(
            (box.left + box.right) / 2,
            size[1] - 6,
            f"{_SHARES.get(found.across.key, plain(found.across.title))} →",
            "ax",
            "middle",
        ),
    ]
    return drawing(ink, *size, f"{found.up.title} against {found.across.title}", _finding(found), *parts)


_SHARES = {
    "precision": "precision: samples that look real",
    "recall": "recall: real data that is reached",
    "density": "density: how densely real data lie round samples",
    "coverage": "coverage: real data with a sample near it",
}


def _named(column: BoardColumn) -> str:
    return f"{column.title} ({column.column.unit})" if column.column.unit else column.title


def _finding(found: TradeOff) -> str:
    return "; ".join(
        f"{plain(point.row.label)}: {found.up.title} {in_words(point.y, found.up)} at "
        f"{found.across.title} {in_words(point.x, found.across)}"
        for point in found.points
    )


def _ends(one: Estimate) -> tuple[float, float]:
    mean, deviation = one.mean or 0.0, one.deviation or 0.0
    return mean - deviation if mean > deviation else mean, mean + deviation


def _frame(plane: _Plane, across: Ticks, up: Ticks) -> list[Markup]:
    box = plane.box
    parts: list[Markup] = []
    for value, words in across:
        x, _ = plane.at(value, plane.up.low)
        parts += [line(x, box.top, x, box.bottom, "grid"), text(x, box.bottom + 16, words, "tk", "middle")]
    for value, words in up:
        _, y = plane.at(plane.across.low, value)
        parts += [line(box.left, y, box.right, y, "grid"), text(box.left - 6, y + 4, words, "tk", "end")]
    return parts


def _reference(plane: _Plane, band: Band | None, real: float | None) -> list[Markup]:
    box = plane.box
    if band is not None:
        _, top = plane.at(plane.across.low, band["high"])
        _, bottom = plane.at(plane.across.low, max(band["low"], plane.up.low))
        middle = (top + bottom) / 2 + 4 if bottom - top > 16 else top - 5
        return [
            rect(box.left, top, box.right - box.left, max(bottom - top, 2), "band"),
            text(box.right - 4, middle, "real against real", "tk", "end"),
        ]
    if real is not None:
        _, y = plane.at(plane.across.low, real)
        return [line(box.left, y, box.right, y, "refl"), text(box.right, y - 5, "held-out real data", "tk", "end")]
    return []


def _obstacles(plane: _Plane, band: Band | None, real: float | None) -> list[Box]:
    boxes = [
        Box(min(a[0], b[0]) - 2, min(a[1], b[1]) - 2, max(a[0], b[0]) + 2, max(a[1], b[1]) + 2)
        for a, b in _steps(plane)
    ]
    value = (band["low"] * band["high"]) ** 0.5 if band and band["low"] > 0 else band["high"] if band else real
    if value is not None:
        _, y = plane.at(plane.across.low, value)
        boxes.append(Box(plane.box.right - 120, y - 10, plane.box.right, y + 8))
    return boxes


def _corners(plane: _Plane) -> list[tuple[float, float]]:
    """Return the corners of the stepped front, from the top to the right."""
    front = [plane.at(*point.at) for point in plane.found.front]
    if not front:
        return []
    better_down = not plane.found.up.column.higher_is_better
    corners = [(front[0][0], plane.box.top if better_down else plane.box.bottom)]
    for before, point in zip([corners[0], *front], front, strict=False):
        corners += [(point[0], before[1]), point]
    return [*corners, (plane.box.right, front[-1][1])]


def _steps(plane: _Plane) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    corners = _corners(plane)
    return list(pairwise(corners))


def _front(plane: _Plane) -> list[Markup]:
    corners = _corners(plane)
    return [path(corners, "front")] if corners else []


def _numbers(plane: _Plane, up: Ticks) -> list[Box]:
    """Return what the numbers beside the axis cover."""
    right, places = plane.box.left - 6, [(plane.at(plane.across.low, value)[1], words) for value, words in up]
    return [Box(right - width_of(words, 11), y - 6, right, y + 6) for y, words in places]


def _head(plane: _Plane, arrow: str, title: str, note: str) -> list[Markup]:
    """Return what stands above: what goes up, in full where that leaves room for the note at the other end."""
    full = f"{arrow} {title}"
    room = plane.box.right - width_of(note, 11) - 12
    return [
        text(
            0, 12, full if not note or width_of(full, 11.5) < room else f"{arrow} {plain(plane.found.up.title)}", "ax"
        ),
        *([text(plane.box.right, 12, note, "tk", "end")] if note else []),
    ]


def _points(plane: _Plane, obstacles: Sequence[Box], up: Ticks) -> tuple[list[Markup], str]:
    """Return the marks with their names, and how many have one where not all have."""
    points = plane.found.points
    places = [plane.at(*point.at) for point in points]
    bars = [_bars(plane, point) for point in points]
    blocked = [*obstacles, *(box for one in bars for box in one[1])]
    named = points[:_MOST_LABELS]
    names = [short_name(point.row, 26, plane.ink.brief) for point in named]
    first = [
        place
        for place, point in enumerate(named)
        if point.row.model == plane.ink.own or any(point is one for one in plane.found.front)
    ]
    frame = Box(2, 16, plane.box.right + 6, plane.box.bottom)
    widths = [plane.ink.width(point.row, name) for point, name in zip(named, names, strict=True)]
    numbers = _numbers(plane, up)
    labels = place_labels(places[:_MOST_LABELS], widths, blocked, frame, first, numbers)
    parts: list[Markup] = []
    for place, point in enumerate(points):
        marker = plane.ink.of(point.row)
        words = (
            f"{plain(point.row.label)}: {in_words(point.y, plane.found.up)}, {in_words(point.x, plane.found.across)}"
        )
        inner = [tag("title", words), *bars[place][0], mark(marker, *places[place])]
        if place < len(labels) and (label := labels[place]) is not None:
            inner += [line(*label.leader, "lead")] if label.leader else []
            inner.append(text(label.x, label.y, names[place], f"{plane.ink.label(point.row)} halo", label.anchor))
        parts.append(tag("g", *inner, data_m=plain(point.row.label), class_=colour(marker)))
    shown = sum(label is not None for label in labels)
    return parts, f"{shown} of {len(points)} named" if shown < len(points) else ""


def _bars(plane: _Plane, point: Point) -> tuple[list[Markup], list[Box]]:
    """Return the error bars of a point, and what they cover."""
    if point.row.reference:
        return [], []
    x, y = point.at
    parts: list[Markup] = []
    boxes: list[Box] = []
    if point.x.deviation:
        low, high = _ends(point.x)
        (left, at), (right, _) = plane.at(low, y), plane.at(high, y)
        parts.append(line(left, at, right, at, "err"))
        boxes.append(Box(left, at - 2, right, at + 2))
    if point.y.deviation:
        low, high = _ends(point.y)
        (at, bottom), (_, top) = plane.at(x, low), plane.at(x, high)
        parts.append(line(at, top, at, bottom, "err"))
        boxes.append(Box(at - 2, min(top, bottom), at + 2, max(top, bottom)))
    return parts, boxes
