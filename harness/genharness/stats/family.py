"""All comparisons that are corrected together, and what follows from them: who beats whom, and the ranks.

There is one table of corrected comparisons. Verdicts, intervals of ranks and the set of best models are read from it,
so none of them can contradict another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from genharness.stats.sample import Sample, in_order, sample_of
from genharness.stats.student import critical_t
from genharness.stats.ttests import ALPHA, LEAST_PAIRS, MeanDifference, deciding_test, holm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["MOST_FOR_HOLM", "Family", "ScoreTable", "Standing"]

MOST_FOR_HOLM = 40
"""Models of which every pair's p value is computed; with more, Bonferroni's correction needs only one threshold."""

_TOGETHER = 256
"""Models that are held against all others at a time: a few MiB with a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """Scores of models over training seeds, by one metric.

    Attributes:
        groups: For each model its scores by training seed.
        higher_is_better: Which way the score is read.
        log: Compare logarithms; see `genharness.stats.compare`.
        resolution: Smallest step between two values of the score; 0 where it is continuous.
        designs: What models must share for their seeds to be matched: variants of one model with equally many
            parameters start from the same weights and see the same batches; models without a design never match.
        lost: Share of each model's seeds without a score: they did not end well, or it is undefined.
        decided: Pairs, the better model first, that a plan of looks decides and no test here: the error over all looks
            at which it calls them different. See `genharness.stats.sequential`.
    """

    groups: Mapping[str, Mapping[int, float]]
    higher_is_better: bool = False
    log: bool = False
    resolution: float = 0.0
    designs: Mapping[str, Hashable] = field(default_factory=dict)
    lost: Mapping[str, float] = field(default_factory=dict)
    decided: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def decision(self, a: str, b: str) -> float | None:
        """Return the error at which a plan of looks calls two models different; None where none speaks of them."""
        return self.decided.get((a, b), self.decided.get((b, a)))

    def paired(self, a: str, b: str) -> bool:
        """Whether the seeds of two models are matched."""
        design = self.designs.get(a)
        return design is not None and design == self.designs.get(b) and self.groups[a].keys() == self.groups[b].keys()

    def samples(self) -> dict[str, Sample]:
        """Return the scores of every model as the tests read them.

        Raises:
            ValueError: The scores of one are refused; see `genharness.stats.compare`.
        """
        return {
            name: sample_of(in_order(scores), name, log=self.log, resolution=self.resolution)
            for name, scores in self.groups.items()
        }

    def may_win(self, a: str, b: str) -> bool:
        """Whether `a` may be called better than `b`: not where it lost more of its seeds.

        Its scores are those of the seeds that trained; the others cannot be averaged, and must not help.
        """
        return self.lost.get(a, 0.0) <= self.lost.get(b, 0.0)


@dataclass(frozen=True, slots=True)
class Standing:
    """The interval of a model's rank, 1 is best: over all models of a table together it holds the true ranks 95 %.

    Attributes:
        low: One more than the models that are significantly better.
        high: The number of models, less those that are significantly worse.
    """

    low: int
    high: int

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else f"{self.low}-{self.high}"

    @property
    def unbeaten(self) -> bool:
        """Whether no model is significantly better, so that this one may be the best."""
        return self.low == 1


