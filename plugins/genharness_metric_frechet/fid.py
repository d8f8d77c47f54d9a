"""Frechet distances over an evaluation's features."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from genharness import NoOptions
from genharness.errors import NotDefinedError
from genharness.functional.fid_infinity import fid_infinity, fid_infinity_error
from genharness.functional.frechet import frechet_distance_from_statistics
from genharness.functional.gaussian import GaussianStatistics
from genharness.kit import Evaluation
from genharness_metric_frechet import FidInfinityConfig
from genharness_metric_frechet.errors import distance_error

__all__ = ["FdDinoV2", "Fid", "FidInfinity", "Sfid"]

LEAST_PER_DIMENSION = 2.5


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
        evaluation.state_error("fid", lambda: distance_error(real, fake, evaluation.features("fake"), evaluation.seed))
        count = min(statistics.count or real.width for statistics in (real, fake))  # a file need not say how many
        return scores if count >= real.width else scores | {"fid_samples_per_dimension": count / real.width}


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
        if real.cholesky is not None:  # else the distance has no derivative, and halves are too few for the line
            evaluation.state_error("fid_inf", lambda: _line_error(real, fake, options))
        return {"fid_inf": fid_infinity(real, fake, **options).value}


def _line_error(real: GaussianStatistics, fake: NDArray[np.float32], options: Mapping[str, int]) -> float:
    try:
        return fid_infinity_error(real, fake, **options)
    except ValueError:  # the fakes of a subset span fewer directions than there are
        return math.nan


class FdDinoV2:
    """The distance over DINOv2 features, which agree better with people than Inception's do (Stein et al. 2023)."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `fd_dinov2`."""
        return {"fd_dinov2": _distance(evaluation, "fd_dinov2", "dinov2")[0]}


class Sfid:
    """The distance over a spatial map from amid Inception, which sees where things are (Nash et al. 2021).

    Channels and layer are those of OpenAI's evaluation of diffusion models (Dhariwal and Nichol 2021), images resized
    as there, whatever the protocol's resize is.
    """

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `sfid`, and below 1 sample a dimension `sfid_samples_per_dimension`."""
        distance, per_dimension = _distance(evaluation, "sfid", "inception-spatial")
        scores = {"sfid": distance}
        return scores if per_dimension >= 1 else scores | {"sfid_samples_per_dimension": per_dimension}


def _distance(evaluation: Evaluation, key: str, extractor: str) -> tuple[float, float]:
    """Return the distance over the features of an extractor and samples a dimension, and state its error."""
    rows, made = (evaluation.extracted(which, extractor).features for which in ("real", "fake"))
    real, fake = GaussianStatistics.fit(rows, "real"), GaussianStatistics.fit(made, "fake")
    evaluation.state_error(key, lambda: distance_error(real, fake, made, evaluation.seed))
    return frechet_distance_from_statistics(real, fake), min(len(rows), len(made)) / real.width
