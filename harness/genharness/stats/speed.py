"""How fast a score gets good over training: its mean over the logarithm of the cost, and the cost until it is good.

A cost is seconds, images or operations of training; a look is a score at a cost. Looks at one training are no
repetitions of each other: what is told of a seed here is one number, and tests compare those over seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from genharness.stats.ranks import mann_whitney

__all__ = ["LEAST_SEEDS", "cost_to", "holds_last_alone", "mean_over_log_cost", "median_cost", "time_test"]

LEAST_SEEDS = 4
"""Seeds a side from which the exact test of ranks can reach 5 %: with 3 and 3 its smallest p is 10 %."""


def mean_over_log_cost(
    costs: Sequence[float], scores: Sequence[float], window: tuple[float, float], *, log: bool
) -> float:
    """Return the mean of a score over the logarithm of the cost, by trapezoids: the area under the curve.

    Args:
        costs: Of the looks, rising, above zero; they reach from the beginning of the window to its end.
        scores: At these costs, above zero with `log`.
        window: From which cost to which, the same for all that are compared.
        log: Take the geometric mean, as scores that are compared by ratios want it.

    Returns:
        The mean, in the unit of the score.

    Raises:
        ValueError: The looks do not cover the window, or the window is empty.
    """
    low, high = (math.log(end) for end in window)
    x = [math.log(cost) for cost in costs]
    y = [math.log(score) for score in scores] if log else list(scores)
    if not x or not low < high or x[0] > low + _SLACK or x[-1] < high - _SLACK:
        raise ValueError(f"window: {window} is not covered by looks")
    places = [low, *(place for place in x if low < place < high), high]
    area = sum((after - before) * (_at(x, y, before) + _at(x, y, after)) / 2 for before, after in pairwise(places)) / (
        high - low
    )
    return math.exp(area) if log else area


_SLACK = 1e-9
"""Of logarithms: how far an end of the window may lie beyond a look by rounding."""


def _at(x: Sequence[float], y: Sequence[float], place: float) -> float:
    """Return the value at a place, on a straight line between looks."""
    for (x0, y0), (x1, y1) in pairwise(zip(x, y, strict=True)):
        if place <= x1 and x1 > x0:
            return y0 + (y1 - y0) * min(max((place - x0) / (x1 - x0), 0.0), 1.0)
    return y[-1]


def cost_to(
    costs: Sequence[float], scores: Sequence[float | None], threshold: float, *, higher_is_better: bool
) -> float:
    """Return the cost of the first look from which a score holds at two successive looks; infinity where it never does.

    A single look would be optimistic: of noisy scores, the more the oftener one looks, some pass by chance.

    Args:
        costs: Of the looks, rising.
        scores: At these costs; None or not finite where undefined, which holds nothing.
        threshold: The score that is to hold.
        higher_is_better: Which way the score is read.
    """
    holds = _holds(scores, threshold, higher_is_better)
    return next((costs[place] for place, both in enumerate(pairwise(holds)) if all(both)), math.inf)


def holds_last_alone(scores: Sequence[float | None], threshold: float, *, higher_is_better: bool) -> bool:
    """Whether a score holds at the last look and at no two running: what `cost_to` takes for never, unconfirmed.

    Args:
        scores: At the looks; None or not finite where undefined.
        threshold: The score that is to hold.
        higher_is_better: Which way the score is read.
    """
    holds = _holds(scores, threshold, higher_is_better)
    return holds[-1:] == [True] and not any(map(all, pairwise(holds)))


def _holds(scores: Sequence[float | None], threshold: float, higher_is_better: bool) -> list[bool]:
    sign = 1.0 if higher_is_better else -1.0
    return [score is not None and math.isfinite(score) and sign * (score - threshold) >= 0 for score in scores]


def median_cost(costs: Sequence[float]) -> float:
    """Return the median over seeds that were all stopped at one budget; infinity where half of them never got there.

    With one budget it is Kaplan and Meier's (1958) median.
    """
    return median(costs)


def time_test(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Return the exact Mann-Whitney p value of costs until a score holds, those that never came last.

    Returns:
        The two-sided p value; None with fewer than four seeds a side, and where more than half of all never came: then
        counts say what there is to say.
    """
    never = sum(map(math.isinf, (*a, *b)))
    if min(len(a), len(b)) < LEAST_SEEDS or 2 * never > len(a) + len(b):
        return None
    return mann_whitney(a, b).p
