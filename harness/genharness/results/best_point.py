"""Which point of training was the best, and by which column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genharness.spec.columns import Column
from genharness.spec.history import BestPoint
from genharness.spec.plugins import MetricSpec
from genharness.stats.values import LARGEST

__all__ = ["best_point"]


def best_point(scores: Mapping[str, Sequence[float | None]], metrics: Iterable[MetricSpec]) -> BestPoint | None:
    """Return the best of the scores over training, as a record keeps it.

    It is chosen by the column that ranks the leaderboard: the first with a better end, of the metrics that are scored
    over training. Of equal scores the first counts.

    Args:
        scores: Series by column key, beside `step`.
        metrics: Metrics that may have been scored.

    Returns:
        The point; None where nothing finite was scored.
    """
    columns = [column for spec in sorted(metrics, key=lambda spec: spec.place) for column in spec.columns]
    for column in columns:
        found = _best(scores["step"], scores.get(column.key, ()), column)
        if found is not None:
            return found
    return None


def _best(steps: Sequence[Any], values: Sequence[float | None], column: Column) -> BestPoint | None:
    finite = [
        (value, step) for step, value in zip(steps, values, strict=False) if value is not None and abs(value) < LARGEST
    ]
    if column.higher_is_better is None or not finite:
        return None
    sign = -1 if column.higher_is_better else 1
    value, step = min(finite, key=lambda point: (sign * point[0], point[1]))
    return BestPoint(column=column.key, step=int(step), value=value)
