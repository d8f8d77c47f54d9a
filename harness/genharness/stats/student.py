"""p values of Student's t in plain Python: importing `scipy.special` takes longer than ranking ten thousand records."""

from __future__ import annotations

import math
from functools import lru_cache

__all__ = ["critical_t", "two_sided_p"]

_TINY = 1e-300


def two_sided_p(t: float, freedom: float) -> float:
    """Return the probability that Student's t lies further from zero than `t`.

    The regularised incomplete beta function I_x(freedom / 2, 1 / 2) at x = freedom / (freedom + t^2), DLMF 8.17(v).

    Args:
        t: Statistic.
        freedom: Degrees of freedom, above 0.
    """
    square = t * t
    if square > 1e300:
        return 0.0
    x, rest = freedom / (freedom + square), square / (freedom + square)
    if rest == 0:
        return 1.0
    a, b = freedom / 2, 0.5
    scale = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(rest))
    if x < (a + 1) / (a + b + 2):
        return min(1.0, scale * _fraction(x, a, b) / a)
    return max(0.0, 1 - scale * _fraction(rest, b, a) / b)


@lru_cache(maxsize=1024)
def critical_t(level: float, freedom: float) -> float:
    """Return the t whose two-sided p is `level`, in (0, 1), to a relative 1e-15; infinity beyond 1e150."""
    low, high = 0.0, 1.0
    while two_sided_p(high, freedom) > level:
        low, high = high, 2 * high
        if high > 1e150:
            return math.inf
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if two_sided_p(middle, freedom) > level else (low, middle)
    return high


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete beta function, DLMF 8.17.22, by Lentz's method."""
    upper, lower = 1.0, 1 / _kept(1 - (a + b) * x / (a + 1))
    value = lower
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            lower = 1 / _kept(1 + term * lower)
            upper = _kept(1 + term / upper)
            change = upper * lower
            value *= change
        if abs(change - 1) < 1e-16:
            break
    return value


def _kept(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
