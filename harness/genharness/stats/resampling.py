"""The noise of evaluating one checkpoint, which says nothing of training it again."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ResampleInterval", "resample_interval"]


@dataclass(frozen=True, slots=True)
class ResampleInterval:
    """Score of one checkpoint and how far other samples of the same generator would move it.

    Attributes:
        score: The statistic of all items.
        resample_standard_error: Standard error over evaluation resamples; not over training seeds.
        resample_low: Lower end of the 95 % interval.
        resample_high: Upper end of it.
        items: Number of items that were evaluated.
        resamples: Number of resamples.
        method: How the interval was made.
    """

    score: float
    resample_standard_error: float
    resample_low: float
    resample_high: float
    items: int
    resamples: int
    method: str = "half-sampling"


def resample_interval(
    statistic: Callable[[NDArray[np.int64]], float], n_items: int, resamples: int = 200, seed: int = 0
) -> ResampleInterval:
    """Return the 95 % interval of one checkpoint's score over evaluation resamples.

    Each resample is a random half of the items without replacement, and the deviation of the half-sample scores,
    times sqrt(h / (n - h)) for halves of h out of n items, estimates the standard error of the whole (delete-d
    jackknife, Shao and Wu 1989). Sampling with replacement would repeat items, which shifts a Frechet distance
    and ruins nearest-neighbour metrics: bootstrap percentile intervals then hold the expected FID 50 to 70 % of
    the time and the expected coverage never, half-sampling 84 to 99 %.

    Args:
        statistic: Takes ascending indices into the items, shape (k,) int64, and returns the score of those items.
        n_items: Number of items, at least 2.
        resamples: Number of half-samples, at least 2.
        seed: Seed of the half-samples, not a training seed.

    Raises:
        ValueError: `n_items` or `resamples` is below 2, or `statistic` returned NaN or infinity.
    """
    import numpy as np
    from scipy.special import stdtrit

    for name, value in (("n_items", n_items), ("resamples", resamples)):
        if value < 2:
            raise ValueError(f"{name}: must be at least 2, not {value}")
    rng = np.random.default_rng(seed)
    half = n_items // 2
    score = _finite(statistic(np.arange(n_items)))
    halves = [_finite(statistic(np.sort(rng.choice(n_items, half, replace=False)))) for _ in range(resamples)]
    error = float(np.std(halves, ddof=1)) * math.sqrt(half / (n_items - half))
    margin = float(stdtrit(resamples - 1, 0.975)) * error
    return ResampleInterval(score, error, score - margin, score + margin, n_items, resamples)


def _finite(score: float) -> float:
    if not math.isfinite(score):
        raise ValueError(f"statistic: returned {score}; it must be finite on every half of the items")
    return float(score)
