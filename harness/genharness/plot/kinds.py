"""What `genharness plot` can draw, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from genharness.errors import ConfigError, did_you_mean
from genharness.plot import charts, pictures, settings
from genharness.plot.sheet import PlotRequest, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet

__all__ = ["KINDS", "draw"]

KINDS: Mapping[str, Callable[[PlotRequest], Sheet]] = {
    "ranking": charts.ranking,
    "tradeoff": charts.tradeoff,
    "pairs": charts.pairs,
    "scores": charts.scores,
    "curves": charts.curves,
    "losses": charts.losses,
    "classes": charts.classes,
    "heatmap": settings.heatmap,
    "slices": settings.slices,
    "importance": settings.importance,
    "ablation": settings.ablation,
    "features": pictures.features,
    "tsne": pictures.tsne_map,
    "latents": pictures.latents,
    "samples": pictures.samples,
    "strips": pictures.strips,
    "reconstructions": pictures.reconstructions,
}


def draw(kind: str, request: PlotRequest) -> Sheet:
    """Return a figure.

    Raises:
        ConfigError: There is none of that name, nothing to draw, or no matplotlib.
    """
    if kind not in KINDS:
        raise ConfigError(f"no figure {kind!r}{did_you_mean(kind, KINDS)}; there are {', '.join(KINDS)}")
    with look():
        return KINDS[kind](request)
