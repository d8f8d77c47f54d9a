"""Seeds only where a question is open: looks at growing numbers of seeds, with 5 % of error over all of them together.

A group-sequential design by the union bound over few looks, with the conservative t test of `two_sample_t` (Mickey and
Brown 1966). For normal scores, whatever the ratio of their variances, whatever the dependence and wherever a study
stops, at most 5 % of studies make a false statement: Boole's inequality over looks and pairs. For a whole ranking
Holm's correction (1979) within each look.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations
from typing import Literal

from genharness.stats.sample import Sample, sample_of
from genharness.stats.student import critical_t
from genharness.stats.ttests import ALPHA, two_sample_t

__all__ = ["FEWEST_SEEDS", "HOPELESS_FROM", "Decisions", "Finding", "SeedPlan", "looks_up_to"]

FEWEST_SEEDS = 3
"""Of the first look."""

HOPELESS_FROM = 5
"""Seeds before which no pair is given up."""

Outcome = Literal["different", "equal", "hopeless", "open"]
Pair = frozenset[str]


@lru_cache(maxsize=256)
def looks_up_to(limit: int) -> tuple[int, ...]:
    """Return the numbers of seeds at which is looked: each 1.6 times the one before, the last one `limit`.

    Raises:
        ValueError: `limit` is below 3.
    """
    if limit < FEWEST_SEEDS:
        raise ValueError(f"limit: must be at least {FEWEST_SEEDS} seeds, not {limit}")
    looks = [FEWEST_SEEDS]
    while looks[-1] < limit:
        following = max(looks[-1] + 2, round(1.6 * looks[-1]))
        looks.append(limit if 1.25 * following > limit else following)
    return tuple(looks)


@lru_cache(maxsize=256)
def _levels(looks: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(ALPHA * seeds / sum(looks) for seeds in looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPlan:
    """What is to be decided, made before any score is looked at.

    Attributes:
        rows: Names of what is compared.
        goal: `best`: which row is the best; `top:k`: which are the best k; `ranking`: the whole order.
        limit: Most seeds of a row.
        margin: Rows that differ by less are equal, 0 for none: a share of the score where ratios are compared, such as
            0.05, else a difference of scores.
        higher_is_better: Which way the score is read.
        ratio: Whether ratios are compared, wherever all scores are above zero.
    """

    rows: tuple[str, ...]
    goal: str = "best"
    limit: int = 10
    margin: float = 0.0
    higher_is_better: bool = False
    ratio: bool = False

    @property
    def looks(self) -> tuple[int, ...]:
        """Seeds of a row at each look."""
        return looks_up_to(self.limit)

    @property
    def levels(self) -> tuple[float, ...]:
        """Error that each look may spend: 5 % in all, in the proportion of the seeds."""
        return _levels(self.looks)

    @property
    def places(self) -> int:
        """How many rows are to be found: k of `top:k`, else 1."""
        return int(self.goal.partition(":")[2] or 1)

    @property
    def comparisons(self) -> int:
        """Size of the family that the goal needs."""
        rows = len(self.rows)
        if self.goal == "ranking":
            return rows * (rows - 1) // 2
        return rows - 1 if self.goal == "best" else self.places * (rows - self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One pair at one look.

    Attributes:
        better: The row with the better mean.
        worse: The other.
        look: Which look, from 1.
        counts: Scores of the better and of the worse row.
        outcome: What is known of the pair from here on.
        p: Of the t test; None where there was none.
        level: What `p` had to fall below.
        overall: Smallest error over all looks and pairs at which the pair would be called different; at most 1.
        log: Whether logarithms were compared.
        difference: Mean of the worse less that of the better, of logarithms where `log`; negative where higher is
            better.
        low: Lower end of its interval, which holds whatever look a study stops at: at 1 less the error of the look.
            None without a test.
        high: Upper end of it.
    """

    better: str
    worse: str
    look: int
    counts: tuple[int, int]
    outcome: Outcome = "open"
    p: float | None = None
    level: float = 0.0
    overall: float = 1.0
    log: bool = False
    difference: float = 0.0
    error: float = 0.0
    low: float | None = None
    high: float | None = None

    @property
    def pair(self) -> Pair:
        """Both rows."""
        return frozenset((self.better, self.worse))


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """How far a plan has come. What was decided stays decided.

    Attributes:
        plan: The plan.
        reached: Looks that were taken.
        findings: Every pair at every look that it was tested at, in that order.
        closed: Rows that get no more seeds, with the reason: they neither lose nor win.
    """

    plan: SeedPlan
    reached: int = 0
    findings: tuple[Finding, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)

    @property
    def settled(self) -> dict[Pair, Finding]:
        """What ended each pair that is no longer open."""
        return {one.pair: one for one in self.findings if one.outcome != "open"}

    @property
    def losses(self) -> dict[str, set[str]]:
        """For each row those that are better."""
        found: dict[str, set[str]] = {row: set() for row in self.plan.rows}
        for one in self.findings:
            if one.outcome == "different":
                found[one.worse].add(one.better)
        return found

    @property
    def alive(self) -> list[str]:
        """The rows that compete: those that are not closed, in the order of the plan."""
        return [row for row in self.plan.rows if row not in self.closed]

    @property
    def inside(self) -> set[str]:
        """The rows that are for certain among the best k of those that compete."""
        alive = self.alive
        wins = Counter(better for rows in self.losses.values() for better in rows)
        return {row for row in alive if wins[row] >= len(alive) - self.plan.places}

    @property
    def outside(self) -> set[str]:
        """The rows that are for certain not among them."""
        return {row for row, better in self.losses.items() if row in self.closed or len(better) >= self.plan.places}

    def open_pairs(self) -> list[tuple[str, str]]:
        """Return the pairs that the goal still needs."""
        settled, sure = self.settled, self._sure()
        pairs = [pair for pair in combinations(self.alive, 2) if frozenset(pair) not in settled]
        if self.plan.goal == "best":
            return [pair for pair in pairs if not sure.intersection(pair)]
        return [pair for pair in pairs if not sure.issuperset(pair)]

    def open_rows(self) -> list[str]:
        """Return the rows that get more seeds, in the order of the plan; those of the last look where it was taken."""
        involved = {row for pair in self.open_pairs() for row in pair}
        return [row for row in self.plan.rows if row in involved]

    @property
    def over(self) -> bool:
        """Whether no further look is taken."""
        return self.reached == len(self.plan.looks) or not self.open_pairs()

    @property
    def overall(self) -> dict[tuple[str, str], float]:
        """The error over all looks at which each pair, the better row first, is called different: below 5 % it is."""
        found: dict[Pair, Finding] = {}
        for one in self.findings:
            if one.pair not in found or one.overall < found[one.pair].overall:
                found[one.pair] = one
        return {(one.better, one.worse): one.overall for one in found.values()}

    def after(
        self, scores: Mapping[str, Sequence[float]], *, resolution: float = 0.0, closed: Mapping[str, str] | None = None
    ) -> Decisions:
        """Take the next look.

        Args:
            scores: Finite scores of every open row; a row with fewer than two stays open.
            resolution: Smallest step between two values of the score; 0 where it is continuous.
            closed: Rows that are closed at this look, with the reason.

        Raises:
            ValueError: All looks were taken, or a score is not finite.
        """
        if self.reached == len(self.plan.looks):
            raise ValueError("all looks were taken")
        begun = replace(self, reached=self.reached + 1, closed={**self.closed, **(closed or {})})
        pairs = begun.open_pairs()
        rows = {row for pair in pairs for row in pair}
        log = self.plan.ratio and all(score > 0 for row in rows for score in scores[row])
        samples = {row: sample_of(scores[row], row, log=log, resolution=resolution) for row in rows if scores[row]}
        tested = [begun.tested(a, b, samples, log=log) for a, b in pairs]
        return replace(begun, findings=(*self.findings, *begun.judged(tested)))

    def tested(self, a: str, b: str, samples: Mapping[str, Sample], *, log: bool) -> Finding:
        """Return a pair with its test and its interval, not yet judged."""
        few = [samples[row].count if row in samples else 0 for row in (a, b)]
        test = two_sample_t(samples[a], samples[b]) if min(few) > 1 else None
        sign = -1 if self.plan.higher_is_better else 1
        swapped = test is not None and sign * test.difference > 0
        better, worse = (b, a) if swapped else (a, b)
        counts = (few[1], few[0]) if swapped else (few[0], few[1])
        plain = Finding(better=better, worse=worse, look=self.reached, counts=counts, log=log)
        if test is None:
            return plain
        difference = test.difference if swapped else -test.difference
        width = critical_t(self.level, test.freedom) * test.error
        tested = replace(plain, p=test.p, difference=difference, error=test.error)
        return replace(tested, low=difference - width, high=difference + width)

    @property
    def level(self) -> float:
        """Error that the look which was reached may spend."""
        return self.plan.levels[self.reached - 1]

    def judged(self, tested: Sequence[Finding]) -> Iterator[Finding]:
        """Yield the pairs of a look with what they have come to, smallest p first."""
        ranking = self.plan.goal == "ranking"
        family = self.plan.comparisons - ranking * sum(one.outcome == "different" for one in self.findings)
        overall = 0.0
        for place, one in enumerate(sorted(tested, key=lambda one: 1.0 if one.p is None else one.p)):
            level = self.level / (
                family - ranking * place
            )  # Holm's correction; of the other goals always the strictest
            needed = 1.0 if one.p is None else min(1.0, one.p * ALPHA / level)
            overall = max(overall, needed) if ranking else needed
            judged = replace(one, level=level, overall=overall)
            yield replace(judged, outcome="different") if overall < ALPHA else self._undecided(judged)

    def _undecided(self, one: Finding) -> Finding:
        if one.p is None:
            return one
        if self.plan.margin and self._equal(one):
            return replace(one, outcome="equal")
        return replace(one, outcome="hopeless") if self._hopeless(one) else one

    def _equal(self, one: Finding) -> bool:
        """Whether two one-sided tests find the difference within the margin (Lakens 2017)."""
        margin = math.log1p(self.plan.margin) if one.log else self.plan.margin
        beyond = critical_t(self.level / self.plan.comparisons, min(one.counts) - 1) * one.error
        return abs(one.difference) + beyond < margin

    def _hopeless(self, one: Finding) -> bool:
        """Whether even a difference of one standard error more would not be decided by the last look."""
        seeds, last = self.plan.looks[self.reached - 1], self.plan.looks[-1]
        if seeds < HOPELESS_FROM or seeds == last:
            return False
        needed = critical_t(self.plan.levels[-1] / self.plan.comparisons, last - 1)
        return abs(one.difference) + one.error < needed * one.error * math.sqrt(seeds / last)

    def _sure(self) -> set[str]:
        """Return the rows of which the goal needs to know no more."""
        if self.plan.goal == "ranking":
            return set()
        if self.plan.goal == "best":
            return {row for row, better in self.losses.items() if better}
        return self.inside | self.outside
