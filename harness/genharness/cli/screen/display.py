"""What a run shows: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from genharness.cli.screen.terminal import print_warnings
from genharness.files.paths import printable
from genharness.plugin.execution import Event
from genharness.results.provenance import UNKNOWN_CODE
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness.study.variants import told_apart

__all__ = ["Display", "duration", "make_display", "outcome", "print_other_code"]

_PLAIN_SECONDS = 10.0
"""How often a plain line about one cell's progress is written."""


_BAR = 16
"""Characters of a bar."""

_PHASES: Mapping[str, str] = {
    "prepare": "preparing data",
    "extractor": "features",
    "train": "training",
    "score-over-training": "scoring so far",
    "sample": "sampling",
    "measure": "timing",
    "score": "scoring",
    "record": "saving",
}
"""Phases in the words of a row that is watched."""


def print_other_code(record: Record, changed: Iterable[str]) -> None:
    """Print on stderr what is known to have changed of the code that a record was made by."""
    print_warnings([f"{record.cell.id}: {line} since" for line in changed if line != UNKNOWN_CODE])


class Display(Protocol):
    """Shows a run while it goes on."""

    def __enter__(self) -> Display: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def event(self, event: Event) -> None:
        """Take news of a cell."""

    def record(self, record: Record) -> None:
        """Take the end of a cell."""


def make_display(console: Console, tasks: Sequence[Task]) -> Display:
    """Return the display that fits the console."""
    cells = [task.cell for task in tasks]
    models = told_apart(cells)
    names = {cell.id: f"{models[cell.id]} on {cell.dataset}, seed {cell.seed}" for cell in cells}
    return _LiveDisplay(console, names) if console.is_terminal else _PlainDisplay(console, names)


def duration(seconds: float | None) -> str:
    """Return seconds for people: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`; `?` for None."""
    if seconds is None or not math.isfinite(seconds):
        return "?"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _losses(values: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in list(values.items())[:3])


def outcome(name: str, record: Record) -> str:
    """Return how a cell of some name ended, in how long, and why if it did not end well."""
    spent = duration(record.measurements.get("cell_seconds"))
    if record.finished:
        return f"{name}: done in {spent}"
    return f"{name}: {record.status.replace('_', ' ')} after {spent}: {record.reason}"


class _PlainDisplay:
    """A line when something of note happens."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console, self._names = console, names
        self._phases: dict[str, str] = {}
        self._spoken: dict[str, float] = {}

    def __enter__(self) -> _PlainDisplay:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def event(self, event: Event) -> None:
        name, now = self._names[event.cell_id], time.monotonic()
        phase = event.text if event.phase == "waiting" else event.phase  # what a cell waits for is news when it changes
        changed = self._phases.get(event.cell_id) != phase
        if event.phase in ("measure", "record"):  # over in a moment
            return
        if not changed and now - self._spoken.get(event.cell_id, 0.0) < _PLAIN_SECONDS:
            return
        self._phases[event.cell_id], self._spoken[event.cell_id] = phase, now
        parts = [f"{name}: {event.phase}", event.text]
        if event.phase == "train" and event.step:
            parts = [f"{name}: step {event.step}, {event.images_per_second:,.0f} images/s"]
            parts += [f"{duration(event.eta_seconds)} left", _losses(event.values)]
        self._say("  ".join(part for part in parts if part))

    def record(self, record: Record) -> None:
        self._say(outcome(self._names.get(record.cell.id, str(record.cell)), record))

    def _say(self, line: str) -> None:
        self._console.print(printable(line), soft_wrap=True)


class _LiveDisplay:
    """A row for each running cell, finished ones above as lines."""

    def __init__(self, console: Console, names: Mapping[str, str]) -> None:
        self._console, self._names = console, names
        self._running: dict[str, Event] = {}
        self._done = 0
        self._live = Live(self._table(), console=console, refresh_per_second=5, transient=True)

    def __enter__(self) -> _LiveDisplay:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def event(self, event: Event) -> None:
        self._running[event.cell_id] = event
        self._live.update(self._table())

    def record(self, record: Record) -> None:
        self._running.pop(record.cell.id, None)
        self._done += 1
        sign = Text("✓ ", "green") if record.finished else Text("✗ ", "red")
        self._console.print(sign + printable(outcome(self._names.get(record.cell.id, str(record.cell)), record)))
        self._live.update(self._table())

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        done = f"{self._done} of {len(self._names)} cells"
        done += ", starting" if self._done < len(self._names) and not self._running else ""
        names = [done, *(self._names[cell_id] for cell_id in self._running)]
        table.add_column(no_wrap=True, min_width=min(max(map(len, names)), self._console.width // 2))
        table.add_column(no_wrap=True, min_width=max(map(len, _PHASES.values())) if self._running else None)
        table.add_column(no_wrap=True, min_width=_BAR if self._running else None)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for cell_id, event in self._running.items():
            bar = ProgressBar(total=1.0, completed=event.fraction or 0.0, width=_BAR, pulse=event.fraction is None)
            table.add_row(self._names[cell_id], _PHASES.get(event.phase, event.phase), bar, _details(event))
        table.add_row(Text(done, "dim"))
        return table


def _details(event: Event) -> str:
    if event.phase != "train" or not event.step:
        return event.text
    return f"{event.images_per_second:,.0f} images/s  {duration(event.eta_seconds)} left  {_losses(event.values)}"
