"""How far a score would move with other samples of the same model, for scores without an error of their own.

Metrics state what they find with `evaluation.state_error`.
"""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from genharness.functional.sampling_error import share_error
from genharness.kit.evaluation import Evaluation

__all__ = ["half_sample_errors", "mean_error", "share_error", "state_half_samples"]


def mean_error(values: NDArray[np.float64]) -> float:
    """Return the standard error of a mean over independent samples; NaN of fewer than two, or where one is infinite."""
    if len(values) < 2 or not np.isfinite(values).all():
        return math.nan
    return float(values.std(ddof=1)) / math.sqrt(len(values))


def half_sample_errors(
    statistic: Callable[[NDArray[np.int64]], Mapping[str, float]], count: int, *, halves: int = 50, seed: int = 0
) -> dict[str, float]:
    """Return the standard errors of some statistics of samples by half-sampling.

    Each half is drawn without replacement; the deviation over halves, times sqrt(h / (n - h)) for halves of h out of n
    samples, estimates the error of the whole (delete-d jackknife, Shao and Wu 1989). Bootstraps, which repeat samples,
    miss the expected recall, coverage and Frechet distance nearly always.

    Args:
        statistic: Takes ascending indices of samples and returns numbers by name; NaN where undefined.
        count: Samples, at least 2.
        halves: How many halves, at least 2.
        seed: Of the halves.

    Returns:
        An error for each number; NaN where one was undefined in a half.
    """
    rng, size = np.random.default_rng(seed), count // 2
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(halves):
        for name, value in statistic(np.sort(rng.choice(count, size, replace=False))).items():
            found[name].append(value)
    scale = math.sqrt(size / (count - size))
    return {name: float(np.std(values, ddof=1)) * scale for name, values in found.items()}


def state_half_samples(
    evaluation: Evaluation,
    scores: Mapping[str, float],
    of_half: Callable[[NDArray[np.int64]], Mapping[str, float]],
    count: int,
    *,
    halves: int = 50,
) -> None:
    """State the errors of scores by half-sampling, which is done once, where errors are wanted.

    Args:
        evaluation: What they are of.
        scores: By column key.
        of_half: Gives the same of some samples; see `half_sample_errors`.
        count: Samples.
        halves: See `half_sample_errors`.
    """
    errors = functools.cache(lambda: half_sample_errors(of_half, count, halves=halves))
    for key in scores if count > 1 else ():
        evaluation.state_error(key, functools.partial(lambda one: errors()[one], key))
