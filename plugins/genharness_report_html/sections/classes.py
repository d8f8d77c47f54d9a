"""Which classes are drawn, and whether those that were asked for are recognised."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from genharness.board.rows import Row
from genharness.figures.classes import Array, Shares, confusion_of_row, shares_of_row
from genharness.figures.numbers import THIN, number
from genharness_report_html.clouds import class_panel
from genharness_report_html.material import Figure, Material, panels
from genharness_report_html.panels import panel_head
from genharness_report_html.svg import Ink, colour, cut, drawing, plain, rect, tag, text

__all__ = ["confusions", "drawn"]

_SIDE, _EDGE = 182.0, 26.0
_MOST_CLASSES = 40
"""Classes of which a matrix is drawn: of more no cell could be told from the next."""
_MOST_NAMED = 12
_SHOWN = 0.005
"""Share of a class from which a cell is drawn."""


def drawn(material: Material) -> list[Figure]:
    """Return which classes are drawn, against those of held-out real data."""
    if material.real is None:
        return []
    real = _shares(material, material.real)
    rows = [*material.best, *(row for row in material.references if not row.real)]
    found = {row.label: shares for row in rows if (shares := _shares(material, row)) is not None}
    if real is None or not any(row.label in found for row in material.best):
        return []
    trained = [found[row.label] for row in material.best if row.label in found]
    most = max(float(one.high.max()) for one in (*trained, real)) * 1.05
    parts = [
        class_panel(material.ink, row, found[row.label], real, most, material.level + 1)
        for row in rows
        if row.label in found and len(found[row.label].mean) == len(real.mean) and found[row.label].mean.max() <= most
    ]
    caption = (
        "Share of generated samples by predicted class (bars; thin line: range over seeds) against held-out real data "
        "(steps). TV: total variation, 0 is the same shares. Reference rows off this scale are left out."
    )
    title = "Which classes are drawn, and which are left out"
    return [material.figure("classes", title, caption, panels(parts, "g6"), link="Classes", of_best=True)]


def _shares(material: Material, row: Row) -> Shares | None:
    return shares_of_row(row, material.folder)


def confusions(material: Material) -> list[Figure]:
    """Return the class asked for against the class recognised, of each model that is asked for classes."""
    found = [
        (row, one) for row in material.best if (one := confusion_of_row(row)) is not None and len(one) <= _MOST_CLASSES
    ]
    if not found:
        return []
    caption = (
        "Down: the class that was asked for; across: the one that the dataset's classifier sees, all seeds together. "
        "The fuller a place, the larger its share of the row; one that makes what it is asked for fills the diagonal."
    )
    parts = [_matrix(material.ink, row, one, material.level + 1) for row, one in found]
    return [
        material.figure("confusion", "Classes asked for and recognised", caption, panels(parts, "g6"), of_best=True)
    ]


def _matrix(ink: Ink, row: Row, shares: Array, level: int) -> Markup:
    count = len(shares)
    step = (_SIDE - _EDGE - 2) / count
    cells = [
        rect(
            _EDGE + across * step,
            down * step + 1,
            max(step - 0.6, 0.6),
            max(step - 0.6, 0.6),
            "cell",
            fill_opacity=f"{shares[down, across]:.2f}",
        )
        for down, across in np.argwhere(shares >= _SHOWN).tolist()
    ]
    every = 1 if count <= _MOST_NAMED else 5
    names = [
        part
        for place in range(0, count, every)
        for part in (
            text(_EDGE - 5, (place + 0.5) * step + 5, cut(str(place), 3), "tk", "end"),
            text(_EDGE + (place + 0.5) * step, _SIDE - _EDGE + 14, cut(str(place), 3), "tk", "middle"),
        )
    ]
    right = float(np.diag(shares).mean())
    finding = "; ".join(f"{place} {shares[place, place]:.0%}" for place in range(count))
    title = f"{plain(row.label)}: classes asked for and recognised"
    frame = rect(_EDGE, 1, step * count, step * count, "frame")
    parts = [frame, *names, tag("g", *cells, class_=colour(ink.of(row)))]
    picture = drawing(ink, _SIDE, _SIDE - 4, title, f"recognised as asked: {finding}", *parts)
    head = panel_head(ink, row, level, f"{number(100 * right)}{THIN}%")
    return tag("div", head, picture, class_="sm", data_m=plain(row.label))
