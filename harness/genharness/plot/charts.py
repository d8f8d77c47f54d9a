"""Plots of numbers: ranking, trade-off, pairs, curves, classes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from genharness.board.rows import Estimate, Row
from genharness.errors import ConfigError
from genharness.figures.classes import shares_of_row, total_variation
from genharness.figures.curves import Curve, held_out_curves, loss_curves, score_curve, scored_columns
from genharness.figures.tradeoff import Point, trade_off
from genharness.files.paths import printable
from genharness.plot.names import name_marks
from genharness.plot.sheet import (
    BAND,
    EDGE,
    GREY,
    PlotRequest,
    colour_of,
    entitle,
    log_axis,
    new_sheet,
    panel_sheet,
    shape_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

__all__ = ["classes", "curves", "losses", "pairs", "ranking", "scores", "tradeoff"]

_COSTS = ("train_seconds", "latency_p50_ms", "generator_parameters")
_LINES = ("-", "--", ":", "-.")
_MOST_LEGEND = 0.6
"""Share of a panel of losses that its legend has at most."""


def ranking(request: PlotRequest) -> Sheet:
    """Return every row's score with its deviation over seeds, its seeds, and the band of real data."""
    column, rows = request.column, request.rows
    sheet, (axes,) = new_sheet(request.width, 0.24 * len(rows) + 0.7)
    for place, row in enumerate(rows):
        one, marker = row.estimates[column.key], request.marker(row)
        style: dict[str, Any] = {"color": colour_of(marker), "marker": shape_of(marker)}
        axes.errorbar(one.mean or 0.0, place, xerr=one.deviation, markersize=5, linewidth=1.4, **style)
        axes.plot(one.values, [place] * len(one.values), "|", color=colour_of(marker), markersize=6, alpha=0.7)
    band = request.group.bands.get(column.key)
    if band is not None:
        axes.axvspan(band["low"], band["high"], facecolor=BAND, edgecolor=EDGE, linewidth=0.5, zorder=0)
        axes.set_title("green: real against real", loc="left", fontsize=7, color=GREY)
    axes.set_yticks(range(len(rows)), [printable(row.label) for row in rows])
    axes.invert_yaxis()
    if column.column.ratio and all((row.estimates[column.key].mean or 0.0) > 0 for row in rows):
        log_axis(axes, "x", [*_all_values(request, rows), *([band["low"], band["high"]] if band else [])])
    axes.set_xlabel(_heading(column.title, column.column.unit, column.column.higher_is_better))
    return sheet


def _all_values(request: PlotRequest, rows: list[Row]) -> list[float]:
    return [value for row in rows for value in row.estimates[request.column.key].values]


def tradeoff(request: PlotRequest) -> Sheet:
    """Return quality against cost with its Pareto front."""
    column = request.column
    found = next((one for key in _COSTS if (one := trade_off(request.group, key, column.key)) is not None), None)
    if found is None:
        raise ConfigError(f"no cost was measured of two rows on {request.group.dataset}: there is no trade-off to draw")
    sheet, (axes,) = new_sheet(request.width, 0.62 * request.width)
    best = {id(row) for row in request.rows} | {id(point.row) for point in found.front}
    shown = [point for point in found.points if id(point.row) in best]
    for point in shown:
        marker = request.marker(point.row)
        style: dict[str, Any] = {"color": colour_of(marker), "marker": shape_of(marker)}
        axes.errorbar(*point.at, xerr=point.x.deviation, yerr=point.y.deviation, linewidth=1, markersize=6, **style)
    if found.front:
        xs, ys = zip(*(point.at for point in found.front), strict=True)
        axes.step(xs, ys, ":", where="post", color=GREY, linewidth=1, zorder=0)
    costs = [value for point in shown for value in (*point.x.values, *_ends(point.x))]
    log_axis(axes, "x", costs, seconds=found.across.column.unit == "s")
    if column.column.ratio and min(point.at[1] for point in shown) > 0:
        log_axis(axes, "y", (value for point in shown for value in (*point.y.values, *_ends(point.y))))
    axes.set_xlabel(_heading(found.across.title, found.across.column.unit, False))
    axes.set_ylabel(_heading(column.title, column.column.unit, column.column.higher_is_better))
    front = [place for place, point in enumerate(shown) if any(point is one for one in found.front)]
    name_marks(axes, [one.at for one in shown], [one.row.label for one in shown], _bars(shown, found.front), front)
    return sheet


