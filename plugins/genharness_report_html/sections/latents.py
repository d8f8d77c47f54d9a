"""Where the codes of held-out samples lie, and where the model draws its codes."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from genharness.board.rows import Row
from genharness.figures.latents import LatentMap, ellipse_outline
from genharness.figures.numbers import THIN, number
from genharness_report_html.clouds import MAP_SIDE, on_map
from genharness_report_html.material import Figure, Material, panels
from genharness_report_html.panels import panel_head
from genharness_report_html.svg import Ink, closed, colour, dots, drawing, plain, tag, text

__all__ = ["latents"]

_MAPPED, _MOST_NAMED = 300, 20
_MOST_FILLED = 20
"""Ellipses up to which they are filled; more would hide the codes."""


def latents(material: Material) -> list[Figure]:
    """Return the codes of held-out samples of each model that encodes, with its prior."""
    found = [
        (row, one)
        for row in material.best
        if (kept := material.kept(row)) is not None and (one := kept.latents()) is not None
    ]
    if not found:
        return []
    parts = [_panel(material.ink, row, one, material.level + 1) for row, one in found]
    caption = (
        f"Codes of {_MAPPED} held-out samples at most (first seed), on their first two principal axes where they have "
        "more than two dimensions; the share is what the axes hold of their variance. Ellipses: two deviations "
        "of the Gaussians that the model draws codes from. Numbers stand in the middle of a class. Codes outside every "
        "ellipse are hardly ever drawn; from ellipses without codes the decoder draws what it never learnt."
    )
    return [material.figure("latents", "Latent codes and the prior", caption, panels(parts, "g6"), of_best=True)]


def _panel(ink: Ink, row: Row, found: LatentMap, level: int) -> Markup:
    outlines = [ellipse_outline(*one) for one in zip(found.prior.means, found.prior.covariances, strict=True)]
    codes = found.codes[:_MAPPED]
    together = np.concatenate([codes, *outlines])
    box = together.min(axis=0), together.max(axis=0)
    style = "el" if len(outlines) <= _MOST_FILLED else "el elm"
    parts = [closed(on_map(outline, box), style) for outline in outlines]
    parts.append(dots(on_map(codes, box), "pf"))
    words = "" if found.share >= 1 else f"{number(100 * found.share)}{THIN}%"
    many = len(outlines)
    picture = drawing(
        ink,
        MAP_SIDE,
        MAP_SIDE,
        f"{plain(row.label)}: latent codes and the prior",
        f"{len(codes)} codes, {many} {'ellipse' if many == 1 else 'ellipses'}",
        tag("g", *parts, class_=colour(ink.of(row))),
        *_names(found, box),
        class_="fr",
    )
    return tag("div", panel_head(ink, row, level, words), picture, class_="sm", data_m=plain(row.label))


def _names(found: LatentMap, box: tuple[np.ndarray, np.ndarray]) -> list[Markup]:
    """Return the number of each class in the middle of its codes."""
    known = [] if found.labels is None else np.unique(found.labels).tolist()
    if not 2 <= len(known) <= _MOST_NAMED:
        return []
    middles = np.stack([np.median(found.codes[found.labels == one], axis=0) for one in known])
    places = on_map(middles, box)
    return [text(x, y + 4, str(one), "tk ink halo", "middle") for one, (x, y) in zip(known, places, strict=True)]
