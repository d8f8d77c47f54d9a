"""Scores of nearest neighbours: precision, recall, density, coverage, and their clipped and symmetric kin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["ClippedConfig", "CoverConfig", "PrdcConfig", "ProbableConfig", "RealismConfig", "genharness_metrics"]

_COUNT_HELP = "samples of each side at most, equally many of both; 0 for all"
_EMPTY = (
    "holds nothing near samples that occur more than k times: their balls have radius 0, and only what is strictly "
    "nearer counts; --set prdc.convention=kynkaanniemi counts equals"
)
_HANGS = "rests on 1 % of the samples, as outliers or hubs make it: read clipped density and coverage beside it"


@dataclass(frozen=True)
class PrdcConfig:
    """Options of precision, recall, density and coverage."""

    k: int = option(5, low=1, high=1000, help="which nearest neighbour bounds a sample's ball")
    convention: Literal["naeem", "kynkaanniemi"] = option(
        "naeem", help="inside a ball is strictly nearer (naeem), or also at its edge (kynkaanniemi, with k=3)"
    )
    count: int = option(10_000, low=0, high=10_000_000, help=_COUNT_HELP)


@dataclass(frozen=True)
class ClippedConfig:
    """Options of clipped density and coverage."""

    k: int = option(5, low=1, high=1000, help="which nearest neighbour bounds a real sample's ball")
    count: int = option(10_000, low=0, high=10_000_000, help=_COUNT_HELP)


@dataclass(frozen=True)
class CoverConfig:
    """Options of precision and recall cover."""

    k: int = option(5, low=1, high=300, help="samples of the other side that a ball of 3 k neighbours must hold")
    count: int = option(10_000, low=0, high=10_000_000, help=_COUNT_HELP)


@dataclass(frozen=True)
class ProbableConfig:
    """Options of probabilistic precision and recall."""

    count: int = option(10_000, low=0, high=10_000_000, help=_COUNT_HELP)


@dataclass(frozen=True)
class RealismConfig:
    """Options of realism."""

    k: int = option(
        5, low=1, high=1000, help="which neighbour the shared pass is made for: realism itself takes the third"
    )
    count: int = option(10_000, low=0, high=10_000_000, help=_COUNT_HELP)


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metrics. They share one pass where `k` and `count` are the same."""

    def share(key: str, title: str, caveat: str, caveat_on: str) -> Column:
        """Return the column of a share that a score is to be read with."""
        return Column(key=key, title=title, wide=True, caveat=caveat, caveat_on=caveat_on, least=0, most=1)

    return [
        MetricSpec(
            name="prdc",
            summary="Precision, recall, density and coverage by nearest-neighbour balls",
            place=20,
            factory="genharness_metric_prdc.prdc:Prdc",
            config=PrdcConfig,
            columns=(
                Column(key="coverage", title="Coverage", higher_is_better=True, resolution="prdc_samples", wide=True),
                Column(key="precision", title="Precision", higher_is_better=True, resolution="prdc_samples"),
                Column(
                    key="recall",
                    title="Recall",
                    higher_is_better=True,
                    resolution="prdc_samples",
                    collapse_below=0.1,
                    collapse_beside="precision",
                ),
                Column(key="density", title="Density", wide=True, least=0),
                Column(key="f1", title="F1", higher_is_better=True, wide=True, least=0, most=1),
                Column(
                    key="symmetric_precision",
                    title="Symmetric precision",
                    higher_is_better=True,
                    resolution="prdc_samples",
                    wide=True,
                ),
                Column(
                    key="symmetric_recall",
                    title="Symmetric recall",
                    higher_is_better=True,
                    resolution="prdc_samples",
                    wide=True,
                ),
                share("hanging_precision", "Precision, hanging", _HANGS, "precision"),
                share("hanging_recall", "Recall, hanging", _HANGS, "recall"),
                share("hanging_coverage", "Coverage, hanging", _HANGS, "coverage"),
                share("empty_real_balls", "Empty real balls", _EMPTY, "precision"),
                share("empty_fake_balls", "Empty fake balls", _EMPTY, "recall"),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Naeem et al. 2020, arXiv:2002.09797; Kynkaanniemi et al. 2019, arXiv:1904.06991",
            periodic=True,
        ),
        MetricSpec(
            name="clipped",
            summary="Clipped density and coverage: a share x of bad samples reads 1 - x, whatever outliers there are",
            place=18,
            factory="genharness_metric_prdc.prdc:ClippedMetric",
            config=ClippedConfig,
            columns=(
                Column(
                    key="clipped_density", title="Clipped density", higher_is_better=True, resolution="clipped_samples"
                ),
                Column(
                    key="clipped_coverage",
                    title="Clipped coverage",
                    higher_is_better=True,
                    resolution="clipped_samples",
                ),
                Column(key="clipped_density_raw", title="Clipped density, uncut", wide=True, least=0),
                Column(key="clipped_coverage_ratio", title="Clipped coverage, uncut", wide=True, least=0),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Salvy et al. 2025, arXiv:2507.01761",
            periodic=True,
        ),
        MetricSpec(
            name="cover",
            summary="Shares of samples whose balls hold several of the other side: no hub or outlier moves them",
            place=61,
            factory="genharness_metric_prdc.others:CoverMetric",
            config=CoverConfig,
            columns=(
                Column(
                    key="cover_fakes",
                    title="Cover, fakes",
                    higher_is_better=True,
                    resolution="cover_samples",
                    wide=True,
                ),
                Column(
                    key="cover_reals",
                    title="Cover, reals",
                    higher_is_better=True,
                    resolution="cover_samples",
                    wide=True,
                ),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Cheema and Urner 2023, AISTATS",
            default=False,
        ),
        MetricSpec(
            name="p-precision",
            summary="Probabilistic precision and recall, under one radius for each set",
            place=62,
            factory="genharness_metric_prdc.others:ProbableMetric",
            config=ProbableConfig,
            columns=(
                Column(key="p_precision", title="P-precision", wide=True, least=0, most=1),
                Column(key="p_recall", title="P-recall", wide=True, least=0, most=1),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Park and Kim 2023, arXiv:2309.01590",
            default=False,
        ),
        MetricSpec(
            name="realism",
            summary="Median realism of samples; the most and the least realistic ones as pictures",
            place=63,
            factory="genharness_metric_prdc.others:RealismMetric",
            config=RealismConfig,
            columns=(
                Column(key="realism", title="Realism", wide=True, least=0),
                Column(key="realistic", title="Realistic", wide=True, least=0, most=1),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Kynkaanniemi et al. 2019, arXiv:1904.06991, section 5",
            default=False,
        ),
    ]