class Family:
    """Every pair of models by every one of some metrics, corrected together at 5 %.

    Up to 40 models Holm's correction (1979), which holds whatever the dependence of the tests; with more models
    Bonferroni's, which is stricter.

    Args:
        tables: One for each metric; models may differ between them.

    Raises:
        ValueError: The scores of a model are refused.
    """

    def __init__(self, tables: Sequence[ScoreTable]) -> None:
        self._begin(tables, [table.samples() for table in tables])

    def alone(self, place: int) -> Family:
        """Return the family of one of the tables, by its place among them."""
        if len(self.tables) == 1:
            return self
        found = object.__new__(Family)
        found._begin([self.tables[place]], [self._samples[place]])
        return found

    def _begin(self, tables: Sequence[ScoreTable], samples: Sequence[Mapping[str, Sample]]) -> None:
        self.tables = tables
        self._samples = samples
        self._by_holm = all(len(table.groups) <= MOST_FOR_HOLM for table in tables)
        self.size = sum(map(_testable, self._samples, tables))
        self._corrected: dict[tuple[int, str, str], float] | None = None
        self._standings: dict[int, dict[str, Standing]] = {}
        self._withheld: dict[int, list[tuple[str, str]]] = {}

    def corrected(self, table: int, a: str, b: str) -> float | None:
        """Return the corrected p value of a pair by a metric, or None where there is no test.

        Args:
            table: Place of the metric among the tables.
            a: A model of that table.
            b: Another.
        """
        decision = self.tables[table].decision(a, b)
        if decision is not None:
            return decision
        if self._by_holm:
            found = self._holm()
            return found.get((table, a, b), found.get((table, b, a)))
        test = self._test(table, a, b)
        return None if test is None else min(1.0, self.size * test.p)

    def standings(self, place: int) -> dict[str, Standing]:
        """Return the interval of every model's rank, by the metric at a place among the tables."""
        if place not in self._standings:
            self._standings[place] = self._ranked(place)
        return self._standings[place]

    def withheld(self, place: int) -> list[tuple[str, str]]:
        """Return the pairs in which the first model scores significantly better, and lost more of its seeds."""
        self.standings(place)
        return self._withheld[place]

    def still(self, place: int) -> list[str]:
        """Return the models of several seeds whose scores do not vary: two of them cannot be tested."""
        return [name for name, one in self._ready(place).items() if one.variance == 0]

    def _ranked(self, place: int) -> dict[str, Standing]:
        table = self.tables[place]
        wins, losses = dict.fromkeys(table.groups, 0), dict.fromkeys(table.groups, 0)
        withheld = self._withheld.setdefault(place, [])
        for better, worse in self._decided(place):
            if table.may_win(better, worse):
                wins[better] += 1
                losses[worse] += 1
            else:
                withheld.append((better, worse))
        if not self._by_holm:
            tally, held_back = self._tally(place)
            withheld += held_back
            for name, (won, lost) in tally.items():
                wins[name] += won
                losses[name] += lost
        return {name: Standing(1 + losses[name], len(wins) - wins[name]) for name in table.groups}

    def _decided(self, place: int) -> Iterator[tuple[str, str]]:
        """Yield every pair that differs significantly and was looked at by itself, the better model first."""
        samples, sign = self._samples[place], -1 if self.tables[place].higher_is_better else 1
        pairs = self._pairs_by_holm(place) if self._by_holm else self._pairs_by_bonferroni(place)
        yield from (pair for pair, p in self.tables[place].decided.items() if p < ALPHA and samples.keys() >= {*pair})
        for a, b in pairs:
            yield (a, b) if sign * samples[a].mean < sign * samples[b].mean else (b, a)

    def _pairs_by_holm(self, place: int) -> Iterator[tuple[str, str]]:
        return ((a, b) for (table, a, b), p in self._holm().items() if table == place and p < ALPHA)

    def _pairs_by_bonferroni(self, place: int) -> Iterator[tuple[str, str]]:
        table, level = self.tables[place], self._level
        for a, b in self._matched(place):
            if table.decision(a, b) is None and (test := self._test(place, a, b)) is not None and test.p < level:
                yield a, b

    def _tally(self, place: int) -> tuple[dict[str, tuple[int, int]], list[tuple[str, str]]]:
        """Return how often each model is better, and how often worse, in all pairs that no other test decides.

        And the pairs in which the better one lost more of its seeds.
        """
        import numpy as np

        table, ready = self.tables[place], self._ready(place)
        names, at = list(ready), {name: number for number, name in enumerate(ready)}
        score = np.array([one.mean for one in ready.values()]) * (-1 if table.higher_is_better else 1)
        lost = np.array([table.lost.get(name, 0.0) for name in names])
        tested = np.zeros((len(names), len(names)), bool)
        for a, b in (*self._matched(place), *table.decided):
            if a in at and b in at:
                tested[at[a], at[b]] = tested[at[b], at[a]] = True
        wins, losses = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
        withheld: list[tuple[str, str]] = []
        for start, beyond in _apart(ready, self._level):
            some = np.s_[start : start + len(beyond), None]
            ahead = beyond & ~tested[start : start + len(beyond)] & (score[some] < score)
            better = ahead & (lost[some] <= lost)
            withheld += [(names[start + a], names[b]) for a, b in np.argwhere(ahead & ~better).tolist()]
            wins[start : start + len(beyond)] = better.sum(axis=1)
            losses += better.sum(axis=0)
        return dict(zip(names, zip(wins.tolist(), losses.tolist(), strict=True), strict=True)), withheld

    @property
    def _level(self) -> float:
        """Bonferroni's: of a pair's p value."""
        return ALPHA / max(1, self.size)

    def _ready(self, place: int) -> dict[str, Sample]:
        """Return the models of enough seeds for a test."""
        return {name: one for name, one in self._samples[place].items() if one.count > 1}

    def _matched(self, place: int) -> Iterator[tuple[str, str]]:
        """Yield the pairs of enough seeds to be compared seed by seed."""
        samples, alike = self._ready(place), defaultdict[Hashable, list[str]](list)
        for name, design in self.tables[place].designs.items():
            if name in samples and samples[name].count >= LEAST_PAIRS:
                alike[design].append(name)
        for names in alike.values():
            yield from (pair for pair in combinations(names, 2) if self.tables[place].paired(*pair))

    def _holm(self) -> dict[tuple[int, str, str], float]:
        if self._corrected is None:
            found = {
                (table, a, b): test.p
                for table, samples in enumerate(self._samples)
                for a, b in combinations(samples, 2)
                if self.tables[table].decision(a, b) is None and (test := self._test(table, a, b)) is not None
            }
            self._corrected = dict(zip(found, holm(list(found.values())), strict=True))
        return self._corrected

    def _test(self, table: int, a: str, b: str) -> MeanDifference | None:
        samples = self._samples[table]
        return deciding_test(samples[a], samples[b], paired=self.tables[table].paired(a, b))


