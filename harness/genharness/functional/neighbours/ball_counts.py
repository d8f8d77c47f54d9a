"""What the scores of neighbour balls are where both sets are of one distribution, whatever that distribution is.

A ball around one of n points that reaches to the k-th nearest of the others holds a share of the probability that is
Beta(k, n - k), if distances have no ties; so the number S of m independent points of the same distribution that land
in it is beta-binomial:

    P(S = t) = C(m, t) B(k + t, n - k + m - t) / B(k, n - k)

Every expectation here follows, with nothing to simulate or to fit. A reference row that misses them has a broken
extractor, repeated rows or another distribution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genharness.functional.checks import check_whole

__all__ = ["EXPECTED_DENSITY", "expected_clipped_counts", "expected_coverage"]

EXPECTED_DENSITY = 1.0
"""E density, for any n, m and k: m points land in a ball k m / n times on average, over k m n balls and points."""


def expected_coverage(n: int, m: int, k: int = 5) -> float:
    """Return E coverage = 1 - P(S = 0) = 1 - B(k, n - k + m) / B(k, n - k).

    Args:
        n: Number of reals.
        m: Number of fakes, at least 0.
        k: Neighbours that set the balls' radii, in 1..n-1.

    Returns:
        A share in 0..1: .969 for 10,000 and 10,000, .598 for 10,000 and 2,000.

    Raises:
        ValueError: A count is out of range.

    Example:
        A ball from one of two points to the other holds a share of the probability that is uniform on 0..1, as k and
        n - k are 1: a third point misses it half of the time.

        >>> expected_coverage(2, 1, k=1)
        0.5
    """
    return 1.0 - float(_chances(n, np.array([check_whole(m, "m", 0)]), k)[0, 0])


def expected_clipped_counts(n: int, m: int, k: int = 5) -> NDArray[np.float64]:
    """Return f(0), ..., f(m): what E min(S, k) / k is when j of the fakes are of the real distribution.

        f(j) = 1 - 1/k sum_{t < k} (k - t) P(S = t),    S beta-binomial(j; k, n - k)

    Args:
        n: Number of reals.
        m: Number of fakes, at least 0.
        k: Neighbours that set the balls' radii, in 1..n-1.

    Returns:
        `(m + 1,)`, ascending from 0, below 1.

    Raises:
        ValueError: A count is out of range.

    Example:
        With that share uniform, 0, 1 and 2 of two points land in it equally often; all but none fill a ball of k = 1.

        >>> expected_clipped_counts(2, 2, k=1).round(3).tolist()
        [0.0, 0.5, 0.667]
    """
    chances = _chances(n, np.arange(check_whole(m, "m", 0) + 1), k)
    table: NDArray[np.float64] = 1 - (k - np.arange(k)) @ chances / k
    return table


def _chances(n: int, m: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """Return P(S = t) for t < k, `(k, len(m))`, by the ratio of neighbouring terms: neither gammas nor cancellation."""
    if check_whole(k, "k") >= check_whole(n, "n"):
        raise ValueError(f"k = {k} neighbours need more than {k} reals, not {n}")
    before = np.arange(1, k + 1)[:, None]
    chances = np.empty((k, len(m)))
    chances[0] = np.prod((n - before) / (n + m - before), axis=0)
    for t in range(k - 1):
        left = np.maximum(m - t, 0)  # t + 1 of m points have no chance where m <= t
        chances[t + 1] = chances[t] * left * (k + t) / ((t + 1) * np.maximum(n - k + m - t - 1, 1))
    return chances
