"""How many seeds it would take."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genharness.stats.ranks import exact_p_floor
from genharness.stats.summary import mean_and_deviation
from genharness.stats.ttests import ALPHA, LEAST_PAIRS
from genharness.stats.values import finite_scores, log_scores

__all__ = ["MOST_SEEDS", "SeedsNeeded", "least_seeds_for_exact_test", "seeds_needed"]

MOST_SEEDS = 1000


@dataclass(frozen=True, slots=True)
class SeedsNeeded:
    """Seeds on each side that would decide a comparison.

    Attributes:
        for_power: To find the observed difference with power 0.8, were it the true one; None where there is no
            difference, where one side has a single seed, or where 1000 are too few.
        for_exact_test: Before the exact test can reach 5 % after Holm at all, whatever the scores.
    """

    for_power: int | None
    for_exact_test: int


def least_seeds_for_exact_test(comparisons: int = 1, *, paired: bool = False) -> int:
    """Return the fewest seeds a side with which an exact test can reach 5 % after Holm over `comparisons`.

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
    a: Sequence[float],
    b: Sequence[float],
    *,
    paired: bool = False,
    log: bool = False,
    power: float = 0.8,
    comparisons: int = 1,
) -> SeedsNeeded:
    """Return how many seeds a side would decide between `a` and `b` at 5 % after Holm.

    The observed difference and deviations are taken for the true ones, which flatters them: read the number as
    an order of magnitude. Holm is planned for at its strictest step, 5 % / `comparisons`.

    Args:
        a: Scores of one model, one a seed.
        b: Scores of the other.
        paired: Whether a[i] and b[i] share a seed.
        log: Whether the logarithms of the scores are compared.
        power: Wanted probability to find the difference, between 0 and 1.
        comparisons: Number of comparisons in the family.

    Raises:
        ValueError: `a` or `b` is empty or not finite, not positive with `log`, of unequal length with `paired`,
            or `power` or `comparisons` is out of range.
    """
    if not 0 < power < 1:
        raise ValueError(f"power: must lie between 0 and 1, not {power}")
    a, b = finite_scores(a, "a"), finite_scores(b, "b")
    if paired and len(a) != len(b):
        raise ValueError(f"b: paired scores must be as many on both sides, not {len(a)} and {len(b)}")
    if log:
        a, b = log_scores(a, "a"), log_scores(b, "b")
    exact = least_seeds_for_exact_test(comparisons)
    if min(len(a), len(b)) < 2:
        return SeedsNeeded(None, exact)
    return SeedsNeeded(_for_power(a, b, paired, power, ALPHA / comparisons), exact)


def _for_power(a: list[float], b: list[float], paired: bool, power: float, alpha: float) -> int | None:
    (mean_a, spread_a), (mean_b, spread_b) = mean_and_deviation(a), mean_and_deviation(b)
    if mean_a == mean_b:
        return None
    distance = abs(mean_a - mean_b)
    variances = ((spread_a or 0.0) ** 2, (spread_b or 0.0) ** 2)
    welch = _first(lambda n: _welch_power(n, distance, variances, alpha) >= power)
    if not paired or (welch is not None and welch < LEAST_PAIRS):
        return welch
    spread = mean_and_deviation([x - y for x, y in zip(a, b, strict=True)])[1] or 0.0
    pairs = _first(lambda n: _t_power(n - 1, distance * math.sqrt(n), spread, alpha) >= power)
    return None if pairs is None else max(pairs, LEAST_PAIRS)


def _welch_power(n: int, distance: float, variances: tuple[float, float], alpha: float) -> float:
    whole = sum(variances)
    freedom = (n - 1) * whole**2 / sum(variance**2 for variance in variances) if whole else 1.0
    return _t_power(freedom, distance * math.sqrt(n), math.sqrt(whole), alpha)


def _t_power(freedom: float, distance: float, deviation: float, alpha: float) -> float:
    """Return how often a two-sided t test with the statistic centred on distance / deviation rejects that way.

    Rejecting the other way would be an error, not power, so that tail does not count.
    """
    if deviation == 0:
        return 1.0
    from scipy.special import chdtr, nctdtr, stdtrit

    critical = float(stdtrit(freedom, 1 - alpha / 2))
    centre = distance / deviation
    if centre > 30:  # nctdtr may return NaN here; all that still varies is the estimated deviation
        return float(chdtr(freedom, freedom * (centre / critical) ** 2))
    return 1 - float(nctdtr(freedom, centre, critical))


def _first(enough: Callable[[int], bool]) -> int | None:
    """Return the smallest number of seeds from 2 on that is enough, by bisection; None where 1000 are not."""
    if not enough(MOST_SEEDS):
        return None
    low, high = 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
