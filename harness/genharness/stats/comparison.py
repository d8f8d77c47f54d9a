"""Two models compared over training seeds: what was found, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from genharness.stats.planning import MOST_SEEDS, SeedsNeeded, least_seeds_for_exact_test
from genharness.stats.ranks import RankTest
from genharness.stats.ttests import ALPHA

__all__ = ["Comparison"]

Verdict = Literal["better", "worse", "undecided"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two models, `a` and `b`, compared over training seeds. All tests are two-sided, all intervals 95 %.

    With a single seed on either side, or where neither varies, there is no test: every interval and p value is None.

    Attributes:
        names: Names of `a` and `b`.
        n: Seeds of each.
        higher_is_better: Which way the score is read.
        log: Whether the tests compare logarithms.
        paired: Whether the scores are matched by seed.
        lost: Share of the seeds of each without a score: they did not end well, or it is undefined.
        difference: mean(a) - mean(b).
        difference_low: Lower end of its interval, from the deciding test without logarithms.
        difference_high: Upper end of it.
        ratio: Geometric mean of a over that of b; None without `log`.
        ratio_low: Lower end of its interval, from the deciding test.
        ratio_high: Upper end of it.
        decided_by: The test that decides; see `genharness.stats.ttests.deciding_test`.
        p: Its p value.
        p_corrected: `p` corrected over all `comparisons`, which the verdict is read from; by Holm up to 40 models, else
            by Bonferroni.
        p_within: `p` corrected over the pairs of this metric alone.
        welch_p: Of Welch's t test.
        paired_p: Of the paired t test; None unless paired.
        mann_whitney: Exact Mann-Whitney test.
        mann_whitney_p_corrected: Its p value times `comparisons`, at most 1.
        wilcoxon: Exact Wilcoxon signed-rank test; None unless paired.
        exact_p_floor: Smallest p the Mann-Whitney test can reach with so many seeds.
        improvement: Probability that a run of `a` beats a run of `b`.
        improvement_low: Lower end of its interval.
        improvement_high: Upper end of it.
        comparisons: Number of tested comparisons in the family, at least 1.
        seeds: Seeds on each side that would decide it.
        over_looks: Whether `p_corrected` is the error over all looks of a study that added seeds until it was decided.
    """

    names: tuple[str, str]
    n: tuple[int, int]
    higher_is_better: bool
    log: bool
    paired: bool
    lost: tuple[float, float] = (0.0, 0.0)
    difference: float
    difference_low: float | None = None
    difference_high: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    decided_by: str = "nothing: one seed"
    p: float | None = None
    p_corrected: float | None = None
    p_within: float | None = None
    welch_p: float | None = None
    paired_p: float | None = None
    mann_whitney: RankTest | None = None
    mann_whitney_p_corrected: float | None = None
    wilcoxon: RankTest | None = None
    exact_p_floor: float = 1.0
    improvement: float
    improvement_low: float | None = None
    improvement_high: float | None = None
    comparisons: int = 1
    seeds: SeedsNeeded
    over_looks: bool = False

    @property
    def verdict(self) -> Verdict:
        """Whether `a` is better or worse than `b` at 5 %, corrected, by the deciding test.

        A model that lost more of its seeds is not called better: its scores are those of the seeds that trained.
        """
        return "undecided" if self.withheld else self._found

    @property
    def withheld(self) -> bool:
        """Whether the scores differ but the side that scores better lost more of its seeds."""
        lost_a, lost_b = self.lost
        return (self._found == "better" and lost_a > lost_b) or (self._found == "worse" and lost_b > lost_a)

    @property
    def _found(self) -> Verdict:
        if self.p_corrected is None or self.p_corrected >= ALPHA:
            return "undecided"
        effect = self.difference if self.ratio is None else self.ratio - 1
        return "better" if (effect > 0) == self.higher_is_better else "worse"

    @property
    def sentence(self) -> str:
        """The verdict in words, with what the seeds cannot say and how many could."""
        return _describe(self)


