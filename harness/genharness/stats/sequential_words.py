"""A plan of looks and what came of it, in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from genharness.stats.planning import seeds_needed
from genharness.stats.sample import Sample
from genharness.stats.sequential import Decisions, Finding, SeedPlan

__all__ = ["answer_lines", "look_line", "plan_line", "rate_interval"]

_FEW_SEEDS = 5
"""Seeds up to which a decision flatters the difference by several points."""

_LOST = "diverged or have no score"

_MOST_PAIRS = 6
"""Pairs that are named one by one."""


def plan_line(plan: SeedPlan, title: str, where: str) -> str:
    """Return what a plan decides, at which looks, at which cost and with which error.

    Args:
        plan: The plan.
        title: Of the score.
        where: The dataset.
    """
    rows, looks = len(plan.rows), plan.looks
    wrong = {"best": "a wrong best", "ranking": "a wrong statement on any pair"}.get(plan.goal, "a wrong choice")
    return (
        f"until decided: {_goal(plan)} by {title} among {rows} rows on {where}, looks at {_listed(map(str, looks))} "
        f"seeds, at most {rows * looks[-1]} cells ({rows * looks[0]} at least); {wrong} in at most 5 % of studies"
    )


def look_line(decisions: Decisions) -> str:
    """Return what the look that was reached decided, and which rows go on."""
    plan = decisions.plan
    seeds = plan.looks[decisions.reached - 1]
    head = f"look {decisions.reached} of {len(plan.looks)} ({seeds} seeds): {_progress(decisions)}"
    if not decisions.open_pairs():
        return f"{head}; nothing is left open"
    if decisions.over:
        return f"{head}; this was the last look"
    going, more = decisions.open_rows(), plan.looks[decisions.reached] - seeds
    return f"{head}; {_listed(going)} go on ({len(going)} x {more} more cells)"


def answer_lines(decisions: Decisions, title: str, lost: Mapping[str, tuple[int, int]] | None = None) -> list[str]:
    """Return what was decided in the end, and what stays open and why, a line each.

    Args:
        decisions: Whose looks are over.
        title: Of the score.
        lost: For rows of which seeds diverged, how many, and of how many.
    """
    lost = lost or {}
    lines = [*_answer(decisions, title, lost), *(f"{row} {reason}" for row, reason in decisions.closed.items())]
    left = [one for pair in _unresolved(decisions) if (one := _latest(decisions, pair)) is not None]
    lines += [_why_open(one, decisions, title) for one in left[:_MOST_PAIRS]]
    if len(left) > _MOST_PAIRS:
        lines.append(f"and {len(left) - _MOST_PAIRS} more pairs that are not told apart")
    lines += [_lost_line(row, *count) for row, count in lost.items() if count[0]]
    return lines


def _answer(decisions: Decisions, title: str, lost: Mapping[str, tuple[int, int]]) -> list[str]:
    if decisions.plan.goal == "best":
        return _best(decisions, title, lost)
    return (_ranking if decisions.plan.goal == "ranking" else _top)(decisions, title)


def rate_interval(events: int, trials: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a rate (Clopper and Pearson 1934), ends in [0, 1]."""
    from scipy.special import betaincinv

    low = 0.0 if events == 0 else float(betaincinv(events, trials - events + 1, 0.025))
    high = 1.0 if events == trials else float(betaincinv(events + 1, trials - events, 0.975))
    return low, high


def _goal(plan: SeedPlan) -> str:
    return {"best": "the best", "ranking": "the whole order"}.get(plan.goal, f"the best {plan.places}")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def _progress(decisions: Decisions) -> str:
    plan = decisions.plan
    if plan.goal == "best":
        out = sum(bool(better) or row in decisions.closed for row, better in decisions.losses.items())
        return f"{out} of {len(plan.rows)} rows are out"
    ended = [one.outcome for one in decisions.settled.values() if one.pair.isdisjoint(decisions.closed)]
    pairs = math.comb(len(decisions.alive), 2)
    return f"{ended.count('different')} of {pairs} pairs are decided"


def _best(decisions: Decisions, title: str, lost: Mapping[str, tuple[int, int]]) -> list[str]:
    left = _unbeaten(decisions)
    if not left:
        return [f"no row is best by {title}: none is left"]
    if len(left) > 1:
        return [f"{len(left)} of {len(decisions.plan.rows)} rows may be the best by {title}: {_listed(left)}"]
    beaten = [one for one in decisions.findings if one.outcome == "different" and one.better == left[0]]
    nearest = min(beaten, key=lambda one: abs(one.difference), default=None)
    by = f": {_effect(nearest, decisions)}" if nearest else ""
    among = " among the seeds that trained" if lost.get(left[0], (0, 0))[0] else ""
    return [f"{left[0]} is best by {title}{among}{by}; error 5 % over all looks"]


