"""Likelihood and posterior divergence over an evaluation."""

from __future__ import annotations

from collections.abc import Mapping

from genharness import ConfigError, NoOptions
from genharness.kit import Evaluation

__all__ = ["Likelihood", "PosteriorDivergence"]


class Likelihood:
    """The mean over held-out samples."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `bits_per_dim` of 8-bit values."""
        bits = evaluation.bits_per_dim()
        if bits is None:
            raise ConfigError("the model gives no likelihood")
        return {"bits_per_dim": float(bits.mean())}


class PosteriorDivergence:
    """The mean over held-out samples."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `kld`, at least 0 but for the noise of an estimate."""
        nats = evaluation.kl_to_prior()
        if nats is None:
            raise ConfigError("the model has no posterior over latent codes")
        return {"kld": float(nats.mean())}
