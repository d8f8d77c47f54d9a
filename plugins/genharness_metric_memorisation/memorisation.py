"""Memorisation over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from genharness.kit import Evaluation
from genharness.kit.evaluation import SampleSet
from genharness.kit.memorisation import memorisation
from genharness_metric_memorisation import MemorisationConfig

__all__ = ["MemorisationMetric"]


class MemorisationMetric:
    """Generated samples against the training split, with held-out samples as the standard."""

    def __init__(self, config: MemorisationConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return authenticity and copies in [0, 1], C_T (below about -3: copying) and the distance ratio (1: none)."""

        def features(which: SampleSet) -> torch.Tensor:
            return torch.from_numpy(evaluation.features(which)).to(evaluation.device)

        found = memorisation(
            features("train"), features("test"), features("fake"), cells=self.config.cells, seed=evaluation.seed
        )
        return {
            "authenticity": found.authenticity,
            "ct": found.copying_score,
            "distance_ratio": found.distance_ratio,
            "copied": found.copied,
        }
