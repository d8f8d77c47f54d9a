"""How steadily a cell trained, and whether its samples collapsed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genharness.spec.columns import Column
from genharness.spec.record import Record
from genharness.stats import mean_and_deviation
from genharness.stats.values import LARGEST

__all__ = ["CollapseSign", "Stability", "collapse", "stability_of"]

_GOOD = 0.9
"""Share of real quality from which a low score of diversity is not explained by poor samples."""

_UNLIKE = 0.5
"""Share of the likeness of real samples under which samples are all different."""


@dataclass(frozen=True, slots=True)
class CollapseSign:
    """One score that says that a generator collapsed.

    Attributes:
        key: The score.
        value: What the generator reached.
        real: What held-out real samples reach under the same protocol.
        fraction: Share of `real` that it fell under.
    """

    key: str
    value: float
    real: float
    fraction: float

    def __str__(self) -> str:
        return f"{self.key} {self.value:.3g} is under {self.fraction:.0%} of the real {self.real:.3g}"


def collapse(
    scores: Mapping[str, float | None], real: Mapping[str, float], columns: Iterable[Column]
) -> list[CollapseSign]:
    """Return every sign that the samples of a generator are alike, not that they are poor.

    Args:
        scores: Scores of the generator.
        real: Scores of held-out real samples against the same reference, under the same protocol.
        columns: Say which scores tell collapse: `collapse_below`, `collapse_beside`, `alike`.

    Returns:
        A sign for each score that lies under its share of the real value; empty where none does, where nothing can be
        compared, or where the samples are far less alike than real ones.
    """

    def share(key: str) -> float | None:
        value, ceiling = scores.get(key), real.get(key)
        return value / ceiling if value is not None and ceiling is not None and ceiling > 0 else None

    several = list(columns)
    if any((known := share(column.key)) is not None and known < _UNLIKE for column in several if column.alike):
        return []
    signs = []
    for column in several:
        reached = share(column.key)
        if column.collapse_below is None or reached is None or reached >= column.collapse_below:
            continue
        if column.collapse_beside and (share(column.collapse_beside) or 0.0) < _GOOD:
            continue
        signs.append(CollapseSign(column.key, reached * real[column.key], real[column.key], column.collapse_below))
    return signs


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How steadily one cell trained.

    Attributes:
        loss_variance: Variance of each loss over the last half of training, by name; a loss with fewer than two
            finite points there is left out.
        last_minus_best: For each score over training, how much worse the last point is than the best, in the
            score's unit and never negative; empty where nothing was scored over training.
        nan_events: Points at which a loss was NaN or infinite, and steps at which training was stopped for it.
        diverged: Whether training ended by divergence.
    """

    loss_variance: dict[str, float] = field(default_factory=dict)
    last_minus_best: dict[str, float] = field(default_factory=dict)
    nan_events: int = 0
    diverged: bool = False


def stability_of(record: Record, directions: Mapping[str, bool | None]) -> Stability:
    """Return the stability of a cell, from the history in its record.

    Args:
        record: A cell's record, with its history.
        directions: For each score whether higher is better; scores without a better end are passed over.
    """
    losses, scores = record.history.losses, record.history.scores
    series = {name: values for name, values in losses.items() if name != "step"}
    return Stability(
        loss_variance={
            name: variance for name, values in series.items() if (variance := _late_variance(values)) is not None
        },
        last_minus_best={
            name: gap
            for name, values in scores.items()
            if (higher := directions.get(name)) is not None and (gap := _last_minus_best(values, higher)) is not None
        },
        nan_events=_nan_events(series, losses.get("step", []), record.history.events),
        diverged=record.status == "diverged",
    )


def _late_variance(values: Sequence[float | None]) -> float | None:
    finite = [value for value in values[len(values) // 2 :] if value is not None and _finite(value)]
    if len(finite) < 2:
        return None
    deviation = mean_and_deviation(finite)[1]
    return None if deviation is None else deviation**2


def _last_minus_best(values: Sequence[float | None], higher_is_better: bool) -> float | None:
    finite = [value for value in values if value is not None and _finite(value)]
    if not finite:
        return None
    return max(finite) - finite[-1] if higher_is_better else finite[-1] - min(finite)


def _nan_events(
    losses: Mapping[str, Sequence[float | None]], steps: Sequence[float | None], events: Sequence[Mapping[str, Any]]
) -> int:
    """Return at how many steps something was not finite; JSON keeps NaN and infinity as null."""
    broken = {
        step for values in losses.values() for step, value in zip(steps, values, strict=False) if not _finite(value)
    }
    broken |= {event["step"] for event in events if event.get("event") == "diverged"}
    return len(broken)


def _finite(value: float | None) -> bool:
    return value is not None and abs(value) < LARGEST  # false for NaN too
