"""Figures that other plugins give: their pictures as pictures, which a browser runs nothing of, and their numbers."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from markupsafe import Markup

from genharness.figures.given import ReportFigure, figures_of_plugins
from genharness.figures.numbers import DASH
from genharness_report_html.material import Figure, Material
from genharness_report_html.svg import joined, plain, tag

__all__ = ["of_plugins"]

_MOST_ROWS = 200


def of_plugins(material: Material) -> list[Figure]:
    """Return what every figure plugin has to show of a group; one that breaks has its reason there."""
    figures = []
    for place, found in enumerate(figures_of_plugins(material.group, material.folder)):
        part = f"given-{place}"
        if isinstance(found, str):
            figures.append(material.figure(part, "A figure is missing", plain(found), Markup()))
        else:
            figures.append(material.figure(part, plain(found.title), plain(found.caption), _body(found)))
    return figures


def _body(figure: ReportFigure) -> Markup:
    parts = []
    if figure.svg or figure.png:
        kind, content = ("svg+xml", figure.svg.encode()) if figure.svg else ("png", figure.png)
        source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        parts.append(tag("img", src=source, alt=plain(figure.title), class_="given"))
    if figure.rows:
        table = _table(figure.heads, figure.rows)
        parts.append(tag("details", tag("summary", "The numbers"), table, class_="nums") if parts else table)
    return joined(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    head = tag("tr", *(tag("th", plain(one), scope="col") for one in heads))
    lines = [tag("tr", *(tag("td", tag("bdi", plain(_shown(one)))) for one in row)) for row in rows[:_MOST_ROWS]]
    more = f"The first {_MOST_ROWS} of {len(rows)} rows." if len(rows) > _MOST_ROWS else ""
    table = tag("table", tag("thead", head), tag("tbody", *lines), class_="fails")
    box = tag("div", table, class_="scroll", tabindex=0, role="region", aria_label="Numbers of the figure")
    return joined([box, *([tag("p", more)] if more else [])])


def _shown(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else DASH if value is None else value
