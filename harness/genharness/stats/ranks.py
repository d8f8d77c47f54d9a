"""Tests without assumptions on the distribution, exact also where scores tie, and how often one side wins.

`scipy.stats` has these tests too, but importing it takes about a second, and its exact tables hold only without ties.
Up to 50 seeds the null distributions are counted here in whole numbers; beyond, scipy's approximations serve.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from genharness.stats.ttests import ALPHA

__all__ = [
    "RankTest",
    "exact_p_floor",
    "improvement_interval",
    "mann_whitney",
    "probability_of_improvement",
    "wilcoxon",
]

MOST_FOR_EXACT = 50
_BITS = 128
"""Width of a count: of 100 ranks there are fewer than 2^97 halves."""


@dataclass(frozen=True, slots=True)
class RankTest:
    """Two-sided p value of a rank test and how it was computed."""

    p: float
    method: str


def mann_whitney(a: Sequence[float], b: Sequence[float]) -> RankTest:
    """Test that neither side tends to score higher (Mann and Whitney 1947).

    Exact up to 50 seeds a side, over all ways to deal the ranks, also where scores tie and have mid-ranks; beyond,
    the tie-corrected normal approximation.
    """
    ranks = _doubled_ranks([*a, *b])
    return _mann_whitney(tuple(sorted(ranks[: len(a)])), tuple(sorted(ranks[len(a) :])))


def wilcoxon(a: Sequence[float], b: Sequence[float]) -> RankTest:
    """Test that a - b is symmetric around zero over matched pairs (Wilcoxon signed-rank, 1945).

    Exact up to 50 pairs, over all signs of the ranks, also where differences tie; beyond, the tie-corrected normal
    approximation. Pairs without a difference are dropped.
    """
    differences = [x - y for x, y in zip(a, b, strict=True) if x != y]
    if not differences:
        return RankTest(1.0, "exact: no pair differs")
    ranks = _doubled_ranks([abs(difference) for difference in differences])
    signed = (rank if difference > 0 else -rank for rank, difference in zip(ranks, differences, strict=True))
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
def improvement_interval(probability: float, n_a: int, n_b: int, mann_whitney_p: float) -> tuple[float, float]:
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
    if probability == 1:
        return 1.0
    from statistics import NormalDist  # its import costs every table 3 ms

    z = NormalDist().inv_cdf(1 - ALPHA / 2)

    def excess(p: float) -> float:
        factor = 1 + ((n_a + n_b) / 2 - 1) * ((1 - p) / (2 - p) + p / (1 + p))
        return p - probability - z * math.sqrt(p * (1 - p) * factor / (n_a * n_b))

    # At probability 0 the lowest p is a root as well; the end of the interval is the other one.
    return _root(excess, max(probability, 1e-9), 1.0)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function that is negative at `low` and not at `high` changes its sign, by bisection."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if function(middle) < 0 else (low, middle)
    return high


def _doubled_ranks(scores: Sequence[float]) -> list[int]:
    """Return twice the ranks, which are whole also where equal scores share the middle of theirs."""
    ordered = sorted(scores)
    return [bisect_left(ordered, score) + bisect_right(ordered, score) + 1 for score in scores]


@lru_cache(maxsize=4096)  # few arrangements of few ranks: a comparison of many models meets the same ones
def _mann_whitney(a: tuple[int, ...], b: tuple[int, ...]) -> RankTest:
    if len({*a, *b}) == 1:
        return RankTest(1.0, "exact: all scores are equal")
    if max(len(a), len(b)) > MOST_FOR_EXACT:
        from scipy.stats import mannwhitneyu

        return RankTest(float(mannwhitneyu(a, b, method="asymptotic").pvalue), "normal approximation")
    tied = len({*a, *b}) < len(a) + len(b)
    unit = 1 if tied else 2  # without ties every doubled rank is even
    subsets = [1] + [0] * len(a)  # at k: how many subsets of k ranks have each sum
    for place, rank in enumerate((*a, *b), start=1):
        for k in range(min(place, len(a)), 0, -1):
            subsets[k] += subsets[k - 1] << _BITS * (rank // unit)
    p = _two_sided(subsets[-1], sum(a) // unit)
    return RankTest(p, "exact: all permutations of tied ranks" if tied else "exact")


@lru_cache(maxsize=4096)
def _wilcoxon(signed_ranks: tuple[int, ...]) -> RankTest:
    if len(signed_ranks) > MOST_FOR_EXACT:
        from scipy import stats

        return RankTest(float(stats.wilcoxon(signed_ranks, method="approx").pvalue), "normal approximation")
    subsets = 1  # how many subsets of the ranks have each sum
    for rank in map(abs, signed_ranks):
        subsets += subsets << _BITS * rank
    tied = len(set(map(abs, signed_ranks))) < len(signed_ranks)
    p = _two_sided(subsets, sum(rank for rank in signed_ranks if rank > 0))
    return RankTest(p, "exact: all sign changes of tied ranks" if tied else "exact")


def _two_sided(packed: int, observed: int) -> float:
    """Return twice the smaller tail of a null distribution, at most 1.

    Args:
        packed: How many arrangements have each sum, `_BITS` bits a sum, the sum 0 in the lowest.
        observed: The sum that was observed.
    """
    width = _BITS // 8
    content = packed.to_bytes(width * (packed.bit_length() // _BITS + 1), "little")
    counts = [int.from_bytes(content[start : start + width], "little") for start in range(0, len(content), width)]
    tail = min(sum(counts[: observed + 1]), sum(counts[observed:]))
    return min(1.0, 2 * tail / sum(counts))
