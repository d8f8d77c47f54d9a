"""Where the names of marks stand in a plane: beside their mark, on nothing, inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

__all__ = ["Box", "Label", "place_labels"]

_RADII = (10.0, 14.0, 22.0, 32.0, 44.0, 60.0)
_DIRECTIONS = ((1, 0), (-1, 0), (0, -1), (0, 1), (0.75, -0.75), (0.75, 0.75), (-0.75, -0.75), (-0.75, 0.75))
_OVERLAP, _OUTSIDE = 100.0, 1000.0
_HIGH = 13.0
_BETWEEN = 4.0
"""Pixels between two names beside each other."""
_LEADER_FROM = 20.0
"""Pixels between mark and name from which a line leads from one to the other."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the plane, pixels, y down."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: Box) -> bool:
        """Whether two boxes share an area."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, other: Box) -> bool:
        """Whether another lies inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


@dataclass(frozen=True, slots=True)
class Label:
    """Where a name stands.

    Attributes:
        x: Of its anchor.
        y: Of its base line.
        anchor: `start`, `middle` or `end`.
        leader: Both ends of the line from the mark, or None where the name stands close by.
    """

    x: float
    y: float
    anchor: str
    leader: tuple[float, float, float, float] | None


def place_labels(
    marks: Sequence[tuple[float, float]],
    widths: Sequence[float],
    obstacles: Sequence[Box],
    area: Box,
    first: Sequence[int] = (),
    texts: Sequence[Box] = (),
) -> list[Label | None]:
    """Return a place for the name of every mark, greedy; None for names without room, which would hide others.

    From the top down where all have room, else as the marks come, so that those that matter have a name.

    Args:
        marks: Where the marks are, pixels.
        widths: Of their names, pixels.
        obstacles: What no name should stand on, beside the marks themselves.
        area: What no name should leave.
        first: Places of the marks that come first.
        texts: What is written there already, which no name may stand on.
    """
    downwards = sorted(range(len(marks)), key=lambda one: (marks[one][1], marks[one][0]))
    found = _placed(downwards, marks, widths, obstacles, area, texts)
    if None in found:
        ranked = [*first, *(place for place in range(len(marks)) if place not in first)]
        found = _placed(ranked, marks, widths, obstacles, area, texts)
    return found


def _placed(
    order: Sequence[int],
    marks: Sequence[tuple[float, float]],
    widths: Sequence[float],
    obstacles: Sequence[Box],
    area: Box,
    texts: Sequence[Box],
) -> list[Label | None]:
    own = [Box(x - 6, y - 6, x + 6, y + 6) for x, y in marks]
    names = [_apart(one) for one in texts]
    found: list[Label | None] = [None] * len(marks)
    for place in order:
        label, box = _best(marks[place], widths[place], [*obstacles, *own, *names], area)
        if any(box.overlap(one) for one in names) or not area.holds(box):
            continue
        names.append(_apart(box))
        found[place] = label
    return found


def _apart(text: Box) -> Box:
    return Box(text.left - _BETWEEN, text.top, text.right + _BETWEEN, text.bottom)


def _best(mark: tuple[float, float], width: float, taken: Sequence[Box], area: Box) -> tuple[Label, Box]:
    """Return the cheapest place, the first of several; those near the mark are tried first and often cost least."""
    reach = _reach(mark, width)
    around = [one for one in taken if one.overlap(reach)]
    best, least = _option(mark, width, _RADII[0], _DIRECTIONS[0]), math.inf
    for radius, way in product(_RADII, _DIRECTIONS):
        if radius >= least:
            break
        option = _option(mark, width, radius, way)
        cost = _cost(option[1], radius, around, area, least)
        if cost < least:
            best, least = option, cost
    return best


def _reach(mark: tuple[float, float], width: float) -> Box:
    """Return what the places of a name lie in."""
    across, up = _RADII[-1] + width + 1, _RADII[-1] + _HIGH
    return Box(mark[0] - across, mark[1] - up, mark[0] + across, mark[1] + up)


def _option(mark: tuple[float, float], width: float, radius: float, way: tuple[float, float]) -> tuple[Label, Box]:
    x, y = mark[0] + way[0] * radius, mark[1] + way[1] * (radius + (2 if way[0] == 0 else 0))
    anchor = "start" if way[0] > 0 else "end" if way[0] < 0 else "middle"
    left = {"start": x, "end": x - width, "middle": x - width / 2}[anchor]
    box = Box(left, y - _HIGH / 2, left + width, y + _HIGH / 2)
    length = math.hypot(x - mark[0], y - mark[1])
    leader = (mark[0], mark[1], x, y) if length > _LEADER_FROM else None
    return Label(x, y + 4, anchor, leader), box


def _cost(box: Box, radius: float, taken: Sequence[Box], area: Box, limit: float) -> float:
    """Return what a place costs, or, from `limit` on, at least what it costs."""
    cost = radius + (0 if area.holds(box) else _OUTSIDE)
    for one in taken:
        if cost >= limit:
            break
        if box.left < one.right and one.left < box.right and box.top < one.bottom and one.top < box.bottom:
            cost += _OVERLAP  # as `Box.overlap`, whose calls were half of a page's time
    return cost
