"""Perceptual distance (LPIPS): of random pairs of samples, and of reconstructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, Remote, hookimpl, option

__all__ = ["TRUNK", "LpipsDiversityConfig", "genharness_metrics"]

TRUNK = Remote(
    filename="alexnet-owt-7be5be79.pth",
    urls=("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",),
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    size=244_408_911,
)
"""ImageNet weights of the AlexNet below LPIPS; the layers on top come with the package lpips."""

_PAPER = "Zhang et al. 2018, arXiv:1801.03924"


@dataclass(frozen=True)
class LpipsDiversityConfig:
    """Options of LPIPS diversity."""

    pairs: int = option(1000, low=1, high=1_000_000, help="random pairs, and as many again within classes")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metrics. Neither is a default: they need the package lpips and a download."""
    return [
        MetricSpec(
            name="lpips-diversity",
            summary="Mean LPIPS of random pairs of samples, beside that of real pairs: near 0 for a collapsed model",
            place=91,
            factory="genharness_metric_lpips.metrics:LpipsDiversityMetric",
            packages=("lpips",),
            weights=TRUNK,
            config=LpipsDiversityConfig,
            columns=(
                Column(key="lpips_diversity", title="LPIPS diversity", collapse_below=0.3, wide=True),
                Column(key="lpips_diversity_real", title="Real LPIPS diversity", wide=True),
                Column(key="lpips_within_class", title="LPIPS within class", wide=True),
            ),
            paper=_PAPER,
            default=False,
        ),
        MetricSpec(
            name="lpips",
            summary="Perceptual distance of held-out images and their reconstructions",
            place=81,
            factory="genharness_metric_lpips.metrics:ReconstructionLpips",
            packages=("lpips",),
            weights=TRUNK,
            columns=(Column(key="lpips", title="LPIPS", higher_is_better=False, wide=True),),
            needs=("reconstructions",),
            paper=_PAPER,
            default=False,
        ),
    ]
