"""MIND over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from genharness.functional.mind import mind
from genharness.functional.sampling_error import mind_error
from genharness.kit import Evaluation
from genharness.kit.equal_counts import equal_draws
from genharness_metric_mind import MindConfig

__all__ = ["Mind"]

_ERROR_DIRECTIONS = 128
"""Enough for a standard error, which needs not to be exact."""


class Mind:
    """Berthet et al. 2026: 3 d times the mean squared 2-Wasserstein distance along directions."""

    def __init__(self, config: MindConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `mind`, at least 0, in squared units of the features; samples of one distribution score above 0."""
        draws = equal_draws(evaluation, self.config.count)
        evaluation.state("mind_samples", draws[0].count)
        real, fake = (
            torch.from_numpy(draw.of(evaluation.features(draw.which))).to(evaluation.device) for draw in draws
        )
        options = self.config
        most = min(options.directions, _ERROR_DIRECTIONS)
        evaluation.state_error("mind", lambda: mind_error(real, fake, directions=most, seed=options.direction_seed))
        found = mind(real, fake, directions=options.directions, kind=options.kind, seed=options.direction_seed)
        return {"mind": found}
