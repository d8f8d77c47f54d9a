"""Squared maximum mean discrepancies: KID, and those of Gaussian kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["KidConfig", "MmdConfig", "genharness_metrics"]


@dataclass(frozen=True)
class KidConfig:
    """Options of KID."""

    subsets: int = option(100, low=1, high=10_000, help="random subsets that are averaged")
    subset_size: int = option(
        1000, low=2, high=1_000_000, help="samples of each set in a subset; less where a set is smaller"
    )


@dataclass(frozen=True)
class MmdConfig:
    """Options of MMD under a Gaussian kernel."""

    count: int = option(10_000, low=2, high=10_000_000, help="samples of each side at most, drawn by the seed")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metrics of kernels."""
    return [
        MetricSpec(
            name="kid",
            summary="Unbiased squared MMD of features under a cubic kernel, over random subsets",
            place=12,
            factory="genharness_metric_kid.kid:Kid",
            config=KidConfig,
            columns=(
                Column(
                    key="kid",
                    title="KD",
                    titles={"inception": "KID"},
                    higher_is_better=False,
                    format=".4g",
                    note="is in the units of the kernel over these features: compare it within this table",
                ),
                Column(
                    key="kid_std", title="KD std", titles={"inception": "KID std"}, format=".4g", wide=True, least=0
                ),
                Column(
                    key="kid_whole_sets",
                    title="Sets in every subset",
                    format=".0f",
                    wide=True,
                    caveat="has a deviation that says too little, or none: each subset holds a whole set",
                    caveat_on="kid_std",
                ),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Binkowski et al. 2018, arXiv:1801.01401",
            periodic=True,
        ),
        MetricSpec(
            name="mmd",
            summary="Unbiased squared MMD of features, times 1000, under a Gaussian kernel as wide as the real data",
            place=13,
            factory="genharness_metric_kid.gaussian:GaussianMmd",
            config=MmdConfig,
            columns=(Column(key="mmd", title="MMD", higher_is_better=False, wide=True),),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Gretton et al. 2012, JMLR 13",
            default=False,
        ),
        MetricSpec(
            name="cmmd",
            summary="Squared MMD of unit-length CLIP features, times 1000, sigma 10: a difference of means",
            place=14,
            factory="genharness_metric_kid.gaussian:Cmmd",
            config=MmdConfig,
            columns=(
                Column(
                    key="cmmd",
                    title="CMMD",
                    higher_is_better=False,
                    wide=True,
                    note="is over CLIP ViT-B/32; published numbers are over ViT-L/14 at 336 pixels",
                ),
            ),
            paper="Jayasumana et al. 2024, arXiv:2401.09603",
            default=False,
        ),
    ]
