"""What executors and trackers are: the way from tasks to records, and the events on it. Torch-free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from genharness.cells import Task
from genharness.records import Record

__all__ = ["Event", "Executor", "Phase", "Tracker"]

Phase = Literal[
    "waiting", "prepare", "extractor", "train", "score-over-training", "sample", "measure", "score", "record"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """News of one cell.

    Attributes:
        cell_id: Which cell.
        phase: What it is doing.
        fraction: How much of the phase is done, in [0, 1], or None where nobody knows.
        images_per_second: Training throughput so far, 0 outside training.
        eta_seconds: Seconds until the phase ends, or None where nobody knows.
        step: Training steps taken.
        values: Losses or scores at this step.
        text: A line for people, or empty.
    """

    cell_id: str
    phase: Phase
    fraction: float | None = None
    images_per_second: float = 0.0
    eta_seconds: float | None = None
    step: int = 0
    values: Mapping[str, float] = field(default_factory=dict)
    text: str = ""


class Executor(Protocol):
    """Runs tasks somewhere and yields a record for each, in the order in which they end."""

    def __init__(self, config: Any) -> None: ...

    def run(
        self, tasks: Sequence[Task], *, on_event: Callable[[Event], None], stop: threading.Event
    ) -> Iterator[Record]:
        """Run every task.

        Args:
            tasks: What to run, in order of preference.
            on_event: Called with news, always from the calling thread.
            stop: Once set, running cells save their state and end as `interrupted`; waiting ones never start.

        Yields:
            One record for each task that was started, already saved in the results folder.
        """


class Tracker(Protocol):
    """Listens to a run; called in the process of the command, in order."""

    def __init__(self, config: Any) -> None: ...

    def start(self, tasks: Sequence[Task]) -> None:
        """Called once before the first event."""

    def event(self, event: Event) -> None:
        """Called with every event."""

    def record(self, record: Record) -> None:
        """Called with every record."""

    def finish(self) -> None:
        """Called once at the end, also after Ctrl-C."""
