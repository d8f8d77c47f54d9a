"""How many seeds it would take."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from genharness.stats.ranks import exact_p_floor
from genharness.stats.sample import Sample
from genharness.stats.student import critical_t, noncentral_tail
from genharness.stats.summary import mean_and_deviation
from genharness.stats.ttests import ALPHA, LEAST_PAIRS

__all__ = ["MOST_SEEDS", "SeedsNeeded", "least_seeds_for_exact_test", "seeds_needed"]

MOST_SEEDS = 1000


@dataclass(frozen=True, slots=True)
class SeedsNeeded:
    """Seeds on each side that would decide a comparison.

    Attributes:
        for_power: To find the observed difference with power 0.8, were it the true one; None where there is no
            difference, where one side has a single seed, or where 1000 are too few.
        for_exact_test: Before the exact test can reach 5 % corrected at all, whatever the scores.
    """

    for_power: int | None
    for_exact_test: int


def least_seeds_for_exact_test(comparisons: int = 1, *, paired: bool = False) -> int:
    """Return the fewest seeds a side with which an exact test can reach 5 % over `comparisons`.

    Raises:
        ValueError: `comparisons` is below 1.
    """
    if comparisons < 1:
        raise ValueError(f"comparisons: must be at least 1, not {comparisons}")
    seeds = 1
    while exact_p_floor(seeds, seeds, paired=paired) * comparisons > ALPHA:
        seeds += 1
    return seeds


def seeds_needed(
    a: Sample, b: Sample, *, paired: bool = False, power: float = 0.8, comparisons: int = 1
) -> SeedsNeeded:
    """Return how many seeds a side would decide between `a` and `b` at 5 %, corrected.

    The observed difference and deviations are taken for the true ones, which flatters them: read the number as
    an order of magnitude. The correction is planned for at its strictest, 5 % / `comparisons`.

    Args:
        a: Scores of one model.
        b: Scores of the other.
        paired: Whether both share their seeds, in order.
        power: Wanted probability to find the difference, between 0 and 1.
        comparisons: Number of comparisons in the family.

    Raises:
        ValueError: `power` or `comparisons` is out of range.
    """
    if not 0 < power < 1:
        raise ValueError(f"power: must lie between 0 and 1, not {power}")
    exact = least_seeds_for_exact_test(comparisons)
    if min(a.count, b.count) < 2 or a.mean == b.mean or a.variance + b.variance == 0:
        return SeedsNeeded(None, exact)
    return SeedsNeeded(_for_power(a, b, paired, power, ALPHA / comparisons), exact)


def _for_power(a: Sample, b: Sample, paired: bool, power: float, alpha: float) -> int | None:
    distance = abs(a.mean - b.mean)
    single = _enough(distance, a.variance + b.variance, power, alpha)
    if not paired or (single is not None and single < LEAST_PAIRS):
        return single
    changes = [x - y for x, y in zip(a.scores, b.scores, strict=True)]
    variance = (mean_and_deviation(changes)[1] or 0.0) ** 2 + a.floor + b.floor
    pairs = _enough(distance, variance, power, alpha)
    return None if pairs is None else max(pairs, LEAST_PAIRS)


def _enough(distance: float, variance: float, power: float, alpha: float) -> int | None:
    """Return the fewest seeds with that power, sought from where they would be were the variance known."""
    from statistics import NormalDist  # its import costs every table 3 ms

    critical = NormalDist().inv_cdf(1 - alpha / 2)
    deviations = min(MOST_SEEDS, (critical + NormalDist().inv_cdf(power)) * math.sqrt(variance) / distance)
    guess = 1 + math.ceil(deviations**2 + critical**2 / 2)
    return _first(lambda n: _power(n, distance, variance, alpha) >= power, guess)


def _power(n: int, distance: float, variance: float, alpha: float) -> float:
    """Return the power of a t test with n - 1 degrees of freedom; `variance` is that of one seed's difference."""
    return _t_power(n - 1, distance * math.sqrt(n), math.sqrt(variance), alpha)


def _t_power(freedom: int, distance: float, deviation: float, alpha: float) -> float:
    """Return how often a two-sided t test with the statistic centred on distance / deviation rejects that way.

    Rejecting the other way would be an error, not power, so that tail does not count.
    """
    if deviation == 0:
        return 1.0
    return noncentral_tail(critical_t(alpha, freedom), freedom, distance / deviation)


def _first(enough: Callable[[int], bool], guess: int) -> int | None:
    """Return the smallest number of seeds from 2 on that is enough; None where 1000 are not.

    Steps away from the guess double until both sides are known; each number that is tried costs a millisecond.
    """
    low, high, step = 1, MOST_SEEDS + 1, 1
    place = min(max(guess, 2), MOST_SEEDS)
    while high - low > 1:
        low, high, further = (low, place, place - step) if enough(place) else (place, high, place + step)
        step *= 2
        place = further if low < further < high else (low + high) // 2
    return high if high <= MOST_SEEDS else None
