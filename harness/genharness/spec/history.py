"""What a cell's training left behind: curves, events, and the point at which it was best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

from genharness.spec.typed import typed

__all__ = ["BestPoint", "History", "TrainingEvent"]


class _EventDetails(TypedDict, total=False):  # `NotRequired` is not seen where annotations are postponed
    losses: list[str]


class TrainingEvent(_EventDetails):
    """What happened at a step of training, such as `diverged`, with the names of the losses behind it."""

    step: int
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPoint:
    """The best of the scores over training.

    Attributes:
        column: Column key of the score by which it was chosen.
        step: Training steps taken by then.
        value: The score there.
    """

    column: str
    step: int
    value: float


@dataclass
class History:
    """Curves over training, each a list of steps and a list for every series beside it.

    Attributes:
        losses: `step`, and the mean of each loss up to that step; None where it was not finite.
        held_out: `step`, and the mean of each loss over held-out samples at that step, where it was scored over
            training.
        scores: `step`, `samples`, and each column that was scored over training; None where it was undefined.
        seconds: Training seconds at each point of `scores`; empty in records from before they were kept.
        events: What happened, such as a divergence, each with its `step`.
        sweep: Sampling throughput: `batch_size` beside `images_per_second`.
        best: The best point of `scores`, or None where nothing was scored over training.
    """

    losses: dict[str, list[float | None]] = field(default_factory=lambda: {"step": []})
    held_out: dict[str, list[float | None]] = field(default_factory=lambda: {"step": []})
    scores: dict[str, list[float | None]] = field(default_factory=lambda: {"step": []})
    seconds: list[float] = field(default_factory=list)
    events: list[TrainingEvent] = field(default_factory=list)
    sweep: dict[str, list[float | None]] = field(default_factory=dict)
    best: BestPoint | None = None

    def add_losses(self, step: int, values: Mapping[str, float]) -> None:
        """Append one point to the loss curves."""
        _append(self.losses, step, values)

    def add_held_out(self, step: int, values: Mapping[str, float | None]) -> None:
        """Append one point to the curves of held-out losses."""
        _append_beside(self.held_out, step, values)

    def add_scores(self, step: int, values: Mapping[str, float | None], seconds: float | None = None) -> None:
        """Append one point to the score curves, and what of training's time had passed by then, if it is known."""
        if seconds is not None and len(self.seconds) == len(self.scores["step"]):
            self.seconds.append(seconds)
        _append_beside(self.scores, step, values)

    def as_plain(self) -> dict[str, Any]:
        """Return a dictionary of plain values, for JSON and checkpoints."""
        return {**vars(self), "best": None if self.best is None else asdict(self.best)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> History:
        """Return the history that `as_plain` gave; what is missing, as in older records, is empty.

        Raises:
            ValueError: If a part is not what it should be.
        """
        return typed(cls, plain)


def _append_beside(series: dict[str, Any], step: int, values: Mapping[str, float | None]) -> None:
    """Append a point to each series, None where it has no value: metrics have columns that are only sometimes there.

    Losses are not filled so: a None among them is one that was not finite.
    """
    for name in values:
        series.setdefault(name, [None] * len(series["step"]))
    _append(series, step, {name: values.get(name) for name in series if name != "step"})


def _append(series: dict[str, Any], step: int, values: Mapping[str, float | None]) -> None:
    series["step"].append(step)
    for name, value in values.items():
        series.setdefault(name, []).append(value)
