"""Precision, recall, density and coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["PrdcConfig", "genharness_metrics"]


@dataclass(frozen=True)
class PrdcConfig:
    """Options of precision, recall, density and coverage."""

    k: int = option(5, low=1, high=1000, help="which nearest neighbour bounds a sample's ball")
    convention: Literal["naeem", "kynkaanniemi"] = option(
        "naeem", help="inside a ball is strictly nearer (naeem), or also at its edge (kynkaanniemi, with k=3)"
    )
    count: int = option(10_000, low=0, help="samples of each side at most, equally many of both; 0 for all")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric."""
    return [
        MetricSpec(
            name="prdc",
            summary="Precision, recall, density and coverage by nearest-neighbour balls",
            place=20,
            factory="genharness_metric_prdc.prdc:Prdc",
            config=PrdcConfig,
            columns=(
                Column(key="coverage", title="Coverage", higher_is_better=True, resolution="prdc_samples"),
                Column(key="precision", title="Precision", higher_is_better=True, resolution="prdc_samples"),
                Column(
                    key="recall",
                    title="Recall",
                    higher_is_better=True,
                    resolution="prdc_samples",
                    collapse_below=0.1,
                    collapse_beside="precision",
                ),
                Column(key="density", title="Density", wide=True),
                Column(key="f1", title="F1", higher_is_better=True, wide=True),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Naeem et al. 2020, arXiv:2002.09797; Kynkaanniemi et al. 2019, arXiv:1904.06991",
            periodic=True,
        )
    ]
