"""Tests without assumptions on the distribution, exact also where scores tie, and how often one side wins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from genharness.stats.ttests import ALPHA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "RankTest",
    "exact_p_floor",
    "improvement_interval",
    "mann_whitney",
    "probability_of_improvement",
    "wilcoxon",
]

MOST_PERMUTATIONS = 20_000
MOST_FOR_EXACT = 50


@dataclass(frozen=True, slots=True)
class RankTest:
    """Two-sided p value of a rank test and how it was computed."""

    p: float
    method: str


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> RankTest:
    """Test that neither side tends to score higher (Mann and Whitney 1947).

    Exact up to 50 seeds a side. Tables of the exact distribution hold only without ties, so tied scores are tested
    over all permutations of their mid-ranks, or, beyond 20,000 of those, by the tie-corrected normal approximation.
    """
    from scipy.stats import rankdata

    ranks = rankdata([*a, *b]).tolist()
    return _mann_whitney(tuple(sorted(ranks[: len(a)])), tuple(sorted(ranks[len(a) :])))


def wilcoxon(a: Sequence[float], b: Sequence[float]) -> RankTest:
    """Test that a - b is symmetric around zero over matched pairs (Wilcoxon signed-rank, 1945).

    Exact up to 50 pairs. Pairs without a difference are dropped, tied differences are tested over all sign
    changes, or, beyond 20,000 of those, by the tie-corrected normal approximation.
    """
    from scipy.stats import rankdata

    differences = [x - y for x, y in zip(a, b, strict=True) if x != y]
    if not differences:
        return RankTest(1.0, "exact: no pair differs")
    ranks = rankdata([abs(difference) for difference in differences]).tolist()
    signed = (math.copysign(rank, difference) for rank, difference in zip(ranks, differences, strict=True))
    return _wilcoxon(tuple(sorted(signed)))


def exact_p_floor(n_a: int, n_b: int, *, paired: bool = False) -> float:
    """Return the smallest p value that an exact two-sided test can reach with so many seeds.

    2 / C(n_a + n_b, n_a) for Mann-Whitney and 2 / 2^n for Wilcoxon: one arrangement of the ranks in all, and its
    mirror image. With three seeds a side it is 0.1.
    """
    if paired:
        return min(1.0, 2.0 ** (1 - n_a))
    return min(1.0, 2 / math.comb(n_a + n_b, n_a))


def probability_of_improvement(a: Sequence[float], b: Sequence[float], *, higher_is_better: bool) -> float:
    """Return the share of pairs (x of a, y of b) in which x is better, ties counting half; from 0 to 1."""
    sign = 1 if higher_is_better else -1
    wins = sum((sign * x > sign * y) + (sign * x >= sign * y) for x in a for y in b)
    return wins / (2 * len(a) * len(b))


@lru_cache(maxsize=4096)
def improvement_interval(
    probability: float, n_a: int, n_b: int, mann_whitney_p: float
) -> tuple[float, float]:
    """Return the 95 % interval of a probability of improvement.

    Newcombe's method 5 (2006, Statistics in Medicine 25:559), widened to hold 0.5 wherever the exact Mann-Whitney
    test does not reject. A percentile bootstrap would give [1, 1] as soon as the sides do not overlap.

    Args:
        probability: Observed probability of improvement.
        n_a: Seeds of one model.
        n_b: Seeds of the other.
        mann_whitney_p: p value of the same scores.
    """
    low = 1 - _upper_end(1 - probability, n_a, n_b)
    high = _upper_end(probability, n_a, n_b)
    if mann_whitney_p > ALPHA:
        return min(low, 0.5), max(high, 0.5)
    return low, high


def _upper_end(probability: float, n_a: int, n_b: int) -> float:
    from scipy.optimize import brentq
    from scipy.special import ndtri

    if probability == 1:
        return 1.0
    z = float(ndtri(1 - ALPHA / 2))

    def excess(p: float) -> float:
        factor = 1 + ((n_a + n_b) / 2 - 1) * ((1 - p) / (2 - p) + p / (1 + p))
        return p - probability - z * math.sqrt(p * (1 - p) * factor / (n_a * n_b))

    # At probability 0 the lowest p is a root as well; the end of the interval is the other one.
    return float(brentq(excess, max(probability, 1e-9), 1.0))


@lru_cache(maxsize=4096)  # few arrangements of few ranks: a comparison of many models meets the same ones
def _mann_whitney(a: tuple[float, ...], b: tuple[float, ...]) -> RankTest:
    from scipy.stats import mannwhitneyu, permutation_test

    tied = len({*a, *b}) < len(a) + len(b)
    if not tied and max(len(a), len(b)) <= MOST_FOR_EXACT:
        return RankTest(float(mannwhitneyu(a, b, method="exact").pvalue), "exact")
    if tied and math.comb(len(a) + len(b), len(a)) <= MOST_PERMUTATIONS:
        result = permutation_test((a, b), _sum_of_first, vectorized=True, n_resamples=MOST_PERMUTATIONS)
        return RankTest(float(result.pvalue), "exact: all permutations of tied ranks")
    if a[0] == a[-1] == b[0] == b[-1]:
        return RankTest(1.0, "exact: all scores are equal")
    return RankTest(float(mannwhitneyu(a, b, method="asymptotic").pvalue), "normal approximation")


@lru_cache(maxsize=4096)
def _wilcoxon(signed_ranks: tuple[float, ...]) -> RankTest:
    from scipy import stats

    pairs = len(signed_ranks)
    tied = len({abs(rank) for rank in signed_ranks}) < pairs
    if not tied and pairs <= MOST_FOR_EXACT:
        return RankTest(float(stats.wilcoxon(signed_ranks, method="exact").pvalue), "exact")
    if tied and 2**pairs <= MOST_PERMUTATIONS:
        result = stats.permutation_test(
            (signed_ranks,),
            _sum_of_first,
            permutation_type="samples",
            vectorized=True,
            n_resamples=MOST_PERMUTATIONS,
        )
        return RankTest(float(result.pvalue), "exact: all sign changes of tied ranks")
    return RankTest(float(stats.wilcoxon(signed_ranks, method="approx").pvalue), "normal approximation")


def _sum_of_first(
    first: NDArray[np.float64], *_others: NDArray[np.float64], axis: int = -1
) -> NDArray[np.float64]:
    total: NDArray[np.float64] = first.sum(axis=axis)
    return total
