"""Many seeds, one line: mean, spread, and an interval that holds what it says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genharness.stats.values import finite_scores

__all__ = ["Summary", "diverged_rate", "interquartile_mean", "mean_and_deviation", "summarise"]

RESAMPLES = 2000
LEAST_FOR_BOOTSTRAP = 8


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores of one model over training seeds.

    Attributes:
        n: Number of seeds, at least 1.
        mean: Arithmetic mean.
        standard_deviation: With n - 1 in the denominator; None for one seed.
        interquartile_mean: Mean of what is left after a quarter is cut from each end.
        interval_low: Lower end of the 95 % confidence interval of the mean; None for one seed.
        interval_high: Upper end of it; None for one seed.
        method: How the interval was made.
    """

    n: int
    mean: float
    standard_deviation: float | None
    interquartile_mean: float
    interval_low: float | None
    interval_high: float | None
    method: str


def mean_and_deviation(values: Iterable[float]) -> tuple[float, float | None]:
    """Return the mean and the standard deviation (n - 1), without numpy or scipy.

    Args:
        values: Scores, one a seed.

    Returns:
        Mean, and standard deviation or None for one value.

    Raises:
        ValueError: `values` is empty or holds NaN or infinity.
    """
    return moments(finite_scores(values, "values"))


def moments(scores: Sequence[float]) -> tuple[float, float | None]:
    """Return what `mean_and_deviation` does, of scores that were checked."""
    mean = math.fsum(scores) / len(scores)
    if len(scores) == 1:
        return mean, None
    if min(scores) == max(scores):
        return scores[0], 0.0
    squares = math.fsum((score - mean) ** 2 for score in scores)
    return mean, math.sqrt(squares / (len(scores) - 1))


def interquartile_mean(values: Iterable[float]) -> float:
    """Return the mean of the middle half: floor(n / 4) scores are cut from each end.

    Source: Agarwal et al. 2021, "Deep RL at the edge of the statistical precipice" (25 % trimmed mean).
    Up to three scores it is the plain mean.

    Raises:
        ValueError: `values` is empty or holds NaN or infinity.
    """
    scores = sorted(finite_scores(values, "values"))
    cut = len(scores) // 4
    middle = scores[cut : len(scores) - cut]
    return math.fsum(middle) / len(middle)


def summarise(values: Iterable[float], seed: int = 0) -> Summary:
    """Summarise scores over training seeds, with a 95 % confidence interval of their mean.

    The percentile bootstrap, which is the usual choice, holds the true mean only 75 % of the time at 3 seeds and
    90 % at 10, BCa hardly more often. So the interval is Student's t up to 7 seeds, and from 8 seeds on the
    bootstrap-t (Efron and Tibshirani 1993, section 12.5), which follows skewed scores. The quantiles of the
    bootstrap-t are kept between one and two times Student's: it explodes where most scores sit close
    together and a few far off. Measured coverage, 3 to 20 seeds: normal scores 95 to 96 %, log-normal ones
    94 to 97 % for deviations of the logarithm up to 0.3; at 0.5, 91 to 92 % up to 7 seeds and 94 to 96 % from 8 on.

    Args:
        values: Scores, one a seed.
        seed: Seed of the bootstrap's random numbers, not a training seed.

    Raises:
        ValueError: `values` is empty or holds NaN or infinity.
    """
    scores = finite_scores(values, "values")
    mean, deviation = mean_and_deviation(scores)
    low, high, method = _interval(scores, mean, deviation, seed)
    return Summary(len(scores), mean, deviation, interquartile_mean(scores), low, high, method)


def diverged_rate(statuses: Iterable[str]) -> float | None:
    """Return the share of seeds that diverged among those whose training ended by itself.

    A seed that was interrupted, timed out, ran out of memory or failed otherwise says nothing of stability and
    counts on neither side.

    Args:
        statuses: Record statuses, one a seed.

    Returns:
        From 0 to 1, or None where no seed ended `ok` or `diverged`.
    """
    ended = [status for status in statuses if status in ("ok", "diverged")]
    return ended.count("diverged") / len(ended) if ended else None


def _interval(
    scores: list[float], mean: float, deviation: float | None, seed: int
) -> tuple[float | None, float | None, str]:
    if deviation is None:
        return None, None, "none: one seed"
    if deviation == 0:
        return mean, mean, "none: all scores are equal"
    from scipy.special import stdtrit

    n = len(scores)
    error = deviation / math.sqrt(n)
    student = float(stdtrit(n - 1, 0.975))
    if n < LEAST_FOR_BOOTSTRAP:
        return mean - student * error, mean + student * error, "Student t"
    low, high = _bootstrap_t_quantiles(scores, mean, error, seed)
    upward = min(max(-low, student), 2 * student)
    downward = min(max(high, student), 2 * student)
    return mean - downward * error, mean + upward * error, f"bootstrap-t, {RESAMPLES} resamples"


def _bootstrap_t_quantiles(scores: list[float], mean: float, error: float, seed: int) -> tuple[float, float]:
    import numpy as np

    sample = np.asarray(scores)
    n = len(sample)
    resamples = sample[np.random.default_rng(seed).integers(0, n, (RESAMPLES, n))]
    errors = resamples.std(axis=1, ddof=1) / math.sqrt(n)
    varied = errors > 1e-9 * error  # a resample of one score repeated has no t statistic
    statistics = (resamples.mean(axis=1)[varied] - mean) / errors[varied]
    low, high = np.quantile(statistics, (0.025, 0.975))
    return float(low), float(high)
