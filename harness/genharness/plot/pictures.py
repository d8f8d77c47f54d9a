"""Plots of pictures, each with its titles: samples, growth over training, reconstructions, maps of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from genharness.board.rows import Row
from genharness.errors import ConfigError
from genharness.figures.latents import LatentMap, ellipse_outline
from genharness.figures.maps import Clouds, principal_axes, tsne
from genharness.figures.numbers import short
from genharness.figures.tiles import Tiles
from genharness.files.paths import printable
from genharness.plot.sheet import PlotRequest, colour_of, entitle, new_sheet, panel_sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Sheet

__all__ = ["features", "latents", "reconstructions", "samples", "strips", "tsne_map"]

_FIRST, _MAPPED, _PAIRS = 16, 300, 8
_FEW_CLASSES = 10


def samples(request: PlotRequest) -> Sheet:
    """Return the first samples of the first seed of each row, below real ones."""
    rows = [*([request.real] if request.real else []), *request.rows]
    found = [(row, tiles[:_FIRST]) for row in rows if (tiles := _samples(request, row)) is not None]
    if not found:
        raise _nothing(request, "samples")
    sheet, axes = new_sheet(request.width, 0.36 * len(found) + 0.2, len(found))
    for one, (row, tiles) in zip(axes, found, strict=True):
        _show(one, _in_a_row(tiles))
        one.set_ylabel(printable(row.label), rotation=0, ha="right", va="center")
    return sheet


def _samples(request: PlotRequest, row: Row) -> Tiles | None:
    images, _ = request.kept(row).samples()
    return images if images is not None else request.kept(row).grid()


def strips(request: PlotRequest) -> Sheet:
    """Return one code of each row over training, with step numbers."""
    found = []
    for row in request.rows:
        tiles = request.kept(row).strip()
        steps = row.records[0].measurements.get("train_steps", 0.0)
        if tiles is not None and len(tiles) >= 16 and steps:
            found.append((row, tiles[::8], steps))
    if not found:
        raise _nothing(request, "strips over training")
    sheet, axes = new_sheet(request.width, 0.62 * len(found) + 0.2, len(found))
    for one, (row, tiles, steps) in zip(axes, found, strict=True):
        _show(one, _in_a_row(tiles))
        wide = tiles.shape[2] + 1
        at = [steps * place / (len(tiles) - 1) for place in range(len(tiles))]
        one.set_xticks([wide * (place + 0.5) for place in range(len(tiles))], [short(round(step)) for step in at])
        one.set_ylabel(printable(row.label), rotation=0, ha="right", va="center")
    return sheet


def reconstructions(request: PlotRequest) -> Sheet:
    """Return held-out samples above what each row makes of them."""
    found = [(row, tiles) for row in request.rows if (tiles := request.kept(row).reconstructions()) is not None]
    if not found:
        raise _nothing(request, "reconstructions")
    sheet, axes = new_sheet(request.width, 0.9 * len(found) + 0.2, len(found))
    for one, (row, tiles) in zip(axes, found, strict=True):
        above, below = (_in_a_row(tiles[start::2][:_PAIRS]) for start in (0, 1))
        _show(one, np.concatenate([above, np.full_like(above[:1], 255), below]))
        one.set_yticks([above.shape[0] / 2, above.shape[0] * 1.5 + 1], ["original", "reconstruction"])
        entitle(one, row.label)
    return sheet


def features(request: PlotRequest) -> Sheet:
    """Return samples among real ones on the principal axes of real features."""
    rows, sets = _features(request)
    clouds, share = principal_axes(sets)
    note = f"principal axes of {len(sets[0])} real samples (grey), {share:.0%} of their variance"
    return _maps(request, rows, clouds, note)


def tsne_map(request: PlotRequest) -> Sheet:
    """Return samples among real ones, embedded together by t-SNE."""
    rows, sets = _features(request)
    return _maps(request, rows, tsne(sets, seed=0), "t-SNE, perplexity 30, seed 0: distances and areas mean nothing")


def _features(request: PlotRequest) -> tuple[list[Row], list[np.ndarray]]:
    real = request.kept(request.real).features() if request.real else None
    found = [(row, one) for row in request.rows if (one := request.kept(row).features()) is not None]
    if real is None or len(real) < 3 or not found:
        raise _nothing(request, "features of real and generated samples")
    return [row for row, _ in found], [real[:_MAPPED], *(one[:_MAPPED] for _, one in found)]


def _maps(request: PlotRequest, rows: list[Row], clouds: Clouds, note: str) -> Sheet:
    sheet, axes = panel_sheet(request, len(rows), high=1.5, sharex=True, sharey=True)
    for one, row, cloud in zip(axes, rows, clouds[1:], strict=True):
        one.plot(*clouds[0].T, ".", color="#c9ced4", markersize=2)
        one.plot(*cloud.T, ".", color=colour_of(request.marker(row)), markersize=2, alpha=0.75)
        entitle(one, row.label)
        one.set_xticks([])
        one.set_yticks([])
    sheet.supxlabel(note, fontsize=7)
    return sheet


def latents(request: PlotRequest) -> Sheet:
    """Return the codes of held-out samples of each row that encodes, by class, and the Gaussians of its prior."""
    found = [(row, one) for row in request.rows if (one := request.kept(row).latents()) is not None]
    if not found:
        raise _nothing(request, "latent codes")
    sheet, axes = panel_sheet(request, len(found), most=3, high=1.9)
    for panel, (row, one) in zip(axes, found, strict=True):
        _codes(panel, one, colour_of(request.marker(row)))
        for mean, covariance in zip(one.prior.means, one.prior.covariances, strict=True):
            panel.fill(*ellipse_outline(mean, covariance).T, fill=False, edgecolor="black", linewidth=0.6)
        held = "" if one.share >= 1 else f": {one.share:.0%} of variance"
        entitle(panel, f"{row.label}{held}")
        panel.set_aspect("equal", adjustable="box")
    classed = any(one.labels is not None for _, one in found)
    colours = "; colours: classes" if classed else ""
    sheet.supxlabel(f"codes of held-out samples; ellipses: two deviations of the prior{colours}", fontsize=7)
    return sheet


def _codes(axes: Axes, found: LatentMap, colour: str) -> None:
    if found.labels is None:
        axes.plot(*found.codes.T, ".", color=colour, markersize=2, alpha=0.6)
        return
    few = found.labels.max(initial=0) < _FEW_CLASSES
    style: dict[str, Any] = {"c": found.labels, "cmap": "tab10" if few else "turbo", "s": 3, "linewidths": 0}
    if few:
        style |= {"vmin": 0, "vmax": _FEW_CLASSES - 1}
    axes.scatter(found.codes[:, 0], found.codes[:, 1], **style)


def _in_a_row(tiles: Tiles) -> Tiles:
    padded = np.pad(tiles, ((0, 0), (0, 0), (0, 1), (0, 0)), constant_values=255)
    return np.concatenate(list(padded), axis=1)[:, :-1]


def _show(axes: Axes, picture: Tiles) -> None:
    image = picture[:, :, 0] if picture.shape[2] == 1 else picture
    axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _nothing(request: PlotRequest, what: str) -> ConfigError:
    return ConfigError(f"no {what} of {request.group.dataset} are kept in {printable(request.folder)}: nothing to draw")
