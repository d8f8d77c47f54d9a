"""Simulated studies that look at growing numbers of seeds: models with known means, fed to `Decisions`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from genharness.stats.sequential import Decisions, SeedPlan


def normal(random, size):
    return random.standard_normal(size)


def skew(random, size):
    """Centred gamma with deviation 1 and skewness 1.4."""
    return (random.gamma(2, size=size) - 2) / np.sqrt(2)


def unequal(random, models):
    """A deviation for each model, from 1 to 10 %."""
    return 10 ** random.uniform(-2, -1, models)


def scores(random, means, noise=normal):
    """Scores of 20 seeds for each model, log-normal about its mean, as models `(m, 20)`."""
    means = np.asarray(means, float)
    return np.exp(means[:, None] + unequal(random, len(means))[:, None] * noise(random, (len(means), 20)))


@dataclass
class Studied:
    """A study that is over, and the seeds of each of its rows."""

    decisions: Decisions
    seeds: dict[str, int]

    @property
    def different(self):
        return {(one.better, one.worse) for one in self.decisions.findings if one.outcome == "different"}

    @property
    def unbeaten(self):
        return [row for row, better in self.decisions.losses.items() if not better]

    @property
    def mean_seeds(self):
        return sum(self.seeds.values()) / len(self.seeds)


def plan_of(models, **options):
    return SeedPlan(rows=tuple(f"m{i}" for i in range(models)), **{"ratio": True, "limit": 20, **options})


def look(decisions, table, resolution=0.0, before=None):
    """Take the next look at scores `(m, 20)`, NaN where a seed diverged; `before`: seeds that rows had already."""
    count = decisions.plan.looks[decisions.reached]
    seen, closed = {}, {}
    for row in decisions.open_rows():
        values = table[int(row[1:]), : max(count, (before or {}).get(row, 0))]
        seen[row] = [float(value) for value in values if np.isfinite(value)]
        if not seen[row]:
            closed[row] = "diverges"
    return decisions.after(seen, resolution=resolution, closed=closed)


def studied(table, resolution=0.0, before=None, **options):
    """Return the study of scores `(m, 20)` from its first look to its end."""
    decisions = Decisions(plan=plan_of(len(table), **options))
    seeds = dict.fromkeys(decisions.plan.rows, 0)
    while not decisions.over:
        count = decisions.plan.looks[decisions.reached]
        seeds |= dict.fromkeys(decisions.open_rows(), count)
        decisions = look(decisions, table, resolution, before)
    return Studied(decisions, seeds)


def unbeaten_of_fixed(table):
    """Return the rows that lose to none when all seeds of `(m, n)` are looked at once: the test as scipy has it."""
    logs = np.log(table)
    models, seeds = logs.shape
    mean, error = logs.mean(1), logs.var(1, ddof=1) / seeds
    t = (mean[:, None] - mean) / np.sqrt(error[:, None] + error)
    beaten = 2 * stats.t.sf(t, seeds - 1) < 0.05 / (models - 1)
    return [f"m{row}" for row in range(models) if not beaten[row].any()]
