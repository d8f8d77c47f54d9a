"""The standard error of a Frechet distance, whether its covariances are full or singular."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from genharness.functional.frechet import frechet_distance_from_statistics
from genharness.functional.gaussian import GaussianStatistics
from genharness.functional.sampling_error import frechet_error
from genharness.kit.sampling_errors import half_sample_errors

__all__ = ["distance_error"]

_HALVES = 20
_FEWEST = 4
"""Samples that can be halved and fitted."""


def distance_error(real: GaussianStatistics, fake: GaussianStatistics, rows: NDArray[np.float32], seed: int) -> float:
    """Return the error over other samples; by halves where a covariance is singular, so that it has no derivative.

    Args:
        real: Statistics of the reference, which stays as it is.
        fake: Statistics of the samples.
        rows: Their features `(m, d)`.
        seed: Of the halves.

    Returns:
        A standard error in squared units of the features; NaN of fewer than four singular samples.
    """
    if real.cholesky is not None and fake.cholesky is not None:
        return frechet_error(real, rows)
    if len(rows) < _FEWEST:
        return math.nan

    def of(half: NDArray[np.int64]) -> dict[str, float]:
        return {"fid": frechet_distance_from_statistics(real, GaussianStatistics.fit(rows[half]))}

    return half_sample_errors(of, len(rows), halves=_HALVES, seed=seed)["fid"]
