"""Perceptual distance (LPIPS): of random pairs of samples, and of reconstructions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, Remote, hookimpl, option

__all__ = ["TRUNK", "VGG_TRUNK", "LpipsDiversityConfig", "PathLengthConfig", "genharness_metrics"]

TRUNK = Remote(
    filename="alexnet-owt-7be5be79.pth",
    urls=("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",),
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    size=244_408_911,
)
"""ImageNet weights of the AlexNet below LPIPS; the layers on top come with the package lpips."""

VGG_TRUNK = Remote(
    filename="vgg16-397923af.pth",
    urls=("https://download.pytorch.org/models/vgg16-397923af.pth",),
    sha256="397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
    size=553_433_881,
)
"""Likewise of the VGG-16 whose LPIPS measures path lengths."""

_PAPER = "Zhang et al. 2018, arXiv:1801.03924"


@dataclass(frozen=True)
class LpipsDiversityConfig:
    """Options of LPIPS diversity."""

    pairs: int = option(1000, low=1, high=1_000_000, help="random pairs, and as many again within classes")


@dataclass(frozen=True)
class PathLengthConfig:
    """Options of perceptual path length."""

    pairs: int = option(2000, low=1, high=10_000_000, help="pairs of neighbouring codes; the papers take 50000")
    step: float = option(
        1e-4, above=0.0, high=1.0, help="how far the two codes of a pair are apart, as a share of a path"
    )


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metrics. None is a default: they need the package lpips and a download."""
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
                Column(key="lpips_diversity", title="LPIPS diversity", collapse_below=0.3, wide=True, least=0),
                Column(key="lpips_diversity_real", title="Real LPIPS diversity", wide=True, least=0),
                Column(key="lpips_within_class", title="LPIPS within class", wide=True, least=0),
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
            columns=(Column(key="lpips", title="LPIPS", higher_is_better=False, wide=True, least=0),),
            needs=("reconstructions",),
            paper=_PAPER,
            default=False,
        ),
        MetricSpec(
            name="ppl",
            summary="Perceptual path length: how much samples change with a small step of the latent code",
            place=93,
            factory="genharness_metric_lpips.path_length:PathLengthMetric",
            packages=("lpips",),
            weights=VGG_TRUNK,
            config=PathLengthConfig,
            columns=(Column(key="ppl", title="PPL", higher_is_better=False, format=".2f", wide=True, least=0),),
            needs=("decoder",),
            paper="Karras et al. 2019, arXiv:1812.04948; Karras et al. 2020, arXiv:1912.04958",
            default=False,
        ),
    ]
