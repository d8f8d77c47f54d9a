"""Comparisons: every two rows, fidelity against diversity, quality against latency."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from genharness.figures.tradeoff import trade_off
from genharness_report_html.material import Figure, Material
from genharness_report_html.pairs import MOST_PAIRED, pair_matrix
from genharness_report_html.plane import cost_plane, share_plane
from genharness_report_html.scores import real_row
from genharness_report_html.svg import tag

__all__ = ["comparisons"]

_WIDE, _NARROW = (560.0, 340.0), (350.0, 300.0)
_MOST_POINTS = 60
"""Rows of a plane; of more nobody could tell one."""


def comparisons(material: Material) -> list[Figure]:
    """Return the matrix of pairs, precision against recall, density against coverage, and quality against latency."""
    pairs = _pairs(material)
    planes = [
        plane
        for across, up, part in (("recall", "precision", "fidelity"), ("coverage", "density", "coverage"))
        if (plane := _shares(material, across, up, part)) is not None
    ]
    found = [*([pairs] if pairs else []), *planes, *_latency(material)]
    return [replace(one, link="Comparisons") if place == 0 else one for place, one in enumerate(found)]


def _pairs(material: Material) -> Figure | None:
    standings = material.standings
    matrix = pair_matrix(material.ink, standings)
    if matrix is None or standings.column is None:
        return None
    title = standings.column.title
    if standings.ranks:
        told, heading = standings.told_apart, f"{standings.told_apart} of {standings.pairs} pairs can be told apart"
    else:
        told, heading = 0, "No two rows can be told apart with one seed"
    some = f" The best {MOST_PAIRED} rows." if len(standings.rows) > MOST_PAIRED else ""
    ratio = standings.column.column.ratio
    what = (
        f"{title} of the row divided by {title} of the column."
        if ratio
        else f"{title} of the row less that of the column."
    )
    keys = Markup(" {}, {}, at 5{}% corrected over all pairs, as the ranks are. ≈ and grey: not told apart.").format(
        tag("span", "Filled blue: the row is better", class_="kb"), tag("span", "orange: worse", class_="kw"), "\u202f"
    )
    caption = Markup("{}{}{}").format(what, keys if told else " ≈: not told apart.", some)
    box = tag("div", matrix, class_="scroll", tabindex=0, role="region", aria_label="Pairwise comparisons")
    return material.figure("pairs", heading, caption, box)


def _shares(material: Material, across: str, up: str, part: str) -> Figure | None:
    found = trade_off(material.group, across, up, references=True)
    if found is None or len(found.points) > _MOST_POINTS:
        return None
    bands = material.group.bands.get(across), material.group.bands.get(up)
    title, words = {
        "fidelity": ("Fidelity against diversity", "Up: samples look real. Right: all of the real data is reached."),
        "coverage": (
            "Density against coverage",
            "Up: samples lie where real data is dense. Right: all of it is covered.",
        ),
    }[part]
    bars = " Bars: ± standard deviation over seeds." if material.standings.seeds[1] > 1 else ""
    return material.figure(
        part,
        title,
        f"{words} Green: real against real.{bars}",
        share_plane(material.ink, found, bands, _WIDE),
        narrow=share_plane(material.ink, found, bands, _NARROW),
    )


def _latency(material: Material) -> list[Figure]:
    """Return quality against the time that one sample takes, where training time was the first screen's."""
    column = material.column
    if column is None or trade_off(material.group, "train_seconds", column.key) is None:
        return []
    found = trade_off(material.group, "latency_p50_ms", column.key)
    if found is None or len(found.points) > _MOST_POINTS:
        return []
    band, real = material.group.bands.get(column.key), real_row(material.group, column.key)
    return [
        material.figure(
            "latency",
            "Quality against latency",
            "Time of the model for one sample, median. Down and left is better; the stepped line is the Pareto front.",
            cost_plane(material.ink, found, band, real, _WIDE),
            narrow=cost_plane(material.ink, found, band, real, (350.0, 340.0)),
        )
    ]
