"""Many seeds, one line: mean, spread, and an interval that holds what it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from genharness.stats.intervals import LEAST_FOR_BOOTSTRAP, RESAMPLES, mean_intervals
from genharness.stats.values import finite_scores, middle_mean, moments

__all__ = ["Summary", "diverged_rate", "interquartile_mean", "mean_and_deviation", "summarise"]


@dataclass(frozen=True, slots=True)
class Summary:
    """Scores of one model over training seeds.

    Attributes:
        n: Number of seeds, at least 1.
        mean: Arithmetic mean.
        standard_deviation: With n - 1 in the denominator; None for one seed.
        interquartile_mean: Mean of what is left after a quarter is cut from each end.
        interval_low: Lower end of the 95 % confidence interval of the mean; None for one seed, and where all scores are
            equal.
        interval_high: Upper end of it, likewise.
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


def interquartile_mean(values: Iterable[float]) -> float:
    """Return the mean of the middle half: floor(n / 4) scores are cut from each end.

    Source: Agarwal et al. 2021, "Deep RL at the edge of the statistical precipice" (25 % trimmed mean).
    Up to three scores it is the plain mean.

    Raises:
        ValueError: `values` is empty or holds NaN or infinity.
    """
    return middle_mean(finite_scores(values, "values"))


def summarise(values: Iterable[float], seed: int = 0) -> Summary:
    """Summarise scores over training seeds, with a 95 % confidence interval of their mean.

    The interval is that of `genharness.stats.intervals.mean_intervals`.

    Args:
        values: Scores, one a seed.
        seed: Seed of the bootstrap's random numbers, not a training seed.

    Raises:
        ValueError: `values` is empty or holds NaN or infinity.
    """
    scores = finite_scores(values, "values")
    mean, deviation = mean_and_deviation(scores)
    low, high, method = _interval(scores, deviation, seed)
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


def _interval(scores: list[float], deviation: float | None, seed: int) -> tuple[float | None, float | None, str]:
    (interval,) = mean_intervals([scores], seed)
    if interval is None:
        return None, None, "none: one seed" if deviation is None else "none: all scores are equal"
    method = "Student t" if len(scores) < LEAST_FOR_BOOTSTRAP else f"bootstrap-t, {RESAMPLES} resamples"
    return *interval, method
