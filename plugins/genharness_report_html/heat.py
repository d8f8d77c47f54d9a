"""Drawings of a sweep: a score over two settings as shades, and over each setting as dots with their means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from genharness.figures.numbers import significant
from genharness.figures.scales import scale_of
from genharness.figures.sweeps import HeatMap, Slice, Sweep
from genharness_report_html.svg import Ink, colour, cut, drawing, line, path, plain, rect, tag, text, width_of

__all__ = ["heat_map", "slice_panel"]

_WIDE, _HIGH, _TOP = 66.0, 30.0, 40.0
_PANEL, _LEFT, _RIGHT, _UP, _DOWN = (280.0, 168.0), 44.0, 268.0, 10.0, 126.0
_PALE, _STRONG = 0.05, 0.5
"""Shades of the worst and of the best place: ink stands out from both."""


def heat_map(ink: Ink, sweep: Sweep, found: HeatMap) -> Markup:
    """Return the map, the better the fuller; numbers are the scores."""
    (down, rows), (across, columns) = found.down, found.across
    left = max(width_of(cut(one, 16)) for one in (*rows, down)) + 14
    parts = [
        text(left - 8, _TOP - 8, cut(down, 16), "tk", "end"),
        text(left, 12, cut(across, 40), "tk"),
        *(text(left + (at + 0.5) * _WIDE, _TOP - 8, cut(one, 9), "tk ink", "middle") for at, one in enumerate(columns)),
    ]
    shade = _shade(sweep, [one for row in found.means for one in row if one is not None])
    for place, (name, means) in enumerate(zip(rows, found.means, strict=True)):
        y = _TOP + place * _HIGH
        parts.append(text(left - 8, y + _HIGH / 2 + 4, cut(name, 16), "lb", "end"))
        for at, mean in enumerate(means):
            x = left + at * _WIDE
            if mean is None:
                parts.append(rect(x, y, _WIDE - 2, _HIGH - 2, "pn"))
                continue
            opacity = f"{shade(mean):.2f}"
            parts.append(rect(x, y, _WIDE - 2, _HIGH - 2, "hm", fill_opacity=opacity))
            parts.append(text(x + _WIDE / 2 - 1, y + _HIGH / 2 + 4, significant(mean), "vl ink num", "middle"))
    size = left + _WIDE * len(columns), _TOP + _HIGH * len(rows) + 2
    title = f"{plain(sweep.model)}: {sweep.column.title} over {plain(down)} and {plain(across)}"
    body = tag("g", *parts, class_=colour(ink.of(sweep.rows[0])))
    return drawing(ink, *size, title, _best_place(sweep, found), body)


def _shade(sweep: Sweep, values: Sequence[float]) -> Callable[[float], float]:
    """Return a function from a score to its shade."""
    worths = [sweep.worth(one) for one in values]
    low, high = min(worths), max(worths)

    def shade(value: float) -> float:
        share = (sweep.worth(value) - low) / (high - low) if high > low else 0.5
        return _PALE + share * (_STRONG - _PALE)

    return shade


def _best_place(sweep: Sweep, found: HeatMap) -> str:
    places = [
        (sweep.worth(mean), f"{significant(mean)} at {found.down[0]} {row} and {found.across[0]} {column}")
        for row, means in zip(found.down[1], found.means, strict=True)
        for column, mean in zip(found.across[1], means, strict=True)
        if mean is not None
    ]
    return plain(f"best {max(places)[1]}")


def slice_panel(ink: Ink, sweep: Sweep, found: Slice, level: int) -> Markup:
    """Return a panel: a dot for each row over the value that it has, and a line through their means."""
    values = [score for scores in found.scores for score in scores]
    up = scale_of(values, log=sweep.log or None, least=1.5)
    step = (_RIGHT - _LEFT) / len(found.values)
    xs = [_LEFT + (place + 0.5) * step for place in range(len(found.values))]

    def at(score: float) -> float:
        return _DOWN - up.at(score) * (_DOWN - _UP)

    frame = [
        part
        for value, words in up.ticks(5)
        for part in (
            line(_LEFT, at(value), _RIGHT, at(value), "grid"),
            text(_LEFT - 5, at(value) + 4, words, "tk", "end"),
        )
    ]
    every = math.ceil(len(xs) * max(width_of(cut(one, 9), 11.0) for one in found.values) / (_RIGHT - _LEFT))
    names = [
        text(x, _DOWN + 17, cut(name, 9), "tk", "middle")
        for place, (x, name) in enumerate(zip(xs, found.values, strict=True))
        if place % every == 0
    ]
    dots = [
        tag("circle", cx=x, cy=at(score), r=3, class_="bar")
        for x, scores in zip(xs, found.scores, strict=True)
        for score in scores
    ]
    means = path([(x, at(mean)) for x, mean in zip(xs, found.means, strict=True)], "ln")
    finding = ", ".join(f"{significant(mean)} at {name}" for name, mean in zip(found.values, found.means, strict=True))
    title = f"{plain(sweep.model)}: {sweep.column.title} over {plain(found.setting)}"
    own = tag("g", *dots, means, class_=colour(ink.of(sweep.rows[0])))
    picture = drawing(ink, *_PANEL, title, plain(finding), *frame, *names, own)
    head = tag(f"h{level}", tag("bdi", cut(f"{sweep.model}: {found.setting}", 34)), class_="mh")
    return tag("div", head, picture, class_="sm")
