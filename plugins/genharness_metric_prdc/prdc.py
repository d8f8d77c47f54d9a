"""Precision, recall, density and coverage over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from genharness.kit import Evaluation
from genharness.kit.neighbours import prdc
from genharness_metric_prdc import PrdcConfig

__all__ = ["Prdc"]


class Prdc:
    """Naeem et al. 2020, equations 2 to 5; with the other convention, Kynkaanniemi et al. 2019, equation 3."""

    def __init__(self, config: PrdcConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the four numbers and F1 of precision and recall, each in [0, 1] but density, which may exceed 1."""
        real, fake = evaluation.features("real"), evaluation.features("fake")
        if 0 < self.config.count < len(real):
            chosen = np.random.default_rng([evaluation.seed, 31]).choice(len(real), self.config.count, replace=False)
            real = real[np.sort(chosen)]
        scores = prdc(
            torch.from_numpy(real).to(evaluation.device),
            torch.from_numpy(fake).to(evaluation.device),
            k=self.config.k,
            strict=self.config.convention == "naeem",
        )
        return {
            "precision": scores.precision,
            "recall": scores.recall,
            "density": scores.density,
            "coverage": scores.coverage,
            "f1": scores.f1,
        }
