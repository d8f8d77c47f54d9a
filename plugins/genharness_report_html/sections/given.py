"""Figures that other plugins give: their pictures as pictures, which a browser runs nothing of, and their numbers."""

from __future__ import annotations

import base64

from markupsafe import Markup

from genharness.figures.given import ReportFigure, figures_of_plugins
from genharness_report_html.material import Figure, Material
from genharness_report_html.numbers import number_table
from genharness_report_html.svg import joined, plain, tag

__all__ = ["of_plugins"]


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
        table = number_table(figure.heads, figure.rows)
        parts.append(tag("details", tag("summary", "The numbers"), table, class_="nums") if parts else table)
    return joined(parts)