def _describe(comparison: Comparison) -> str:
    """Return one to three sentences: the verdict, the seeds that would decide, what the exact test can say."""
    a, b = comparison.names
    if comparison.p is None:
        return f"{a} and {b} cannot be told apart: {_why_untested(comparison)}"
    if comparison.withheld:
        return _withheld(comparison)
    found = {
        "better": f"{a} is better than {b}",
        "worse": f"{a} is worse than {b}",
        "undecided": f"{a} and {b} cannot be told apart",
    }[comparison.verdict]
    parts = [f"{found}: {_effect(comparison)}; {comparison.decided_by}, {_p_value(comparison)}."]
    if comparison.verdict == "undecided":
        parts.append(_seeds_for_power(comparison))
    parts.append(_exact(comparison))
    return " ".join(parts)


def _why_untested(comparison: Comparison) -> str:
    if min(comparison.n) > 1:
        return "no score varies over the seeds of either, so the spread between seeds is unknown."
    return (
        "a single seed says nothing of the spread between seeds. "
        f"Run at least 2 seeds of each, {comparison.seeds.for_exact_test} for an exact test."
    )


def _withheld(comparison: Comparison) -> str:
    names, lost = comparison.names, comparison.lost
    first, second = (0, 1) if lost[0] > lost[1] else (1, 0)
    return (
        f"{names[first]} scores better than {names[second]} on the seeds that have a score, but {lost[first]:.0%} of "
        f"its seeds have none ({lost[second]:.0%} of the other's), so it is not called better: {_effect(comparison)}; "
        f"{comparison.decided_by}, {_p_value(comparison)}."
    )


def _effect(comparison: Comparison) -> str:
    if comparison.ratio is not None:
        return f"ratio {comparison.ratio:.4g} (95 % interval {comparison.ratio_low:.4g} to {comparison.ratio_high:.4g})"
    return (
        f"difference {comparison.difference:.4g} "
        f"(95 % interval {comparison.difference_low:.4g} to {comparison.difference_high:.4g})"
    )


def _p_value(comparison: Comparison) -> str:
    text = f"p = {comparison.p:.2g}"
    if comparison.over_looks:
        return f"{text}, {comparison.p_corrected:.2g} over all looks of the study that added seeds until it was decided"
    if comparison.comparisons > 1:
        text += f", {comparison.p_corrected:.2g} corrected for {comparison.comparisons:,} comparisons"
    return text


def _seeds_for_power(comparison: Comparison) -> str:
    seeds = comparison.seeds.for_power
    if seeds is not None:
        return f"Were the observed difference the true one, {seeds} seeds of each would find it with power 0.8."
    if comparison.p == 1:
        return "The means are equal: no number of seeds can be named."
    return f"Were the observed difference the true one, more than {MOST_SEEDS} seeds of each would be needed."


def _exact(comparison: Comparison) -> str:
    p = comparison.mann_whitney_p_corrected
    if p is None or comparison.exact_p_floor * comparison.comparisons > ALPHA:
        return _too_few(comparison)
    says = "can tell them apart" if p < ALPHA else "cannot tell them apart"
    after = " corrected" if comparison.comparisons > 1 else ""
    return f"The exact Mann-Whitney test {says} (p = {p:.2g}{after})."


def _too_few(comparison: Comparison) -> str:
    n_a, n_b = comparison.n
    alone, family = least_seeds_for_exact_test(), comparison.seeds.for_exact_test
    takes = f"it takes {alone} of each"
    if family != alone:
        takes += f", {family} corrected"
    floor = min(1.0, comparison.exact_p_floor * comparison.comparisons)
    corrected = f" corrected for {comparison.comparisons:,} comparisons" if comparison.comparisons > 1 else ""
    return (
        f"With {n_a} and {n_b} seeds the exact Mann-Whitney test cannot fall below p = {floor:.2g}{corrected}, "
        f"so it cannot reach 5 %: {takes}."
    )
