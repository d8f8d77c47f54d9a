"""Is the difference between two models real?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from genharness.stats.comparison import Comparison
from genharness.stats.planning import seeds_needed
from genharness.stats.ranks import (
    exact_p_floor,
    improvement_interval,
    mann_whitney,
    probability_of_improvement,
    wilcoxon,
)
from genharness.stats.ttests import ALPHA, MeanDifference, deciding_test, holm, paired_t, welch_t
from genharness.stats.values import finite_scores, log_scores

__all__ = ["compare", "compare_many", "tied_with_best"]


def compare(
    a: Sequence[float],
    b: Sequence[float],
    *,
    paired: bool = False,
    log: bool = False,
    higher_is_better: bool = False,
    names: tuple[str, str] = ("a", "b"),
) -> Comparison:
    """Compare the scores of two models over training seeds.

    Args:
        a: Scores of one model, one a seed.
        b: Scores of the other.
        paired: Whether a[i] and b[i] share a seed.
        log: Compare logarithms, hence ratios: for positive scores such as FID, whose spread grows with them.
        higher_is_better: Which way the score is read.
        names: What to call them.

    Raises:
        ValueError: `a` or `b` is empty or holds NaN or infinity, is not positive with `log`, or differs in length
            with `paired`.
    """
    return _compare(_Pair(*names, a, b, paired), log, higher_is_better, comparisons=1)


def compare_many(
    groups: Mapping[str, Mapping[int, float]], *, higher_is_better: bool = False, log: bool = False
) -> list[Comparison]:
    """Compare every pair of models, Holm-corrected over all pairs that can be tested.

    A pair is matched by seed where both sides have exactly the same seeds. Measured over 4 equal models with 2 to
    20 seeds each, normal, uniform, log-normal, exponential and heavy-tailed scores, equal and unequal numbers of
    seeds: 1 to 5 % of the families hold a false verdict.

    Args:
        groups: For each model its scores by training seed.
        higher_is_better: Which way the score is read.
        log: Compare logarithms; see `compare`.

    Returns:
        One comparison a pair, in the order of `groups`.

    Raises:
        ValueError: There are fewer than two models, or the scores of one are refused; see `compare`.
    """
    if len(groups) < 2:
        raise ValueError(f"groups: needs at least two models to compare, not {len(groups)}")
    pairs = _pairs(groups)
    family = sum(pair.testable for pair in pairs)
    compared = [_compare(pair, log, higher_is_better, max(1, family)) for pair in pairs]
    corrected = iter(holm([c.p for c in compared if c.p is not None]))
    exact = iter(holm([c.mann_whitney.p for c in compared if c.mann_whitney is not None]))
    return [c if c.p is None else replace(c, p_holm=next(corrected), mann_whitney_p_holm=next(exact)) for c in compared]


def tied_with_best(
    groups: Mapping[str, Mapping[int, float]], *, higher_is_better: bool = False, log: bool = False
) -> frozenset[str]:
    """Return the models that cannot be told from the one with the best mean, and that one.

    Decides as `compare_many` does, Holm-corrected over all pairs, because which model is best is itself read from
    the scores. A model with a single seed cannot be told from any. Needs no `scipy.stats`.

    Raises:
        ValueError: The scores of a model are empty or not finite, or not positive with `log`.
    """
    if not groups:
        return frozenset()
    means = {name: _mean(scores) for name, scores in _checked(groups, log).items()}
    best = (max if higher_is_better else min)(means, key=means.__getitem__)
    pairs = [pair for pair in _pairs(groups) if pair.testable]
    tests = [deciding_test(*pair.scores(log), paired=pair.paired).p for pair in pairs]
    apart = {
        name
        for pair, p in zip(pairs, holm(tests), strict=True)
        if p < ALPHA and best in (pair.name_a, pair.name_b)
        for name in (pair.name_a, pair.name_b)
    }
    return frozenset(groups) - apart | {best}


@dataclass(frozen=True, slots=True)
class _Pair:
    name_a: str
    name_b: str
    a: Sequence[float]
    b: Sequence[float]
    paired: bool

    @property
    def testable(self) -> bool:
        return min(len(self.a), len(self.b)) > 1

    def scores(self, log: bool) -> tuple[list[float], list[float]]:
        """Return the checked scores of both sides, or their logarithms."""
        a, b = finite_scores(self.a, self.name_a), finite_scores(self.b, self.name_b)
        return (log_scores(a, self.name_a), log_scores(b, self.name_b)) if log else (a, b)


def _pairs(groups: Mapping[str, Mapping[int, float]]) -> list[_Pair]:
    """Return every pair of models with the scores in order of their seeds."""
    ordered = {name: [scores[seed] for seed in sorted(scores)] for name, scores in groups.items()}
    return [
        _Pair(first, second, ordered[first], ordered[second], groups[first].keys() == groups[second].keys())
        for first, second in combinations(groups, 2)
    ]


def _compare(pair: _Pair, log: bool, higher_is_better: bool, comparisons: int) -> Comparison:
    a, b = pair.scores(log=False)
    x, y = pair.scores(log)
    comparison = Comparison(
        names=(pair.name_a, pair.name_b),
        n=(len(a), len(b)),
        higher_is_better=higher_is_better,
        log=log,
        paired=pair.paired,
        difference=_mean(a) - _mean(b),
        ratio=_exp(_mean(x) - _mean(y)) if log else None,
        improvement=probability_of_improvement(a, b, higher_is_better=higher_is_better),
        comparisons=comparisons,
        seeds=seeds_needed(a, b, paired=pair.paired, log=log, comparisons=comparisons),
    )
    if not pair.testable:
        return comparison
    plain = deciding_test(a, b, paired=pair.paired)
    return _tested(replace(comparison, difference_low=plain.low, difference_high=plain.high), x, y)


def _tested(comparison: Comparison, x: list[float], y: list[float]) -> Comparison:
    """Add the tests of x against y, which are the scores or, with `log`, their logarithms."""
    deciding = deciding_test(x, y, paired=comparison.paired)
    exact = mann_whitney(x, y)
    low, high = improvement_interval(comparison.improvement, len(x), len(y), exact.p)
    return replace(
        comparison,
        ratio_low=_exp(deciding.low) if comparison.log else None,
        ratio_high=_exp(deciding.high) if comparison.log else None,
        decided_by=_name(deciding, comparison.log),
        p=deciding.p,
        p_holm=deciding.p,
        welch_p=welch_t(x, y).p,
        paired_p=paired_t(x, y).p if comparison.paired else None,
        mann_whitney=exact,
        mann_whitney_p_holm=exact.p,
        wilcoxon=wilcoxon(x, y) if comparison.paired else None,
        exact_p_floor=exact_p_floor(len(x), len(y)),
        improvement_low=low,
        improvement_high=high,
    )


def _name(test: MeanDifference, log: bool) -> str:
    return f"{test.test} on logarithms" if log else test.test


def _checked(groups: Mapping[str, Mapping[int, float]], log: bool) -> dict[str, list[float]]:
    checked = {name: finite_scores(scores.values(), name) for name, scores in groups.items()}
    if log:
        for name, scores in checked.items():
            log_scores(scores, name)
    return checked


def _mean(scores: list[float]) -> float:
    return math.fsum(scores) / len(scores)


def _exp(value: float) -> float:
    return math.exp(value) if value < 709 else math.inf
