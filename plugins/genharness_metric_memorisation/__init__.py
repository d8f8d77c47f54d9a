"""Signs that a model hands out its training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["MemorisationConfig", "genharness_metrics"]


@dataclass(frozen=True)
class MemorisationConfig:
    """Options of memorisation."""

    cells: int = option(10, low=1, high=1000, help="k-means cells of C_T")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric."""
    return [
        MetricSpec(
            name="memorisation",
            summary="Authenticity, C_T, nearest-neighbour distance ratio, exact copies of training samples",
            place=60,
            factory="genharness_metric_memorisation.memorisation:MemorisationMetric",
            config=MemorisationConfig,
            columns=(
                Column(key="authenticity", title="Authenticity", wide=True),
                Column(key="ct", title="C_T", format=".2f", wide=True),
                Column(key="distance_ratio", title="NN ratio", wide=True),
                Column(key="copied", title="Copied", higher_is_better=False, resolution="sample_count"),
            ),
            needs=("features", "train", "test"),
            modalities=("image", "tabular"),
            paper="Alaa et al. 2022, arXiv:2102.08921; Meehan et al. 2020, arXiv:2004.05675",
        )
    ]
