"""Plots of sweeps: a score over two settings, over each setting, what each is worth, and single changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from genharness.errors import ConfigError
from genharness.figures.numbers import significant
from genharness.figures.sweeps import Sweep, sweeps
from genharness.files.paths import printable
from genharness.plot.sheet import GREY, PlotRequest, colour_of, entitle, log_axis, new_sheet, panel_sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

__all__ = ["ablation", "heatmap", "importance", "slices"]

T = TypeVar("T")
_MOST_PANELS = 12


def heatmap(request: PlotRequest) -> Sheet:
    """Return for each swept model its score over two settings, the better the fuller."""
    found = _having(request, lambda one: one.heat_map, "two settings that were varied together")
    sheet, axes = panel_sheet(request, len(found), most=2, high=2.2)
    for panel, (sweep, shown) in zip(axes, found, strict=True):
        colour = colour_of(request.marker(sweep.rows[0]))
        worths = [[None if mean is None else sweep.worth(mean) for mean in row] for row in shown.means]
        known = [one for row in worths for one in row if one is not None]
        low, span = min(known), (max(known) - min(known)) or 1.0
        for y, (row, means) in enumerate(zip(worths, shown.means, strict=True)):
            for x, (worth, mean) in enumerate(zip(row, means, strict=True)):
                if worth is None or mean is None:
                    continue
                alpha = 0.06 + 0.5 * (worth - low) / span
                panel.fill_between([x - 0.48, x + 0.48], y - 0.48, y + 0.48, color=colour, alpha=alpha, linewidth=0)
                panel.text(x, y, significant(mean), ha="center", va="center", fontsize=6)
        panel.set_xticks(range(len(shown.across[1])), [printable(one) for one in shown.across[1]])
        panel.set_yticks(range(len(shown.down[1])), [printable(one) for one in shown.down[1]])
        panel.set_ylim(len(shown.down[1]) - 0.5, -0.5)
        panel.set_xlim(-0.5, len(shown.across[1]) - 0.5)
        panel.set_xlabel(printable(shown.across[0]))
        panel.set_ylabel(printable(shown.down[0]))
        entitle(panel, f"{sweep.model}: {sweep.column.heading}")
    return sheet


def slices(request: PlotRequest) -> Sheet:
    """Return for each setting of each swept model a dot a row, and the mean at each value."""
    found = [
        (sweep, one) for sweep, several in _having(request, lambda one: one.slices, "a setting") for one in several
    ]
    found = found[:_MOST_PANELS]
    sheet, axes = panel_sheet(request, len(found), most=3)
    for panel, (sweep, one) in zip(axes, found, strict=True):
        colour = colour_of(request.marker(sweep.rows[0]))
        for x, scores in enumerate(one.scores):
            panel.plot([x] * len(scores), scores, "o", color=colour, markersize=3, alpha=0.45, markeredgewidth=0)
        panel.plot(range(len(one.means)), one.means, "-", color=colour, linewidth=1.2)
        if sweep.log:
            log_axis(panel, "y", [score for scores in one.scores for score in scores])
        panel.set_xticks(range(len(one.values)), [printable(value) for value in one.values], fontsize=6)
        panel.set_xlabel(printable(one.setting))
        entitle(panel, sweep.model)
    axes[0].set_ylabel(found[0][0].column.heading)
    return sheet


def importance(request: PlotRequest) -> Sheet:
    """Return for each swept model what each setting explains of its score, on held-out rows."""
    found = _having(request, lambda one: one.importance, "a model of eight rows and more that differ in settings")
    sheet, axes = panel_sheet(request, len(found), most=2)
    for panel, (sweep, table) in zip(axes, found, strict=True):
        names, shares = [str(row[0]) for row in table.rows], [float(row[1] or 0.0) for row in table.rows]
        panel.barh(range(len(names)), shares, color=colour_of(request.marker(sweep.rows[0])), alpha=0.55)
        _names(panel, names)
        panel.set_xlabel("share of the variance lost when shuffled")
        entitle(panel, f"{sweep.model}: {sweep.column.title}")
    return sheet


def ablation(request: PlotRequest) -> Sheet:
    """Return for each model with single changes from one base their differences, with 95 % intervals."""
    found = _having(request, lambda one: one.ablation, "a model with single changes from one base")
    most = max(len(table.rows) for _, table in found)
    sheet, axes = new_sheet(request.width, len(found) * (0.26 * most + 0.8), len(found), 1)
    for panel, (sweep, table) in zip(axes, found, strict=True):
        colour = colour_of(request.marker(sweep.rows[0]))
        panel.axvline(0.0, color=GREY, linewidth=0.6, zorder=0)
        for place, row in enumerate(table.rows):
            difference, low, high = (None if one is None else float(one) for one in row[2:5])
            if low is not None and high is not None:
                panel.plot([low, high], [place, place], "-", color=colour, linewidth=1.4)
            panel.plot([difference or 0.0], [place], "o", color=colour, markersize=4)
        _names(panel, [str(row[0]) for row in table.rows])
        panel.set_xlabel(printable(table.heads[2]))
        entitle(panel, table.title.partition(" on ")[0])
    return sheet


def _names(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), [printable(name) for name in names])
    axes.invert_yaxis()


def _having(request: PlotRequest, part: Callable[[Sweep], T | None], what: str) -> list[tuple[Sweep, T]]:
    """Return the sweeps that have a part, with it.

    Raises:
        ConfigError: None has it.
    """
    found = [(one, shown) for one in sweeps(request.group) if (shown := part(one))]
    if not found:
        raise ConfigError(f"nothing on {request.group.dataset} has {what}: there is nothing to draw")
    return found
