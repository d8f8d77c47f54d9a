"""Names beside the marks of a plot, placed as those of the report: on nothing, with a line where they stand off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from genharness.figures.placement import Box, Label, place_labels
from genharness.files.paths import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

__all__ = ["name_marks"]

_SIZE = 7
_REPORT_SIZE = 12.5
"""Size of the names that the distances of `place_labels` are made for."""
_SIDES: dict[str, Literal["left", "center", "right"]] = {"start": "left", "middle": "center", "end": "right"}


def name_marks(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    names: Sequence[str],
    bars: Sequence[tuple[tuple[float, float], tuple[float, float]]],
    first: Sequence[int] = (),
) -> None:
    """Write names beside points of axes whose limits and labels are final; say how many, where not all have room.

    Args:
        axes: Where the points are.
        points: Their places, in data.
        names: Of each point.
        bars: Lines that no name should stand on, by their ends.
        first: Places of the points that should have a name before others.
    """
    sheet = axes.get_figure(root=True)
    assert sheet is not None
    sheet.draw_without_rendering()  # the layout, on which pixels depend
    unit = _SIZE / _REPORT_SIZE * sheet.dpi / 72

    def at(point: tuple[float, float]) -> tuple[float, float]:
        x, y = axes.transData.transform(point)
        return float(x) / unit, -float(y) / unit

    texts = [_text(axes, name, point) for name, point in zip(names, points, strict=True)]
    widths = [text.get_window_extent().width / unit for text in texts]
    blocked = [_around(at(a), at(b)) for a, b in bars]
    labels = place_labels([at(point) for point in points], widths, blocked, _box(axes.bbox, unit), first)
    for text, label, point in zip(texts, labels, points, strict=True):
        _put(axes, text, label, at(point))
    shown = sum(label is not None for label in labels)
    if shown < len(labels):
        axes.set_title(f"{shown} of {len(labels)} named", loc="right", fontsize=_SIZE)


def _text(axes: Axes, name: str, point: tuple[float, float]) -> Annotation:
    text = axes.annotate(printable(name), point, xytext=(0, 0), textcoords="offset points", fontsize=_SIZE)
    text.set_in_layout(False)
    return text


def _put(axes: Axes, text: Annotation, label: Label | None, mark: tuple[float, float]) -> None:
    if label is None:
        text.remove()
        return
    scale = _SIZE / _REPORT_SIZE
    x, y = (label.x - mark[0]) * scale, (mark[1] - label.y) * scale
    text.set_position((x, y))
    text.set_horizontalalignment(_SIDES[label.anchor])
    if label.leader:
        place, line = (x, y + 4 * scale), {"arrowstyle": "-", "linewidth": 0.4}
        axes.annotate("", text.xy, place, textcoords="offset points", arrowprops=line).set_in_layout(False)


def _around(a: tuple[float, float], b: tuple[float, float]) -> Box:
    return Box(min(a[0], b[0]) - 2, min(a[1], b[1]) - 2, max(a[0], b[0]) + 2, max(a[1], b[1]) + 2)


def _box(box: Bbox, unit: float) -> Box:
    return Box(box.x0 / unit, -box.y1 / unit, box.x1 / unit, -box.y0 / unit)