def _top(decisions: Decisions, title: str) -> list[str]:
    plan = decisions.plan
    certain, outside = decisions.inside, decisions.outside
    inside = [row for row in plan.rows if row in certain]
    maybe = [row for row in plan.rows if row not in certain | outside]
    lines = [
        f"among the best {plan.places} by {title}: {_listed(inside) or 'none for certain'}; error 5 % over all looks"
    ]
    return lines + ([f"may be among them: {_listed(maybe)}"] if maybe and len(inside) < plan.places else [])


def _ranking(decisions: Decisions, title: str) -> list[str]:
    wins = [(one.better, one.worse) for one in decisions.settled.values() if one.outcome == "different"]
    rows = decisions.alive
    wins = [pair for pair in wins if {*pair} <= {*rows}]
    below = {row: sum(worse == row for _, worse in wins) for row in rows}
    above = {row: len(rows) - sum(better == row for better, _ in wins) for row in rows}
    order = sorted(rows, key=lambda row: (below[row] + 1 + above[row], below[row]))
    ranks = [f"{row} {_span(below[row] + 1, above[row])}" for row in order]
    return [f"ranks by {title}, error 5 % over all looks: {_listed(ranks)}"]


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"


def _unbeaten(decisions: Decisions) -> list[str]:
    return [row for row, better in decisions.losses.items() if not better and row not in decisions.closed]


def _unresolved(decisions: Decisions) -> list[frozenset[str]]:
    """Return the pairs that keep the question open: not told apart, and of use to the goal."""
    settled = decisions.settled
    given_up = [pair for pair, one in settled.items() if one.outcome in ("equal", "hopeless")]
    pairs = [*given_up, *map(frozenset, decisions.open_pairs())]
    if decisions.plan.goal != "best":
        return pairs
    left = set(_unbeaten(decisions))
    return [pair for pair in pairs if left.issuperset(pair)]


def _latest(decisions: Decisions, pair: frozenset[str]) -> Finding | None:
    return next((one for one in reversed(decisions.findings) if one.pair == pair), None)


def _why_open(one: Finding, decisions: Decisions, title: str) -> str:
    plan, pair = decisions.plan, f"{one.better} and {one.worse}"
    seeds = plan.looks[one.look - 1]
    if one.outcome == "equal":
        margin = f"{plan.margin:.3g}" if not one.log else f"{plan.margin:.1%}"
        return f"{pair} differ by less than {margin} in {title}"
    if one.outcome == "hopeless":
        return (
            f"{pair}: given up at {seeds} seeds: even a difference of one standard error more would not be decided by "
            f"{plan.looks[-1]}"
        )
    if one.p is None:
        return f"{pair}: open, since there are fewer than two scores that vary"
    return f"{pair}: open after {seeds} seeds ({_size(one.difference, one)} apart{_would_take(one, plan)})"


def _would_take(one: Finding, plan: SeedPlan) -> str:
    """Return how many seeds would find the observed difference, were it the true one."""
    count = min(one.counts)
    sides = [Sample((mean,) * count, mean, one.error**2 * count / 2) for mean in (0.0, one.difference)]
    seeds = seeds_needed(*sides, comparisons=plan.comparisons).for_power
    return f"; about {seeds} seeds would decide a difference of that size" if seeds else ""


def _effect(one: Finding, decisions: Decisions) -> str:
    seeds = decisions.plan.looks[one.look - 1]
    sign = math.copysign(1, one.difference)
    ends = sorted(sign * _share(end, one) for end in (one.low, one.high) if end is not None)
    interval = f"interval {_number(ends[0], one)} to {_number(ends[1], one)}"
    few = "; measured on few seeds, which flatters a difference" if seeds <= _FEW_SEEDS else ""
    way = "below" if one.difference > 0 else "above"
    return (
        f"{_size(one.difference, one)} {way} {one.worse} ({interval}; {one.counts[0]} and {one.counts[1]} seeds{few})"
    )


def _share(difference: float, one: Finding) -> float:
    """Return how far the better row lies below the worse one, as a share of it where logarithms were compared."""
    return -math.expm1(-difference) if one.log else difference


def _size(difference: float, one: Finding) -> str:
    return _number(abs(_share(difference, one)), one)


def _number(value: float, one: Finding) -> str:
    return f"{value:.1%}" if one.log else f"{value:.3g}"


def _lost_line(row: str, diverged: int, seeds: int) -> str:
    low, high = rate_interval(diverged, seeds)
    return f"{row}: scores are of the seeds that trained; {diverged} of {seeds} {_LOST} (95 %: {low:.0%} to {high:.0%})"
