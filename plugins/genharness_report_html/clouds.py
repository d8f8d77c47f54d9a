"""Small multiples of samples: which classes are drawn, and where they lie among real ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from genharness.board.rows import Row
from genharness.figures.classes import Shares, total_variation
from genharness.figures.numbers import THIN, number
from genharness_report_html.panels import panel_head
from genharness_report_html.svg import Ink, colour, cut, dots, drawing, line, plain, rect, tag, text

__all__ = ["MAP_SIDE", "class_panel", "map_panel", "on_map"]

_WIDTH, _HEIGHT = 182.0, 110.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 26.0, 180.0, 8.0, 84.0
_MOST_BARS, _MOST_SHOWN = 12, 20
MAP_SIDE = 190.0
"""Side of a map, pixels."""

Array = NDArray[np.float64]


def class_panel(ink: Ink, row: Row, shares: Shares, real: Shares, most: float, level: int) -> Markup:
    """Return the classes of a row: bars beside steps of the real ones; of many classes the most over- and under-drawn.

    Args:
        ink: Markers.
        row: The row.
        shares: Its classes.
        real: Those of real data.
        most: Largest share of any panel.
        level: Of its heading.
    """
    chosen = _chosen(shares, real)
    wide = (_RIGHT - _LEFT) / len(chosen)
    parts = _frame(most)
    bars: list[Markup] = []
    for place, one in enumerate(chosen):
        x = _LEFT + place * wide
        y = _y(float(shares.mean[one]), most)
        bars.append(rect(x + 1, y, wide - 2, _BOTTOM - y, "bar"))
        if shares.low[one] < shares.high[one]:
            high, low = (_y(float(value[one]), most) for value in (shares.high, shares.low))
            bars.append(line(x + wide / 2, high, x + wide / 2, low, "err ink"))
        at = _y(float(real.mean[one]), most)
        bars.append(line(x, at, x + wide, at, "real"))
        bars.append(text(x + wide / 2, _BOTTOM + 14, cut(str(one), max(1, round(22 / len(chosen)))), "tk", "middle"))
    apart = total_variation(shares, real)
    finding = "; ".join(f"{one} {shares.mean[one]:.1%} against {real.mean[one]:.1%}" for one in chosen)
    title = f"{plain(row.label)}: classes drawn"
    picture = drawing(ink, _WIDTH, _HEIGHT, title, finding, *parts, tag("g", *bars, class_=colour(ink.of(row))))
    head = panel_head(ink, row, level, f"TV {apart:.2f}")
    return tag("div", head, picture, class_="sm", data_m=plain(row.label))


def _chosen(shares: Shares, real: Shares) -> Sequence[int]:
    count = len(shares.mean)
    if count <= _MOST_BARS:
        return range(count)
    order: list[int] = np.argsort(real.mean - shares.mean, kind="stable").tolist()
    if count <= _MOST_SHOWN:
        return order
    return [*order[: _MOST_BARS // 2], *order[-_MOST_BARS // 2 :]]


def _frame(most: float) -> list[Markup]:
    step = next((one for one in (0.05, 0.1, 0.2, 0.25, 0.5) if most / one <= 3), 0.5)
    parts: list[Markup] = []
    for place in range(int(most / step) + 1):
        y = _y(place * step, most)
        unit = f"{THIN}%" if place == 0 else ""
        parts += [
            line(_LEFT, y, _RIGHT, y, "grid"),
            text(_LEFT - 4, y + 4, f"{number(100 * place * step)}{unit}", "tk", "end"),
        ]
    return parts


def _y(share: float, most: float) -> float:
    return _BOTTOM - share / most * (_BOTTOM - _TOP)


def map_panel(ink: Ink, row: Row, cloud: Array, box: tuple[Array, Array], kind: str, level: int, words: str) -> Markup:
    """Return a row's samples over the real ones, which every panel shares as one symbol.

    Args:
        ink: Markers.
        row: The row.
        cloud: Its samples `(n, 2)`.
        box: Lowest and highest corner of all clouds.
        kind: Which map: names the symbol of the real samples.
        level: Of its heading.
        words: Beside the name.
    """
    points = dots(on_map(cloud, box), "pf")
    real = tag("use", href=f"#{kind}")
    picture = drawing(
        ink,
        MAP_SIDE,
        MAP_SIDE,
        f"{plain(row.label)}: samples among real ones",
        f"{len(cloud)} samples, {words}" if words else f"{len(cloud)} samples",
        real,
        tag("g", points, class_=colour(ink.of(row))),
        class_="fr",
    )
    return tag("div", panel_head(ink, row, level, words), picture, class_="sm", data_m=plain(row.label))


def on_map(cloud: Array, box: tuple[Array, Array]) -> list[tuple[float, float]]:
    """Return points in the pixels of a map."""
    low, high = box
    span = float((high - low).max()) or 1.0
    middle = (low + high) / 2
    unit = (cloud - middle) / span
    shown = 0.5 + np.clip(unit, -0.52, 0.52) * 0.92
    return [(float(x) * MAP_SIDE, float(1 - y) * MAP_SIDE) for x, y in shown]
