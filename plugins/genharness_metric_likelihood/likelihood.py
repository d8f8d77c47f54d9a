"""Likelihood and posterior divergence over an evaluation."""

from __future__ import annotations

from collections.abc import Mapping

from genharness import NoOptions
from genharness.kit import Evaluation

__all__ = ["BitsPerDim", "PosteriorDivergence"]


class BitsPerDim:
    """The mean over held-out samples."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `bits_per_dim` of 8-bit values."""
        return {"bits_per_dim": float(evaluation.of_model("likelihood").mean())}


class PosteriorDivergence:
    """The mean over held-out samples."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `kld`, at least 0 but for the noise of an estimate."""
        return {"kld": float(evaluation.of_model("kl_to_prior").mean())}
