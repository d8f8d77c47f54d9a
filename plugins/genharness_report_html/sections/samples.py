"""What models draw: maps, samples, reconstructions, nearest training samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from genharness.board.rows import Row
from genharness.figures.maps import Clouds, principal_axes, tsne
from genharness.figures.numbers import THIN, number
from genharness_report_html.clouds import map_panel, on_map
from genharness_report_html.material import Figure, Material, panels
from genharness_report_html.scores import value_of
from genharness_report_html.svg import dots, joined, tag
from genharness_report_html.wall import class_rows, nearest_pairs, reconstruction_pairs, wall_head, wall_row

__all__ = ["feature_map", "nearest", "on_demand", "wall"]

_MAPPED = 300


def feature_map(material: Material) -> list[Figure]:
    """Return samples among real ones: on the principal axes of real features, by t-SNE, or both."""
    real = _features(material, material.real) if material.real else None
    if real is None or len(real) < 3:
        return []
    found = [(row, features) for row in material.best if (features := _features(material, row)) is not None]
    found = [(row, one) for row, one in found if one.shape[1] == real.shape[1]]
    rows, sets = [row for row, _ in found], [real, *(one for _, one in found)]
    maps = {"pca": _principal_map, "tsne": _tsne_map}
    kinds = maps if material.map == "both" else [material.map]
    return [maps[kind](material, rows, sets) for kind in kinds] if rows else []


Sets = Sequence[NDArray[np.float32]]


def _principal_map(material: Material, rows: Sequence[Row], sets: Sets) -> Figure:
    clouds, share = principal_axes(sets)
    caption = Markup(
        "{} on the first two principal axes of the real ones, which hold {}{}% of their variance; what "
        "lies further out stands at the edge. <b>What lies apart here is apart; what overlaps may differ in other "
        "directions.</b>"
    ).format(_what(material, sets), number(100 * share), THIN)
    return _map(material, "map", rows, clouds, clouds[:1], caption)


def _tsne_map(material: Material, rows: Sequence[Row], sets: Sets) -> Figure:
    clouds = tsne(sets, seed=0)
    caption = Markup(
        "{} embedded together by t-SNE (perplexity 30, seed 0). "
        "<b>Distances and areas in t-SNE mean nothing</b>; read only which neighbourhoods are shared."
    ).format(_what(material, sets))
    return _map(material, "tsne", rows, clouds, clouds, caption)


def _what(material: Material, sets: Sets) -> str:
    extractor = material.group.protocol.extractor if material.group.protocol else ""
    return (
        f"Features ({extractor}) of {len(sets[0])} real samples (grey, the same in every panel) and {len(sets[1])} of "
        "each model; grey without colour is what a model misses. They stand"
    )


def _map(
    material: Material, part: str, rows: Sequence[Row], clouds: Clouds, spanned: Clouds, caption: Markup
) -> Figure:
    """Return a panel for each row over the cloud of real samples, in the box of some clouds."""
    together = np.concatenate(spanned)
    box = together.min(axis=0), together.max(axis=0)
    kind = material.named(f"{part}-real")
    shape = tag("symbol", dots(on_map(clouds[0], box), "pr"), id=kind, overflow="visible")
    defs = tag("svg", shape, width=0, height=0, class_="defs", aria_hidden="true")
    parts = [
        map_panel(material.ink, row, cloud, box, kind, material.level + 1, _coverage(row))
        for row, cloud in zip(rows, clouds[1:], strict=True)
    ]
    title = "Where the samples lie among real ones"
    return material.figure(
        part, title, caption, joined([defs, panels(parts, "g6")]), link="Map" if part == "map" else "", of_best=True
    )


def _features(material: Material, row: Row) -> NDArray[np.float32] | None:
    kept = material.kept(row)
    found = kept.features() if kept else None
    return None if found is None else found[:_MAPPED]


def _coverage(row: Row) -> str:
    found = row.by_seed("coverage")
    return f"coverage {next(iter(found.values())):.2f}" if found else ""


def wall(material: Material) -> list[Figure]:
    """Return samples of every row beside real ones."""
    rows = [*material.references[:1], *material.best, *material.references[1:]]
    if material.real is None:
        rows = [*material.best, *material.references]
    kept = {row.label: one for row in rows if (one := material.kept(row)) is not None}
    ranked = any(_ranked(material, row) for row in material.best)
    found = [
        part
        for row in rows
        if row.label in kept
        and (part := wall_row(material.ink, row, kept[row.label], _score(material, row), ranked=ranked)) is not None
    ]
    if not found:
        return []
    ends = ", then the ends of the ranking by realism (Kynkäänniemi et al. 2019)" if ranked else ""
    caption = (
        f"Nothing is picked by hand: the first samples of the first seed{ends}. "
        "Pixels are shown as they are, large or coloured pictures with little loss."
    )
    body = tag("div", wall_head(ranked=ranked), *found, class_="wall")
    title = "Samples" if material.model else "Samples, best model first"
    return [material.figure("samples", title, caption, body, link="Samples", of_best=True)]


def _ranked(material: Material, row: Row) -> bool:
    kept = material.kept(row)
    images, _ = kept.samples() if kept else (None, None)
    return kept is not None and images is not None and kept.realism(len(images)) is not None


def _score(material: Material, row: Row) -> str:
    if material.column is None or row.reference:
        return ""
    return f"{material.column.title} {value_of(row.estimates[material.column.key], material.column)}"


def on_demand(material: Material) -> list[Figure]:
    """Return what models make of held-out samples, and the classes that they make on demand."""
    parts: list[Markup] = []
    for row in material.best:
        kept = material.kept(row)
        tiles = kept.reconstructions() if kept else None
        if tiles is not None and len(tiles) >= 2:
            parts.append(reconstruction_pairs(material.ink, row, tiles, _psnr(row), material.level + 1))
    conditional: list[Markup] = []
    for row in material.best:
        kept = material.kept(row)
        picture = class_rows(material.ink, row, kept, _accuracy(row), material.level + 1) if kept else None
        if picture is not None:
            conditional.append(picture)
    found = []
    if parts:
        caption = "Held-out originals above what the model makes of them, first seed."
        found.append(material.figure("rebuilt", "Reconstructions", caption, panels(parts, "g4"), of_best=True))
    if conditional:
        caption = "The first samples of each class that the model was asked for, first seed."
        found.append(
            material.figure("on-demand", "Classes on demand", caption, panels(conditional, "g4"), of_best=True)
        )
    return found


def _psnr(row: Row) -> str:
    values = row.by_seed("psnr") or row.by_seed("reconstruction_psnr")
    return f"PSNR {sum(values.values()) / len(values):.1f} dB" if values else ""


def _accuracy(row: Row) -> str:
    values = row.by_seed("class_accuracy")
    return f"{100 * sum(values.values()) / len(values):.1f}{THIN}% as asked" if values else ""


def nearest(material: Material) -> list[Figure]:
    """Return generated samples above the training samples nearest to them; the memoriser last, as the known copy."""
    rows = [*material.best, *(row for row in material.references if row.model == "memoriser")]
    found = []
    for row in rows:
        kept = material.kept(row)
        tiles = kept.nearest() if kept else None
        if tiles is not None and len(tiles) >= 2:
            found.append(nearest_pairs(material.ink, row, tiles, material.level + 1))
    if not found:
        return []
    caption = (
        "The samples that lie nearest to a training sample by features (above), and that training sample (below): "
        "alike pairs of other models than the memoriser are copies."
    )
    return [
        material.figure("nearest", "Nearest training samples", caption, panels(found), link="Copying", of_best=True)
    ]
