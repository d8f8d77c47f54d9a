"""Likelihood and posterior divergence over an evaluation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genharness import NoOptions
from genharness.kit import Evaluation
from genharness.kit.sampling_errors import mean_error

__all__ = ["BitsPerDim", "PosteriorDivergence"]


class BitsPerDim:
    """The mean over held-out samples."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return bits per dimension of 8-bit values; a bound of them, however tight, has a column of its own."""
        key = "bits_per_dim" if evaluation.kind("likelihood") == "exact" else "bits_per_dim_bound"
        return {key: _mean(evaluation, key, evaluation.of_model("likelihood"))}


class PosteriorDivergence:
    """The mean over held-out samples."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `kld`, at least 0 but for the noise of an estimate."""
        return {"kld": _mean(evaluation, "kld", evaluation.of_model("kl_to_prior"))}


def _mean(evaluation: Evaluation, key: str, values: NDArray[np.float64]) -> float:
    """Return the mean over held-out samples, and state its standard error."""
    evaluation.state(f"{key}_samples", len(values))
    evaluation.state_error(key, mean_error(values))
    return float(values.mean())
