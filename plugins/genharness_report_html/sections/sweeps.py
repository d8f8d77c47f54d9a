"""Sweeps and ablations: what settings of a model do to the score that ranks."""

from __future__ import annotations

from dataclasses import replace

from markupsafe import Markup

from genharness.board.sheets import Sheet
from genharness.figures.sweeps import Sweep, sweeps
from genharness_report_html.heat import heat_map, slice_panel
from genharness_report_html.material import Figure, Material, panels
from genharness_report_html.numbers import number_table
from genharness_report_html.svg import joined, plain, tag

__all__ = ["of_settings"]

_MOST_MODELS = 6


def of_settings(material: Material) -> list[Figure]:
    """Return of each model whose settings were varied its map, its slices, what matters, and single changes."""
    found = [one for one in sweeps(material.group) if not material.model or one.model == material.model]
    figures = [figure for place, one in enumerate(found[:_MOST_MODELS]) for figure in _of_model(material, one, place)]
    return [replace(one, link="Settings") if place == 0 else one for place, one in enumerate(figures)]


def _of_model(material: Material, sweep: Sweep, place: int) -> list[Figure]:
    made = (_map(material, sweep, place), _slices(material, sweep, place))
    several = len(sweep.settings) > 1  # one alone is weighed against nothing: its slice says it all, and no forest
    tables = (
        ("importance", f"What moves {sweep.column.title} of {sweep.model}", sweep.importance if several else None),
        ("ablation", f"Single changes of {sweep.model}", sweep.ablation),
    )
    sheets = (_table(material, f"{part}-{place}", title, sheet) for part, title, sheet in tables if sheet is not None)
    return [*(one for one in made if one is not None), *sheets]


def _map(material: Material, sweep: Sweep, place: int) -> Figure | None:
    found = sweep.heat_map
    if found is None:
        return None
    others = [name for name in sweep.settings if name not in (found.down[0], found.across[0])]
    over = f" Means over {', '.join(others)}." if others else ""
    caption = f"{sweep.column.heading}, mean over seeds; the fuller a place, the better.{over}"
    title = plain(f"{sweep.model} over {found.down[0]} and {found.across[0]}")
    box = tag("div", heat_map(material.ink, sweep, found), class_="scroll", tabindex=0, role="region", aria_label=title)
    return material.figure(f"heat-{place}", title, plain(caption), box)


def _slices(material: Material, sweep: Sweep, place: int) -> Figure | None:
    found = sweep.slices
    if not found:
        return None
    mean = "geometric mean" if sweep.log else "mean"
    caption = f"{sweep.column.heading}. A dot: a row with this value, whatever else it has; line: their {mean}."
    body = panels([slice_panel(material.ink, sweep, one, material.level + 1) for one in found])
    return material.figure(f"slices-{place}", plain(f"{sweep.model}, setting by setting"), plain(caption), body)


def _table(material: Material, part: str, title: str, sheet: Sheet) -> Figure:
    notes = (
        tag("ul", *(tag("li", tag("bdi", plain(note))) for note in sheet.notes), class_="notes")
        if sheet.notes
        else Markup()
    )
    return material.figure(
        part, plain(title), plain(sheet.title), joined([number_table(sheet.heads, sheet.rows), notes])
    )
