"""The best of n tries, expected from those that were made."""

from __future__ import annotations

import math
from collections.abc import Sequence

from genharness.stats.values import finite_scores

__all__ = ["expected_best", "winners_bias"]


def expected_best(scores: Sequence[float], tries: int, *, higher_is_better: bool = False) -> float:
    """Return the mean of the best score of `tries` tries, drawn without replacement from those that were made.

    The unbiased form (Tang et al. 2020, "Showing your work doesn't always work", eq. 5): with scores sorted from the
    worst, E_n = sum_i v_(i) C(i - 1, n - 1) / C(B, n). The plug-in of Dodge et al. 2019 is pessimistic. It is of random
    search alone: tries that learn from each other are not exchangeable. Beyond half of the tries nothing is known of
    its own error, so it is given up to there only.

    Args:
        scores: One a try, B of them.
        tries: n, from 1 to B / 2, or 1 where there is one.
        higher_is_better: Which way the score is read.

    Raises:
        ValueError: There are no scores, one is not finite, or `tries` is out of range.
    """
    values = sorted(finite_scores(scores, "scores"), reverse=not higher_is_better)
    most = max(1, len(values) // 2)
    if not 1 <= tries <= most:
        raise ValueError(f"tries: must lie from 1 to {most}, half of those that were made, not {tries}")
    whole = math.comb(len(values), tries)
    return math.fsum(value * (math.comb(place, tries - 1) / whole) for place, value in enumerate(values))


def winners_bias(noise: float, spread: float, expected_largest: float) -> float:
    """Return how far the best score of several tries lies below its own truth, on average.

    For normal scores with noise sigma of one seed about truths with deviation tau the pick of the best of T has
    E[score - truth] = -sigma^2 / sqrt(sigma^2 + tau^2) E[largest of T standard normals].

    Args:
        noise: Deviation over seeds, sigma.
        spread: Deviation of the truth over tries, tau.
        expected_largest: Mean of the largest of T standard normals, such as 1.54, 2.25, 2.75 for 10, 50, 200.
    """
    whole = math.hypot(noise, spread)
    return 0.0 if whole == 0 else -(noise**2) / whole * expected_largest
