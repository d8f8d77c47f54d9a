"""Frechet distances over an evaluation's features."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genharness import NoOptions
from genharness.errors import NotDefinedError
from genharness.functional.fid_infinity import fid_infinity
from genharness.functional.frechet import frechet_distance, frechet_distance_from_statistics
from genharness.functional.gaussian import GaussianStatistics
from genharness.functional.sampling_error import frechet_error
from genharness.kit import Evaluation
from genharness.kit.sampling_errors import half_sample_errors
from genharness_metric_frechet import FidInfinityConfig

__all__ = ["FdDinoV2", "Fid", "FidInfinity", "Sfid"]

LEAST_PER_DIMENSION = 2.5
HALVES = 20
"""Half-samples of a distance whose covariances are singular."""


class Fid:
    """Squared Frechet distance (Heusel et al. 2017, equation 6), in float64."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `fid`: 0 for equal moments, no upper limit.

        Where either set has fewer samples than the features have dimensions, its covariance is singular and the
        distance far from that of many samples: then also `fid_samples_per_dimension`, below 1.
        """
        real, fake = evaluation.statistics("real"), evaluation.statistics("fake")
        scores = {"fid": frechet_distance_from_statistics(real, fake)}
        evaluation.state_error("fid", lambda: _error(real, fake, evaluation.features("fake"), evaluation.seed))
        count = min(statistics.count or real.width for statistics in (real, fake))  # a file need not say how many
        return scores if count >= real.width else scores | {"fid_samples_per_dimension": count / real.width}


def _error(real: GaussianStatistics, fake: GaussianStatistics, rows: NDArray[np.float32], seed: int) -> float:
    """Return the error over other samples; by halves where a covariance is singular, so that it has no derivative."""
    if real.cholesky is not None and fake.cholesky is not None:
        return frechet_error(real, rows)
    if len(rows) < 4:
        return math.nan

    def of(half: NDArray[np.int64]) -> dict[str, float]:
        return {"fid": frechet_distance_from_statistics(real, GaussianStatistics.fit(rows[half]))}

    return half_sample_errors(of, len(rows), halves=HALVES, seed=seed)["fid"]


class FidInfinity:
    """The line over 1/N at infinitely many samples (Chong and Forsyth 2020, section 4)."""

    def __init__(self, config: FidInfinityConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `fid_inf`.

        Raises:
            NotDefinedError: If there are too few samples for subsets above `LEAST_PER_DIMENSION` times the dimensions:
                below, the distance is no line over 1/N, and what is extrapolated is arbitrary.
        """
        real, fake = evaluation.statistics("real"), evaluation.features("fake")
        smallest = max(len(fake) // 10, math.ceil(LEAST_PER_DIMENSION * real.width))
        if smallest >= len(fake):
            raise NotDefinedError(
                f"it needs subsets of at least {LEAST_PER_DIMENSION:g} samples a feature dimension, {smallest:,}, and "
                f"there are {len(fake):,} samples: generate more, or read fid"
            )
        options = {"points": self.config.points, "smallest": smallest, "seed": evaluation.seed}
        return {"fid_inf": fid_infinity(real, fake, **options).value}


class FdDinoV2:
    """The distance over DINOv2 features, which agree better with people than Inception's do (Stein et al. 2023)."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `fd_dinov2`."""
        real, fake = (evaluation.extracted(which, "dinov2").features for which in ("real", "fake"))
        return {"fd_dinov2": frechet_distance(real, fake)}


class Sfid:
    """The distance over a spatial map from amid Inception, which sees where things are (Nash et al. 2021).

    Channels and layer are those of OpenAI's evaluation of diffusion models (Dhariwal and Nichol 2021), images resized
    as there, whatever the protocol's resize is.
    """

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `sfid`, and below 1 sample a dimension `sfid_samples_per_dimension`."""
        real, fake = (evaluation.extracted(which, "inception-spatial").features for which in ("real", "fake"))
        scores, per_dimension = {"sfid": frechet_distance(real, fake)}, min(len(real), len(fake)) / real.shape[1]
        return scores if per_dimension >= 1 else scores | {"sfid_samples_per_dimension": per_dimension}
