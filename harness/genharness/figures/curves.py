"""Curves over training: mean over seeds, from the lowest to the highest seed, and what a curve comes to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from genharness.board.rows import BoardColumn, Group, Row
from genharness.figures.numbers import number
from genharness.spec.record import Record

__all__ = [
    "PUBLISHED_POINTS",
    "Curve",
    "binned",
    "held_out_curves",
    "loss_curves",
    "remark",
    "score_curve",
    "scored_columns",
    "steps_of_best",
]

_FALLING, _NEAR, _WORSE = 0.05, 0.05, 0.10


@dataclass(frozen=True, slots=True)
class Curve:
    """A series over training steps.

    Attributes:
        name: What it is of, such as a loss.
        steps: Training steps, rising.
        mean: Mean over the seeds that have a value there.
        low: Lowest seed.
        high: Highest seed.
    """

    name: str
    steps: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


Series = Mapping[str, Sequence[float | None]]


def score_curve(row: Row, key: str) -> Curve | None:
    """Return a score over training, None where it was scored fewer than twice."""
    return _curve(key, [record.history.scores for record in row.records])


def loss_curves(row: Row, *, bins: int = 60, most: int = 4) -> list[Curve]:
    """Return the losses of a row, the first ones that it has, each as the mean of so many bins over training.

    Args:
        row: One model.
        bins: Points of a curve at most.
        most: Curves at most.
    """
    histories = [binned(record.history.losses, bins) for record in row.records]
    names = dict.fromkeys(name for one in histories for name in one if name != "step")
    curves = [_curve(name, histories) for name in names]
    return [curve for curve in curves if curve is not None][:most]


def held_out_curves(row: Row) -> dict[str, Curve]:
    """Return the losses of a row over held-out samples by name, those that were looked at twice or more."""
    histories = [record.history.held_out for record in row.records]
    names = dict.fromkeys(name for one in histories for name in one if name != "step")
    return {name: curve for name in names if (curve := _curve(name, histories)) is not None}


def scored_columns(group: Group, rows: Iterable[Row]) -> list[BoardColumn]:
    """Return the scores that some row has curves of, those that rows are compared by first."""
    first = [column.key for column in group.compared]
    rows = list(rows)
    columns = [one for one in group.columns if one.score and any(score_curve(row, one.key) is not None for row in rows)]
    return sorted(columns, key=lambda one: first.index(one.key) if one.key in first else len(first))


def _curve(name: str, histories: Iterable[Series]) -> Curve | None:
    values: dict[float, list[float]] = defaultdict(list)
    for series in histories:
        for step, value in zip(series.get("step", ()), series.get(name, ()), strict=False):
            if step is not None and value is not None and math.isfinite(value):
                values[step].append(value)
    if len(values) < 2:
        return None
    steps = sorted(values)
    columns = [values[step] for step in steps]
    return Curve(
        name, steps, [fmean(one) for one in columns], [min(one) for one in columns], [max(one) for one in columns]
    )


PUBLISHED_POINTS = 60
"""Points of a published curve: what a figure shows of it."""


def binned(series: Series, bins: int) -> dict[str, list[float | None]]:
    """Return curves of so many points at most: means over equal parts of training, each at its last step.

    Seeds of one length share the parts, so their bins stand at the same steps.
    """
    steps = [step for step in series.get("step", ()) if step is not None]
    if len(steps) <= bins:
        return {name: list(values) for name, values in series.items()}
    last = steps[-1]
    places = [max(0, math.ceil(bins * step / last) - 1) for step in steps]
    filled = sorted(set(places))
    found: dict[str, list[float | None]] = {"step": [last * (place + 1) / bins for place in filled]}
    for name, values in series.items():
        if name == "step":
            continue
        parts: dict[int, list[float]] = defaultdict(list)
        for place, value in zip(places, values, strict=False):
            if value is not None and math.isfinite(value):
                parts[place].append(value)
        found[name] = [fmean(parts[place]) if parts[place] else None for place in filled]
    return found


def remark(curve: Curve, *, higher_is_better: bool) -> str:
    """Return what a score curve comes to: still getting better, flat, or past its best; empty where unclear."""
    values = [-value for value in curve.mean] if higher_is_better else list(curve.mean)
    best = min(values)
    at = values.index(best)
    size = abs(best) or 1.0
    if (values[-1] - best) / size > _WORSE:
        return f"best at step {number(curve.steps[at])}, worse since"
    near = next(place for place, value in enumerate(values) if (value - best) / size <= _NEAR)
    if len(values) > 2 and near >= len(values) - 2 and (values[-3] - values[-1]) / size > _FALLING:
        return "still rising" if higher_is_better else "still falling"
    if all((value - best) / size <= _WORSE for value in values[near:]) and near < len(values) - 1:
        return f"flat since step {number(curve.steps[near])}"
    return ""


def steps_of_best(records: Iterable[Record]) -> list[tuple[int, float]]:
    """Return step and score of the best checkpoint of each seed that has one."""
    return [(one.history.best.step, one.history.best.value) for one in records if one.history.best is not None]
