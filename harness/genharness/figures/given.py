"""Figures that plugins add to a report: what one is, and that none can harm the page that it stands on.

A picture is embedded as a picture, not as markup: in `<img>` browsers run no script of an SVG, follow no link of it and
load nothing for it.
"""

from __future__ import annotations

import io
import xml.parsers.expat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from genharness.board.rows import Group
from genharness.errors import GenharnessError, PluginError
from genharness.plugin.containment import contained
from genharness.plugin.registry import Registry, config_of, load_factory, load_registry
from genharness.spec.plugins import FigureSpec

__all__ = ["MOST_BYTES", "ReportFigure", "checked_figures", "figures_of_plugins"]

MOST_BYTES = 500_000
"""Of a picture: a report is to be sent by mail."""
_MOST_PIXELS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigure:
    """A figure for a report.

    Attributes:
        title: What it shows, in a line.
        caption: How to read it: marks, lines, units.
        svg: The drawing as an SVG document, or empty. It takes no part in the page's style: give it a background.
        png: The drawing as the bytes of a PNG file, or empty. One of the two, or neither where the numbers are enough.
        heads: Headings of the numbers behind it.
        rows: Those numbers, for who cannot see the drawing or wants to use them; each row as long as `heads`.
    """

    title: str
    caption: str
    svg: str = ""
    png: bytes = b""
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str | float | None]] = ()


def figures_of_plugins(
    group: Group, folder: Path | None, registry: Registry | None = None
) -> Iterator[ReportFigure | str]:
    """Yield the figures of every plugin for a group, and a line for each that broke.

    Args:
        group: One dataset under one protocol.
        folder: The results folder, or None where nothing but records is known.
        registry: Where the plugins are; None: those that are installed.
    """
    for spec in (registry or load_registry()).figures.values():
        try:
            with contained():
                figures = load_factory(spec)(group, folder, config_of(spec, {}))
            yield from checked_figures(spec, figures)
        except GenharnessError as error:
            yield f"figure {spec.name}: {' '.join(str(error).split())}"


def checked_figures(spec: FigureSpec, figures: Any) -> list[ReportFigure]:
    """Return what a plugin gave, if a page can hold it.

    Args:
        spec: The plugin.
        figures: What its function returned.

    Raises:
        PluginError: For the first thing that is wrong.
    """
    if not isinstance(figures, Sequence) or not all(isinstance(one, ReportFigure) for one in figures):
        raise PluginError(f"{spec.name} gives {type(figures).__name__}: it must give a sequence of ReportFigure")
    for one in figures:
        if wrong := _fault(one):
            raise PluginError(f"{spec.name}: {wrong}")
    return list(figures)


def _fault(one: ReportFigure) -> str:
    if not (isinstance(one.title, str) and one.title.strip() and isinstance(one.caption, str) and one.caption.strip()):
        return "a figure needs a title and a caption"
    if one.svg and one.png:
        return "a figure is an SVG or a PNG, not both"
    if not (one.svg or one.png or one.rows):
        return "a figure needs a drawing or numbers"
    if max(len(one.svg), len(one.png)) > MOST_BYTES:
        return f"its drawing has more than {MOST_BYTES:,} bytes"
    if any(len(row) != len(one.heads) for row in one.rows):
        return "a row of its numbers is not as long as its heads"
    return _svg_fault(one.svg) if one.svg else _png_fault(one.png) if one.png else ""


def _svg_fault(text: str) -> str:
    """Return why a text is no SVG document; one that declares entities is none here, since they can be bombs."""
    parser = xml.parsers.expat.ParserCreate()
    roots: list[str] = []
    declared: list[str] = []
    parser.StartElementHandler = lambda name, _attributes: roots.append(name) if not roots else None
    parser.StartDoctypeDeclHandler = lambda *_: declared.append("document type")
    try:
        parser.Parse(text, True)
    except xml.parsers.expat.ExpatError as error:
        return f"its SVG is no XML ({error})"
    if declared:
        return "its SVG declares a document type: leave <!DOCTYPE …> out"
    return "" if roots[0].rpartition(":")[2] == "svg" else f"its SVG begins with <{roots[0]}>"


def _png_fault(content: bytes) -> str:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return f"its PNG has more than {_MOST_PIXELS:,} pixels"
            picture.verify()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return "its PNG is no PNG file"
    return ""
