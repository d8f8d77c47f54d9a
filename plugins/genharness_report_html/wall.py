"""Pictures: samples beside real ones, growth over training, reconstructions, nearest training samples, classes."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from genharness.board.rows import Row
from genharness.figures.kept import KeptCell
from genharness.figures.numbers import short
from genharness.figures.tiles import Tiles
from genharness_report_html.names import short_name
from genharness_report_html.panels import panel_head
from genharness_report_html.sprites import sprite
from genharness_report_html.svg import Ink, mark, plain, tag

__all__ = ["class_rows", "nearest_pairs", "reconstruction_pairs", "strip_panel", "wall_head", "wall_row"]

FIRST, ENDS = 18, 6
"""Tiles of the first samples, and of the most and the least realistic ones."""
_STRIP_CODES = 3


def wall_head(*, ranked: bool) -> Markup:
    """Return the headings of the wall."""
    words = [
        f"first {FIRST} of the first seed",
        *([f"{ENDS} most realistic", f"{ENDS} least realistic"] if ranked else []),
    ]
    return tag("div", tag("span", ""), *(tag("span", one) for one in words), class_=_wall_class("hd", ranked))


def wall_row(ink: Ink, row: Row, kept: KeptCell, score: str, *, ranked: bool) -> Markup | None:
    """Return the samples of a row, None where none are kept."""
    images, _ = kept.samples()
    if images is None:
        images = kept.grid()
    if images is None or not len(images):
        return None
    name = plain(row.label)
    parts = [sprite(images[:FIRST], FIRST, f"the first samples of {name}")]
    order = kept.realism(len(images)) if ranked else None
    if order is not None:
        best = np.argsort(-order, kind="stable")
        parts.append(sprite(images[best[:ENDS]], ENDS, f"the most realistic samples of {name}"))
        parts.append(sprite(images[best[: -ENDS - 1 : -1]], ENDS, f"the least realistic samples of {name}"))
    marker = ink.of(row)
    icon = tag("svg", mark(marker, 7, 7), width=14, height=14, viewBox="0 0 14 14", aria_hidden="true")
    head = tag(
        "div", icon, tag("bdi", short_name(row, 30, ink.brief)), *([tag("i", score)] if score else []), class_="wn"
    )
    more = "rl" if row.real else ""
    return tag("div", head, *parts, class_=_wall_class(more, ranked), data_m=name)


def _wall_class(more: str, ranked: bool) -> str:
    return " ".join(filter(None, ["wr", "" if ranked else "one", more]))


def strip_panel(ink: Ink, row: Row, tiles: Tiles, steps: float, level: int) -> Markup:
    """Return a few codes over training, time from left to right.

    Args:
        ink: Markers.
        row: The row.
        tiles: Moments in rows of eight codes.
        steps: Training steps in all.
        level: Of its heading.
    """
    moments = tiles.reshape(-1, 8, *tiles.shape[1:])
    chosen = moments[:, :_STRIP_CODES].swapaxes(0, 1).reshape(-1, *tiles.shape[1:])
    count = len(moments)
    picture = sprite(chosen, count, f"{_STRIP_CODES} samples of {plain(row.label)} over training")
    at = [steps * place / max(1, count - 1) for place in range(count)]
    words = [short(round(step)) if place % 2 == 0 else "" for place, step in enumerate(at)]
    axis = tag("div", *(tag("span", word) for word in words), class_="steps", aria_hidden="true")
    return tag("div", panel_head(ink, row, level), picture, axis, class_="sm st", data_m=plain(row.label))


def reconstruction_pairs(ink: Ink, row: Row, tiles: Tiles, score: str, level: int, most: int = 8) -> Markup:
    """Return held-out samples above what a model makes of them."""
    return _pairs(ink, row, tiles, ("original", "rebuilt"), score, level, most)


def nearest_pairs(ink: Ink, row: Row, tiles: Tiles, level: int, most: int = 7) -> Markup:
    """Return generated samples above the training samples that are nearest to them."""
    return _pairs(ink, row, tiles, ("made", "train"), "", level, most)


def _pairs(ink: Ink, row: Row, tiles: Tiles, names: tuple[str, str], score: str, level: int, most: int) -> Markup:
    both = [tiles[0::2][:most], tiles[1::2][:most]]
    count = min(map(len, both))
    words = f"{plain(row.label)}: {names[0]} above {names[1]}"
    picture = sprite(np.concatenate([one[:count] for one in both]), count, words)
    side = tag("div", *(tag("span", name) for name in names), class_="npl")
    return tag(
        "div",
        panel_head(ink, row, level, score),
        tag("div", side, picture, class_="np"),
        class_="sm",
        data_m=plain(row.label),
    )


def class_rows(ink: Ink, row: Row, kept: KeptCell, score: str, level: int, most: int = 12) -> Markup | None:
    """Return the first samples of each class that a model was asked for, None where it was asked for none."""
    images, labels = kept.samples()
    if images is None or labels is None or len(labels) != len(images):
        return None
    classes = np.unique(labels)[:10]
    rows = [images[labels == one][:most] for one in classes]
    count = min(map(len, rows))
    if count < 2:
        return None
    words = f"{plain(row.label)}: samples by class"
    picture = sprite(np.concatenate([one[:count] for one in rows]), count, words, shown=26)
    side = tag("div", *(tag("span", str(one)) for one in classes.tolist()), class_="npl cl")
    body = tag("div", side, picture, class_="np")
    return tag("div", panel_head(ink, row, level, score), body, class_="sm", data_m=plain(row.label))
