"""Student's t in plain Python: importing `scipy.special` takes as long as ranking ten thousand records."""

from __future__ import annotations

import math
from functools import lru_cache

__all__ = ["critical_t", "noncentral_tail", "two_sided_p"]

_TINY = 1e-300
_NEGLIGIBLE = 20.0
"""Negative logarithm of a density, held against its peak, from which on it does not count."""
_FAR = 100.0
"""Centre beyond which it hardly matters that the numerator varies."""


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
    """Return the t whose two-sided p is `level`, in (0, 1), as exactly as `two_sided_p` is; infinity beyond 1e150.

    The logarithm of p falls ever faster with that of t, so that Newton's steps from above end at the root.
    """
    low, high = 0.0, 1.0
    while (p := two_sided_p(high, freedom)) > level:
        low, high = high, 2 * high
        if high > 1e150:
            return math.inf
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    while True:
        slope = 2 * high * scale * (1 + high * high / freedom) ** (-(freedom + 1) / 2)
        nearer = high * math.exp(p / slope * math.log(p / level)) if p and slope else (low + high) / 2
        if not low < nearer < high:
            return high
        if (found := two_sided_p(nearer, freedom)) <= level:
            high, p = nearer, found
        elif p and slope:  # by rounding alone
            return nearer
        else:
            low = nearer


def noncentral_tail(t: float, freedom: int, centre: float) -> float:
    """Return the probability that (z + centre) / s exceeds `t`, z being normal and s^2 chi^2 over its freedom.

    The integral of the normal probability that z + centre exceeds t s over the density of log s, as a sum at equal
    steps, which of a smooth peak is exact but for 1e-8; beyond a centre of 100, where z is taken for wider, for 1e-4.

    Args:
        t: Above 0.
        freedom: Degrees of freedom, at least 1.
        centre: Of the numerator, not negative.
    """
    if centre > _FAR:
        t, centre = t * (_FAR / centre), _FAR
    width = math.sqrt(2 * freedom) / max(centre, 1.0)  # over which the probability falls, in deviations of log s
    points = _chi(freedom, max(0, math.ceil(-math.log2(width))))
    return math.fsum([weight * math.erfc(t * s - centre * _ROOT_HALF) for s, weight in points]) / 2


_ROOT_HALF = math.sqrt(0.5)


@lru_cache(maxsize=1024)
def _chi(freedom: int, halvings: int) -> list[tuple[float, float]]:
    """Return points and weights of the density of s, 1 in all, s being divided by the root of 2."""
    spread = 1 / math.sqrt(2 * freedom)  # of log s
    step = 0.4 * spread * 0.5**halvings
    low, high = -_NEGLIGIBLE / freedom - 5 * spread, min(2.2, 7 * spread)
    logs = [place * step for place in range(math.floor(low / step), math.ceil(high / step) + 1)]
    weights = [math.exp(freedom * (one + (1 - math.exp(2 * one)) / 2)) for one in logs]
    whole = math.fsum(weights)
    return [(math.exp(one) * _ROOT_HALF, weight / whole) for one, weight in zip(logs, weights, strict=True)]


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
