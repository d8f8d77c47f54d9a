"""t tests in closed form, and Holm's correction.

`scipy.stats` has the t tests too, but importing it takes about a second, more than a leaderboard should cost. Only
the ends of an interval need scipy, and only `scipy.special`; they are computed when they are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genharness.stats.student import two_sided_p
from genharness.stats.summary import mean_and_deviation

__all__ = ["ALPHA", "LEAST_PAIRS", "MeanDifference", "deciding_test", "holm", "paired_t", "student_t", "welch_t"]

ALPHA = 0.05
LEAST_PAIRS = 6


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """A t test of mean(a) - mean(b).

    Attributes:
        test: Name of the test.
        difference: mean(a) - mean(b).
        error: Standard error of it.
        freedom: Degrees of freedom.
        p: Two-sided p value.
    """

    test: str
    difference: float
    error: float
    freedom: float
    p: float

    @property
    def margin(self) -> float:
        """Half of the width of the 95 % interval of the difference."""
        if self.error == 0:
            return 0.0
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, 1 - ALPHA / 2)) * self.error

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.difference - self.margin

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.difference + self.margin


def welch_t(a: Sequence[float], b: Sequence[float]) -> MeanDifference:
    """Test equal means without assuming equal variances (Welch 1947). Each side has at least two finite scores.

    Where neither side varies, p is the limit: 1 for equal means, else 0.
    """
    (mean_a, spread_a), (mean_b, spread_b) = _moments(a), _moments(b)
    part_a, part_b = spread_a**2 / len(a), spread_b**2 / len(b)
    whole = part_a + part_b
    if whole == 0:
        return _t_test("Welch t", mean_a - mean_b, 0.0, 1.0)
    share = part_a / whole
    freedom = 1 / (share**2 / (len(a) - 1) + (1 - share) ** 2 / (len(b) - 1))
    return _t_test("Welch t", mean_a - mean_b, math.sqrt(whole), freedom)


def student_t(a: Sequence[float], b: Sequence[float]) -> MeanDifference:
    """Test equal means assuming equal variances (Student 1908). Each side has at least two finite scores."""
    (mean_a, spread_a), (mean_b, spread_b) = _moments(a), _moments(b)
    freedom = len(a) + len(b) - 2
    pooled = ((len(a) - 1) * spread_a**2 + (len(b) - 1) * spread_b**2) / freedom
    return _t_test("Student t", mean_a - mean_b, math.sqrt(pooled * (1 / len(a) + 1 / len(b))), freedom)


def paired_t(a: Sequence[float], b: Sequence[float]) -> MeanDifference:
    """Test that a - b has mean zero over at least two matched pairs."""
    mean, spread = _moments([x - y for x, y in zip(a, b, strict=True)])
    return _t_test("paired t", mean, spread / math.sqrt(len(a)), len(a) - 1)


def deciding_test(a: Sequence[float], b: Sequence[float], *, paired: bool) -> MeanDifference:
    """Return the one test that decides, chosen by the numbers of seeds alone and never by the scores.

    * Pairs decide from 6 seeds on. With fewer, the paired test's lost degrees of freedom cost more power than
      shared seeds give back.
    * Else Welch, where both sides have as many seeds.
    * Where they have not, the larger p of Welch and Student: with 3 seeds against 10, Welch alone calls 6 to 10 %
      of equal models different, and more after Holm.
    """
    if paired and len(a) >= LEAST_PAIRS:
        return paired_t(a, b)
    welch = welch_t(a, b)
    if len(a) == len(b):
        return welch
    student = student_t(a, b)
    same = welch.p == student.p
    stricter = max(welch, student, key=lambda result: result.margin if same else result.p)
    return replace(stricter, test="Welch and Student t")


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct p values for multiple testing by Holm's step-down procedure (Holm 1979).

    Args:
        p_values: One p value a test, from 0 to 1; may be empty.

    Returns:
        Adjusted p values in the same order; those below 5 % are significant at a family-wise error rate of 5 %.

    Raises:
        ValueError: A p value is NaN or outside 0 to 1.
    """
    for position, p in enumerate(p_values):
        if not 0 <= p <= 1:
            raise ValueError(f"p_values: value {position} is {p}; it must lie from 0 to 1")
    adjusted = [0.0] * len(p_values)
    floor = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = floor
    return adjusted


def _t_test(test: str, difference: float, error: float, freedom: float) -> MeanDifference:
    p = two_sided_p(difference / error, freedom) if error else float(difference == 0)
    return MeanDifference(test, difference, error, freedom, p)


def _moments(scores: Sequence[float]) -> tuple[float, float]:
    mean, deviation = mean_and_deviation(scores)
    if deviation is None:
        raise ValueError("a t test needs at least two scores a side")
    return mean, deviation
