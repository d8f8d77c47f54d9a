"""MIND: sliced Wasserstein distance of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["MindConfig", "genharness_metrics"]


@dataclass(frozen=True)
class MindConfig:
    """Options of MIND."""

    directions: int = option(1000, low=1, high=100_000, help="directions that samples are projected onto")
    kind: Literal["orthogonal", "random"] = option(
        "orthogonal", help="orthogonal in blocks, which scatters less, or independent as in torch-fidelity"
    )
    direction_seed: int = option(2020, low=0, high=2**32, help="seed of the directions: the same ones for all models")
    count: int = option(
        10_000, low=0, high=10_000_000, help="samples of each side at most, equally many of both; 0 for all"
    )


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric."""
    return [
        MetricSpec(
            name="mind",
            summary="Sliced Wasserstein distance of features: no Gaussian is assumed and no covariance estimated",
            place=45,
            factory="genharness_metric_mind.mind:Mind",
            config=MindConfig,
            columns=(Column(key="mind", title="MIND", higher_is_better=False, format=".3g", ratio=True, wide=True),),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Berthet et al. 2026, arXiv:2605.06797",
            periodic=True,
        )
    ]
