"""SVG, put together of escaped parts: names, reasons and numbers are text, whatever they hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from genharness.board.rows import Row
from genharness.figures.markers import SHAPES, Marker
from genharness.files.paths import printable

__all__ = [
    "Ink",
    "closed",
    "cut",
    "drawing",
    "joined",
    "line",
    "mark",
    "path",
    "plain",
    "rect",
    "tag",
    "text",
    "width_of",
]

Value = str | float | int | None

_CHARACTER = 0.62
"""Width of a character of DejaVu Sans over its size, on the wide side of what names are made of."""
_WIDER = 0.36
"""By how much an m and a w are wider than that."""


@dataclass(frozen=True)
class Ink:
    """What every drawing of a page shares.

    Attributes:
        markers: Colour and shape by model.
        own: The model that the page is about, whose names are bold; empty where it is about all.
        brief: Models whose rows are called by the values of their settings alone, as whole names are too long.
        ids: Numbers of which no two drawings have the same.
    """

    markers: Mapping[str, Marker]
    own: str = ""
    brief: frozenset[str] = frozenset()
    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def of(self, row: Row) -> Marker:
        """Return the marker of a row."""
        return self.markers[row.model]

    def label(self, row: Row) -> str:
        """Return the class of a row's name."""
        return "lb b" if self.own == row.model else "lb"

    def width(self, row: Row, name: str) -> float:
        """Return the pixels that a row's name takes; bold ones are wider."""
        return width_of(name) * (1.12 if self.own == row.model else 1.0)


def tag(name: str, *children: str, **attributes: Value) -> Markup:
    """Return an element; children that are no markup are escaped. `class_` is `class`, `data_m` is `data-m`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        end = "/>" if name in _EMPTY else f"></{name}>"
        return Markup(f"<{name}{written}{end}")  # noqa: S704 -- values are escaped, names are ours
    return Markup(f"<{name}{written}>{joined(children)}</{name}>")  # noqa: S704 -- every part of it is escaped


_EMPTY = frozenset({"path", "rect", "circle", "use", "img", "ellipse"})


def joined(parts: Iterable[str]) -> Markup:
    """Return parts one after the other, those escaped that are no markup."""
    return Markup("").join(parts)


def plain(value: object) -> str:
    """Return others' text on one line, with what a page would obey or hide escaped."""
    return printable(value)


def cut(words: str, most: int) -> str:
    """Return text of so many characters at most."""
    words = plain(words)
    return words if len(words) <= most else f"{words[: most - 1]}…"


def width_of(words: str, size: float = 12.5) -> float:
    """Return about how wide a text is, in pixels."""
    return size * (len(words) * _CHARACTER + sum(words.lower().count(one) for one in "mw") * _WIDER)


def drawing(
    ink: Ink, width: float, height: float, title: str, finding: str, *children: str, class_: str | None = None
) -> Markup:
    """Return an SVG that says what it shows to those who do not see it.

    Args:
        ink: Gives its ids.
        width: Pixels.
        height: Pixels.
        title: What it is.
        finding: What it shows, in words and numbers.
        children: What is drawn.
        class_: Of the element.
    """
    name, what = (f"t{next(ink.ids)}" for _ in range(2))
    return tag(
        "svg",
        tag("title", title, id=name),
        tag("desc", finding, id=what),
        *children,
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{name} {what}",
        class_=class_,
    )


def text(x: float, y: float, words: str, class_: str, anchor: str = "start") -> Markup:
    """Return a line of text."""
    return tag("text", words, x=x, y=y, class_=class_, text_anchor=None if anchor == "start" else anchor)


def path(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """Return a line through points."""
    return tag("path", d=_way(points), class_=class_)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return path([(x1, y1), (x2, y2)], class_)


def area(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], class_: str) -> Markup:
    """Return what lies between two lines."""
    return tag("path", d=f"{_way([*upper, *reversed(lower)])}z", class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str, **attributes: Value) -> Markup:
    """Return a rectangle."""
    return tag("rect", x=x, y=y, width=max(width, 0.0), height=max(height, 0.0), class_=class_, **attributes)


def mark(marker: Marker, x: float, y: float) -> Markup:
    """Return a model's marker."""
    return tag(
        "use", href=f"#{symbol(marker)}", class_=f"mk {colour(marker)}", transform=f"translate({_value(x)} {_value(y)})"
    )


def symbol(marker: Marker) -> str:
    """Return the id of a marker's shape."""
    return f"r-{marker.shape}" if marker.colour is None else f"s{SHAPES.index(marker.shape)}"


def colour(marker: Marker) -> str:
    """Return the class that sets a marker's colour."""
    return "cr" if marker.colour is None else f"c{marker.colour}"


def closed(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """Return an outline through points, back to the first."""
    return tag("path", d=f"{_way(points)}Z", class_=class_)


def dots(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """Return a cloud of dots as one path of lines without length, which round caps make dots."""
    return tag("path", d="".join(f"M{_value(x)} {_value(y)}h0" for x, y in points), class_=class_)


def _way(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{_value(x)} {_value(y)}" for x, y in points)


def _value(value: Value) -> str:
    if isinstance(value, float):
        short = f"{value:.1f}".removesuffix(".0")
        return "0" if short == "-0" else short
    return str(value)
