"""Diversity of generated samples among themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["PairsConfig", "VendiConfig", "genharness_metrics"]


@dataclass(frozen=True)
class VendiConfig:
    """Options of the Vendi score."""

    count: int = option(5000, low=2, high=100_000, help="samples at most, drawn by the seed")


@dataclass(frozen=True)
class PairsConfig:
    """Options of pair similarity."""

    pairs: int = option(1000, low=1, high=1_000_000, help="random pairs")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the diversity metrics."""
    return [
        MetricSpec(
            name="vendi",
            summary="Effective number of different samples under the cosine kernel of features",
            place=70,
            factory="genharness_metric_diversity.diversity:Vendi",
            config=VendiConfig,
            columns=(Column(key="vendi", title="Vendi", format=".2f", collapse_below=0.5, wide=True, least=1),),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Friedman and Dieng 2023, arXiv:2210.02410",
        ),
        MetricSpec(
            name="pair-ssim",
            summary="Structural similarity of random pairs beside that of real pairs: near 1 for a collapsed model",
            place=90,
            factory="genharness_metric_diversity.diversity:PairSsim",
            config=PairsConfig,
            columns=(
                Column(key="pair_ssim", title="Pair SSIM", alike=True, wide=True, least=-1, most=1),
                Column(key="pair_ssim_real", title="Real pair SSIM", wide=True, least=-1, most=1),
            ),
            paper="Odena et al. 2017, arXiv:1610.09585, section 4.2",
        ),
        MetricSpec(
            name="vendi-2",
            summary="Effective number of common samples (Vendi of order 2), and of modes under a Gaussian kernel (RKE)",
            place=71,
            factory="genharness_metric_diversity.diversity:SecondOrder",
            config=VendiConfig,
            columns=(
                Column(key="vendi_2", title="Vendi, order 2", format=".2f", wide=True, least=1),
                Column(key="rke", title="RKE modes", format=".2f", wide=True, least=1),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Pasarkar and Dieng 2024, arXiv:2310.12952; Jalali et al. 2023, arXiv:2302.02918",
            default=False,
        ),
    ]
