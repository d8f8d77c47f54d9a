"""Single changes from one base: how far each moves a score, and how far at most where it moves nothing that is seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from genharness.stats.family import ScoreTable
from genharness.stats.sample import Sample
from genharness.stats.student import critical_t
from genharness.stats.ttests import ALPHA, MeanDifference, deciding_test, holm

__all__ = ["Change", "changes_from"]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change, compared with the base over training seeds.

    Attributes:
        name: Of the variant.
        n: Seeds of the variant and of the base.
        log: Whether differences are ratios minus one, else differences.
        paired: Whether the scores are matched by seed: variants of equally many parameters, from six seeds on.
        correlation: Of the matched scores; None where they are not matched, or do not vary.
        difference: Of the variant to the base: ratio of geometric means minus one, or difference of means.
        low: Lower end of its 95 % interval; None without a test.
        high: Upper end of it.
        p: Two-sided p value, corrected by Holm over all changes; None without a test.
        within: No difference is larger than this (95 %, over all changes together), as `difference` is measured; None
            without a test. Two one-sided tests (Schuirmann 1987; Lakens 2017) with the margin that the scores give.
        verdict: `better`, `worse`, or empty where neither is shown.
        withheld: What the verdict would be, were the side that scores better not the one that lost more of its seeds.
        lost: Share of the seeds of the variant and of the base without a score.
    """

    name: str
    n: tuple[int, int]
    log: bool
    paired: bool = False
    correlation: float | None = None
    difference: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    within: float | None = None
    verdict: str = ""
    withheld: str = ""
    lost: tuple[float, float] = (0.0, 0.0)

    @property
    def sentence(self) -> str:
        """What may be said of it; never that there is no effect."""
        if self.p is None or self.within is None or self.low is None or self.high is None:
            return "cannot be tested: it takes two seeds a side that vary"
        if not self.verdict and not self.withheld:
            return f"no difference larger than {self._size(self.within)} (95 %)"
        ends = sorted((abs(self.low), abs(self.high)))
        interval = f"{self._size(ends[0])} to {self._size(ends[1])}"
        found = f"{self._size(abs(self.difference))} {self.verdict or self.withheld} ({interval}, {self._seeds})"
        return found if self.verdict else self._held_back(found)

    def _held_back(self, found: str) -> str:
        """Return what the seeds with a score say, and why it is no verdict."""
        own, base = self.lost
        none, other = (own, base) if self.withheld == "better" else (base, own)
        whose, others = ("its", "the base's") if self.withheld == "better" else ("the base's", "the change's")
        return (
            f"{found} on the seeds that have a score, but {none:.0%} of {whose} seeds have none ({other:.0%} of "
            f"{others}), so it is not called {self.withheld}"
        )

    def _size(self, value: float) -> str:
        return f"{value:.2g}" if not self.log else f"{value:.0%}" if value >= 0.1 else f"{value:.1%}"

    @property
    def _seeds(self) -> str:
        if not self.paired:
            return f"{self.n[0]} and {self.n[1]} seeds"
        told = "" if self.correlation is None else f", correlation {self.correlation:.1f}"
        return f"{self.n[0]} paired seeds{told}"


def changes_from(table: ScoreTable, base: str) -> list[Change]:
    """Compare every other row of a table with one.

    p values are corrected over these comparisons alone (Holm 1979); bounds hold together (Bonferroni).

    Args:
        table: Scores of the base and of its variants.
        base: Its name.

    Raises:
        ValueError: A score is refused; see `genharness.stats.compare`.
    """
    samples = table.samples()
    others = [name for name in table.groups if name != base]
    tests = {name: _tested(table, samples, name, base) for name in others}
    tested = [name for name in others if tests[name] is not None]
    corrected = dict(zip(tested, holm([test.p for test in tests.values() if test is not None]), strict=True))
    return [_change(table, samples, (name, base), tests[name], corrected.get(name), len(tested)) for name in others]


def _tested(table: ScoreTable, samples: dict[str, Sample], name: str, base: str) -> MeanDifference | None:
    return deciding_test(samples[name], samples[base], paired=table.paired(name, base))


def _change(
    table: ScoreTable,
    samples: dict[str, Sample],
    names: tuple[str, str],
    test: MeanDifference | None,
    p: float | None,
    family: int,
) -> Change:
    a, b = (samples[name] for name in names)
    plain = Change(
        name=names[0],
        n=(a.count, b.count),
        log=table.log,
        difference=_told(a.mean - b.mean, table.log),
        lost=(table.lost.get(names[0], 0.0), table.lost.get(names[1], 0.0)),
    )
    if test is None or p is None:
        return plain
    paired = test.test.startswith("paired")
    wide = critical_t(2 * ALPHA / family, test.freedom) * test.error
    within = max(abs(test.difference - wide), abs(test.difference + wide))
    better = (test.difference > 0) == table.higher_is_better
    may = table.may_win(*(names if better else names[::-1]))
    found = ("better" if better else "worse") if p < ALPHA else ""
    return replace(
        plain,
        paired=paired,
        correlation=_correlation(a, b) if paired else None,
        low=_told(test.low, table.log),
        high=_told(test.high, table.log),
        p=p,
        within=_told(within, table.log),
        verdict=found if may else "",
        withheld="" if may else found,
    )


def _told(difference: float, log: bool) -> float:
    return math.expm1(min(difference, 700.0)) if log else difference


def _correlation(a: Sample, b: Sample) -> float | None:
    x, y = ([one - sample.mean for one in sample.scores] for sample in (a, b))
    scale = math.sqrt(math.fsum(one * one for one in x) * math.fsum(one * one for one in y))
    return math.fsum(one * other for one, other in zip(x, y, strict=True)) / scale if scale else None
