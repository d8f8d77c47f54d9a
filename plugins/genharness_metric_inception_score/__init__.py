"""The Inception Score, and the same statistic of a dataset's own classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["InceptionScoreConfig", "genharness_metrics"]


@dataclass(frozen=True)
class InceptionScoreConfig:
    """Options of the Inception Score."""

    splits: int = option(10, low=1, high=1000, help="parts that are scored on their own")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric."""
    return [
        MetricSpec(
            name="is",
            summary="Confident and varied class predictions: by Inception, else by the dataset's classifier",
            place=50,
            factory="genharness_metric_inception_score.score:LogitScore",
            config=InceptionScoreConfig,
            columns=(
                Column(key="is", title="IS", higher_is_better=True, format=".2f", wide=True, least=1),
                Column(key="is_std", title="IS std", format=".2f", wide=True, least=0),
                Column(
                    key="classifier_score",
                    title="Classifier score",
                    higher_is_better=True,
                    format=".2f",
                    wide=True,
                    least=1,
                ),
                Column(key="classifier_score_std", title="Classifier score std", format=".2f", wide=True, least=0),
                Column(
                    key="score_split_samples",
                    title="Samples a split",
                    format=",.0f",
                    wide=True,
                    caveat="has fewer than 1,000 samples a split: it is biased downwards",
                ),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Salimans et al. 2016, arXiv:1606.03498",
        )
    ]
