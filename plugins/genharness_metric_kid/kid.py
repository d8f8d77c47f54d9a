"""KID over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from genharness.functional.kid import kid
from genharness.kit import Evaluation
from genharness_metric_kid import KidConfig

__all__ = ["Kid"]


class Kid:
    """Binkowski et al. 2018, section 4."""

    def __init__(self, config: KidConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return mean and standard deviation over subsets; the mean may lie a little below 0."""
        real, fake = (torch.from_numpy(evaluation.features(which)).to(evaluation.device) for which in ("real", "fake"))
        size = min(self.config.subset_size, len(real), len(fake))
        found = kid(real, fake, subsets=self.config.subsets, subset_size=size, seed=evaluation.seed)
        return {"kid": found.mean, "kid_std": found.std}