def _apart(samples: Mapping[str, Sample], level: float) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield for some models at a time, and the place of the first, which others `two_sample_t` tells each from.

    Half a million pairs take seconds one by one: some models at a time are held against all.
    """
    import numpy as np

    counts = np.array([one.count for one in samples.values()])
    squares = np.zeros(int(counts.max(initial=0)) + 1)
    for count in {one.count for one in samples.values()}:
        squares[count] = critical_t(level, count - 1) ** 2
    means, variances = np.array([(one.mean, one.of_mean) for one in samples.values()]).reshape(-1, 2).T
    for start in range(0, len(counts), _TOGETHER):
        some = np.s_[start : start + _TOGETHER, None]
        least = squares[np.minimum(counts[some], counts)] * (variances[some] + variances)
        yield start, ((means[some] - means) ** 2 > least) & (least > 0)


def _testable(samples: Mapping[str, Sample], table: ScoreTable) -> int:
    """Return how many pairs have a test: two seeds on both sides, a spread on one, and no plan that decides them."""
    ready = {name: sample for name, sample in samples.items() if sample.count > 1}
    still = sum(sample.variance == 0 for sample in ready.values())
    planned = sum(a in ready and b in ready and ready[a].variance + ready[b].variance > 0 for a, b in table.decided)
    return (len(ready) * (len(ready) - 1) - still * (still - 1)) // 2 - planned
