"""What happened over training: scores, losses, samples of the same codes."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from genharness.board.rows import BoardColumn, Row
from genharness.figures.curves import held_out_curves, loss_curves, score_curve, scored_columns
from genharness.figures.numbers import number
from genharness_report_html.material import Figure, Material, panels
from genharness_report_html.panels import ScorePanels, loss_panel, score_panels
from genharness_report_html.svg import plain
from genharness_report_html.wall import strip_panel

__all__ = ["losses", "scores", "strips"]

_MOST_SCORES = 8
"""Scores of which curves are drawn."""


def scores(material: Material) -> list[Figure]:
    """Return score curves: of the column that ranks or else the first that was scored over training, then of others."""
    columns = scored_columns(material.group, material.best)[:_MOST_SCORES]
    return [_curves_of(material, column, "" if place == 0 else column.key) for place, column in enumerate(columns)]


def _curves_of(material: Material, column: BoardColumn, key: str) -> Figure:
    curves = [(row, curve) for row in material.best if (curve := score_curve(row, column.key)) is not None]
    band = material.group.bands.get(column.key)
    counts = {
        count for row, _ in curves for record in row.records for count in record.history.scores.get("samples", ())
    }
    samples = f", scored on {number(max(filter(None, counts)))} samples" if any(counts) else ""
    log = " (log)" if column.column.ratio else ""
    green = " Green: real against real." if band else ""
    caption = (
        f"{column.title}{log} against training steps{samples}. Line: mean over seeds; band: lowest to highest seed; "
        f"symbol: best checkpoint; ring: the table's score where it is another, as of samplers fitted after training; "
        f"grey: the other models.{green}"
    )
    body = panels(score_panels(material.ink, ScorePanels(column, curves, band), material.level + 1))
    if key:
        return material.figure(f"curves-{key}", f"{column.title} over training", caption, body, of_best=True)
    return material.figure("curves", "Scores over training", caption, body, link="Curves", of_best=True)


def losses(material: Material) -> list[Figure]:
    """Return the losses of each model."""
    found: list[Markup] = []
    looked = False
    for row, name in _trainings(material):
        curves = loss_curves(row)
        if curves:
            held_out = held_out_curves(row)
            looked = looked or any(curve.name in held_out for curve in curves)
            found.append(loss_panel(material.ink, row, curves, held_out, material.level + 1, name))
    if not found:
        return []
    caption = (
        "Losses against training steps. Each model has its own, so every panel has its own scale: read the shape, not "
        "the height. Line: mean over seeds of 60 bins; band: lowest to highest seed"
        f"{'; points: held-out samples, where scores were taken over training' if looked else ''}."
    )
    return [material.figure("losses", "Losses", caption, panels(found), link="Losses", of_best=True)]


def _trainings(material: Material) -> Iterator[tuple[Row, str]]:
    """Yield the first row of each training, and what it is called where others only draw otherwise: by what they share.

    Such rows have one curve.
    """
    shared: dict[str, list[Row]] = {}
    for place, row in enumerate(material.best):
        shared.setdefault(row.records[0].training or f"row {place}", []).append(row)
    for rows in shared.values():
        settings = [one for one in rows[0].variation.split() if all(one in row.variation.split() for row in rows)]
        yield rows[0], plain(" ".join([rows[0].model, *settings])) if len(rows) > 1 else ""


def strips(material: Material) -> list[Figure]:
    """Return samples of the same codes as training went on."""
    found = []
    for row in material.best:
        kept = material.kept(row)
        tiles = kept.strip() if kept else None
        steps = row.records[0].measurements.get("train_steps", 0.0)
        if tiles is not None and len(tiles) >= 16 and steps:
            found.append(strip_panel(material.ink, row, tiles, steps, material.level + 1))
    if not found:
        return []
    caption = "Three fixed codes of the first seed at equal distances over training; numbers are steps."
    return [material.figure("strips", "The same codes over training", caption, panels(found), of_best=True)]
