"""Precision, recall, density and coverage over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from genharness.functional.prdc import knn_radii, prdc
from genharness.kit import Evaluation
from genharness.kit.equal_counts import equal_draws
from genharness_metric_prdc import PrdcConfig

__all__ = ["Prdc"]


class Prdc:
    """Naeem et al. 2020, equations 2 to 5; with the other convention, Kynkaanniemi et al. 2019, equation 3."""

    def __init__(self, config: PrdcConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the four numbers and F1 of precision and recall, each in [0, 1] but density, which may exceed 1."""
        draws = equal_draws(evaluation, self.config.count)
        evaluation.state("prdc_samples", draws[0].count)
        reals, fakes = (
            torch.from_numpy(draw.of(evaluation.features(draw.which))).to(evaluation.device) for draw in draws
        )
        kept = evaluation.derived(
            f"radii, k={self.config.k} count={draws[0].count} seed={evaluation.seed}",
            ("real",),
            lambda: {"radii": knn_radii(reals, self.config.k, name="real").cpu().numpy()},
        )
        radii = torch.from_numpy(kept["radii"]).to(evaluation.device)
        strict = self.config.convention == "naeem"
        scores = prdc(reals, fakes, k=self.config.k, strict=strict, real_radii=radii)
        return {
            "precision": scores.precision,
            "recall": scores.recall,
            "density": scores.density,
            "coverage": scores.coverage,
            "f1": scores.f1,
        }
