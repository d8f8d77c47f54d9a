"""Perceptual path length: the mean over pairs of neighbouring codes, without the shortest and the longest steps."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genharness.errors import NotDefinedError

__all__ = ["PathLength", "path_length"]

_TAIL = 1.0
"""Per cent of the pairs at either end."""


@dataclass(frozen=True, slots=True)
class PathLength:
    """The length of paths.

    Attributes:
        value: Mean squared perceptual distance over the square of the step.
        error: Its standard error over other pairs; NaN of fewer than two.
    """

    value: float
    error: float


def path_length(distances: NDArray[np.float64], step: float) -> PathLength:
    """Return the perceptual path length (Karras et al. 2019, section 4.1; trimmed as in Karras et al. 2020).

    Pairs below the 1st and above the 99th percentile are left out: a code may lie where a generator breaks.

    Args:
        distances: Squared perceptual distance of the two samples of each pair, `(n,)`.
        step: How far their codes are apart, as a share of a path.

    Raises:
        ValueError: There are no pairs, or a distance is not finite.

    Example:
        >>> path_length(np.array([1.0, 2.0, 3.0]) * 1e-4, step=0.01).value
        2.0
    """
    if distances.ndim != 1 or len(distances) == 0:
        raise NotDefinedError(f"distances must be (n,) with n at least 1, not of shape {distances.shape}")
    if not np.isfinite(distances).all():
        raise NotDefinedError("distances must be finite: the model gives samples that are not")
    lengths = np.asarray(distances, np.float64) / step**2
    low = np.percentile(lengths, _TAIL, method="lower")
    high = np.percentile(lengths, 100 - _TAIL, method="higher")
    kept = lengths[(lengths >= low) & (lengths <= high)]
    # The error of a trimmed mean: the deviation of what is cut at the ends in place of left out (Tukey and McLaughlin
    # 1963), over the share that is kept.
    spread = lengths.clip(low, high).std(ddof=1) if len(lengths) > 1 else math.nan
    return PathLength(float(kept.mean()), float(spread) / math.sqrt(len(lengths)) * len(lengths) / len(kept))
