"""What happened over training: scores, losses, samples of the same codes."""

from __future__ import annotations

from markupsafe import Markup

from genharness.board.rows import BoardColumn, Row
from genharness.figures.curves import loss_curves, score_curve
from genharness.figures.numbers import number
from genharness_report_html.material import Figure, Material, panels
from genharness_report_html.panels import ScorePanels, loss_panel, score_panels
from genharness_report_html.wall import strip_panel

__all__ = ["losses", "scores", "strips"]


def scores(material: Material) -> list[Figure]:
    """Return score curves, of the column that ranks or else the first that was scored over training."""
    column = _scored(material)
    if column is None:
        return []
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
    return [material.figure("curves", "Scores over training", caption, body, link="Curves")]


def _scored(material: Material) -> BoardColumn | None:
    return next((column for column in material.group.compared if _any_curve(material.best, column.key)), None)


def _any_curve(rows: list[Row], key: str) -> bool:
    return any(score_curve(row, key) is not None for row in rows)


def losses(material: Material) -> list[Figure]:
    """Return the losses of each model."""
    found: list[Markup] = []
    for row in material.best:
        curves = loss_curves(row)
        if curves:
            found.append(loss_panel(material.ink, row, curves, material.level + 1))
    if not found:
        return []
    caption = (
        "Each model has losses of its own, so every panel has its own scale: read the shape, not the height. "
        "Line: mean over seeds of 60 bins; band: lowest to highest seed."
    )
    return [material.figure("losses", "Losses", caption, panels(found), link="Losses")]


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
    return [material.figure("strips", "The same codes over training", caption, panels(found))]