def _ends(one: Estimate) -> tuple[float, float]:
    mean, deviation = one.mean or 0.0, one.deviation or 0.0
    return mean - deviation if mean > deviation else mean, mean + deviation


def _bars(points: Sequence[Point], front: Sequence[Point]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Return the ends of the error bars of points, and of the stepped front."""
    found = []
    for point in points:
        (x, y), (left, right), (low, high) = point.at, _ends(point.x), _ends(point.y)
        found += [((left, y), (right, y)), ((x, low), (x, high))]
    for (x, y), (next_x, next_y) in pairwise(point.at for point in front):
        found += [((x, y), (next_x, y)), ((next_x, y), (next_x, next_y))]
    return found


def pairs(request: PlotRequest) -> Sheet:
    """Return a heat map of every two rows: the ratio or difference, coloured where seeds tell them apart."""
    found = request.standings.comparisons(request.most)
    if not found:
        raise ConfigError(f"there are no two rows to compare on {request.group.dataset}")
    labels = [row.label for row in request.rows if any(row.label in pair for pair in found)]
    side = 0.5 * len(labels) + 1.2
    sheet, (axes,) = new_sheet(max(side, 2.5), max(side - 0.4, 2.2))
    for (a, b), one in found.items():
        for row, column, turned in ((a, b, False), (b, a, True)):
            verdict = {"better": "worse", "worse": "better"}.get(one.verdict, one.verdict) if turned else one.verdict
            face = {"better": "#cfe0f7", "worse": "#fbdcc8"}.get(verdict, "#ffffff")
            x, y = labels.index(column), labels.index(row)
            axes.fill_between([x - 0.48, x + 0.48], y - 0.48, y + 0.48, facecolor=face, edgecolor="#d9dde2")
            effect = one.difference if one.ratio is None else one.ratio
            value = (1 / effect if one.ratio is not None else -effect) if turned else effect
            tone = GREY if verdict == "undecided" else "black"
            axes.text(
                x,
                y,
                f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}",
                ha="center",
                va="center",
                fontsize=6,
                color=tone,
            )
    names = [printable(label) for label in labels]
    axes.set_xticks(range(len(labels)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(labels)), names)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(-0.5, len(labels) - 0.5)
    entitle(axes, f"{request.column.title}, row by column")
    return sheet


def scores(request: PlotRequest) -> Sheet:
    """Return score curves: mean over seeds, band from the lowest to the highest."""
    for column in request.group.compared:
        found = [(row, curve) for row in request.rows if (curve := score_curve(row, column.key)) is not None]
        if found:
            break
    else:
        raise ConfigError(f"nothing was scored over training on {request.group.dataset}: run with --score-every")
    sheet, axes = panel_sheet(request, len(found), sharex=True, sharey=True)
    for one, (row, curve) in zip(axes, found, strict=True):
        for _, other in found:
            one.plot(other.steps, other.mean, color="#c9ced4", linewidth=0.6)
        _draw(one, request, row, curve)
        if column.column.ratio and min(curve.low) > 0:
            log_axis(one, "y", [value for _, other in found for value in (*other.low, *other.high)])
        entitle(one, row.label)
    axes[0].set_ylabel(_heading(column.title, column.column.unit, column.column.higher_is_better))
    sheet.supxlabel("training steps", fontsize=8)
    return sheet


def curves(request: PlotRequest) -> Sheet:
    """Return a panel for each score that was taken over training, with a line for each row that has it."""
    columns = scored_columns(request.group, request.rows)
    if not columns:
        raise ConfigError(f"nothing was scored over training on {request.group.dataset}: run with --score-every")
    sheet, axes = panel_sheet(request, len(columns), most=3, high=1.6, sharex=True)
    names: dict[str, Any] = {}
    for one, column in zip(axes, columns, strict=True):
        found = [(row, curve) for row in request.rows if (curve := score_curve(row, column.key)) is not None]
        for row, curve in found:
            _draw(one, request, row, curve)
            style: dict[str, Any] = {"color": colour_of(request.marker(row)), "marker": shape_of(request.marker(row))}
            (names[printable(row.label)],) = one.plot(curve.steps[-1:], curve.mean[-1:], markersize=4, **style)
        if column.column.ratio and all(min(curve.low) > 0 for _, curve in found):
            log_axis(one, "y", [value for _, curve in found for value in (*curve.low, *curve.high)])
        entitle(one, _heading(column.title, column.column.unit, column.column.higher_is_better))
    sheet.legend([*names.values()], [*names], loc="outside upper center", ncols=4, fontsize=6, frameon=False)
    sheet.supxlabel("training steps", fontsize=8)
    return sheet


def losses(request: PlotRequest) -> Sheet:
    """Return the losses of each row on axes of their own, those of held-out samples as points."""
    found = [(row, curves) for row in request.rows if (curves := loss_curves(row))]
    if not found:
        raise ConfigError(f"no losses were kept on {request.group.dataset}: there is nothing to draw")
    sheet, axes = panel_sheet(request, len(found), most=3, high=1.5)
    for one, (row, curves) in zip(axes, found, strict=True):
        names, held_out = [], held_out_curves(row)
        for place, curve in enumerate(curves):
            _draw(one, request, row, curve, _LINES[place % len(_LINES)])
            names.append(printable(curve.name))
            if (held := held_out.get(curve.name)) is not None:
                one.plot(held.steps, held.mean, "o-", color="black", linewidth=0.5, markersize=2)
                names.append(f"{printable(curve.name)}, held out")
        one.legend(one.get_lines(), names, loc="upper right", fontsize=5.5, frameon=False, handlelength=2.4)
        entitle(one, row.label)
    sheet.supxlabel("training steps", fontsize=8)
    sheet.draw_without_rendering()  # the layout, on which the size of legends beside their panels depends
    for one in axes:
        _raise_legend(one)
    return sheet


def _raise_legend(axes: Axes) -> None:
    """Let an axis end higher, so that a legend of several lines lies above the curves."""
    legend = axes.get_legend()
    if legend is None or len(axes.get_lines()) < 2:
        return
    share = min(1.05 * legend.get_window_extent().height / axes.bbox.height, _MOST_LEGEND)
    low, high = axes.get_ylim()
    axes.set_ylim(low, low + (high - low) / (1 - share))


def _draw(axes: Axes, request: PlotRequest, row: Row, curve: Curve, style: str = "-") -> None:
    colour = colour_of(request.marker(row))
    axes.plot(curve.steps, curve.mean, style, color=colour, linewidth=1.2)
    axes.fill_between(curve.steps, curve.low, curve.high, color=colour, alpha=0.2, linewidth=0, label="_band")


def classes(request: PlotRequest) -> Sheet:
    """Return which classes are drawn, against those of held-out real data."""
    real = shares_of_row(request.real, request.folder) if request.real else None
    found = [(row, one) for row in request.rows if (one := shares_of_row(row, request.folder)) is not None]
    if real is None or not found:
        raise ConfigError(f"no predicted classes are kept on {request.group.dataset}: run with --keep samples or more")
    sheet, axes = panel_sheet(request, len(found), sharex=True, sharey=True)
    for panel, (row, shares) in zip(axes, found, strict=True):
        places = range(len(shares.mean))
        panel.bar(places, 100 * shares.mean, color=colour_of(request.marker(row)), alpha=0.55, width=0.8)
        panel.vlines(places, 100 * shares.low, 100 * shares.high, color="black", linewidth=0.6)
        panel.step(places, 100 * real.mean, where="mid", color="black", linewidth=1)
        entitle(panel, f"{row.label}: TV {total_variation(shares, real):.2f}")
    axes[0].set_ylabel("samples (%)")
    sheet.supxlabel("predicted class; line: held-out real data", fontsize=8)
    return sheet


def _heading(title: str, unit: str, higher_is_better: bool | None) -> str:
    better = {True: ", higher is better", False: ", lower is better", None: ""}[higher_is_better]
    return f"{printable(title)}{f' ({printable(unit)})' if unit else ''}{better}"
