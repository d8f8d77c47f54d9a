"""What executors and trackers are: the way from tasks to records, and the events on it. Torch-free."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from genharness.errors import ConfigError, GenharnessError, PluginError
from genharness.plugin.blame import one_line
from genharness.plugin.registry import Registry, config_of, load_factory
from genharness.spec.cell import Task
from genharness.spec.options import PluginOptions
from genharness.spec.plugins import ExecutorSpec, TrackerSpec
from genharness.spec.record import Record

__all__ = ["Event", "Executor", "Phase", "Tracker", "find_executor", "find_tracker", "make_executor", "make_tracker"]

_NO_OPTIONS: PluginOptions = {}

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
    """Runs tasks somewhere and yields a record for each, in the order in which they end.

    Args:
        argument: What the user wrote after `NAME:`, such as an address; empty where nothing was.
        config: An instance of the spec's `config`, with what `--set NAME.OPTION=VALUE` gave.

    Raises:
        GenharnessError: If it cannot be used: here, before anything is planned.
    """

    def __init__(self, argument: str, config: Any) -> None: ...

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

    # May have a method `warm()`, called before data is prepared when there is something to run: it begins in the
    # background, and returns at once, what cells would wait for.


class Tracker(Protocol):
    """Listens to a run; called in the process of the command, in order.

    Args:
        config: An instance of the spec's `config`, with what `--set NAME.OPTION=VALUE` gave.
    """

    def __init__(self, config: Any) -> None: ...

    def start(self, tasks: Sequence[Task]) -> None:
        """Called once before the first event."""

    def event(self, event: Event) -> None:
        """Called with every event."""

    def record(self, record: Record) -> None:
        """Called with every record."""

    def finish(self) -> None:
        """Called once at the end, also after Ctrl-C."""


def find_executor(registry: Registry, text: str) -> tuple[ExecutorSpec, str]:
    """Return the executor that `NAME` or `NAME:ARGUMENT` means, and the argument.

    Raises:
        ConfigError: If there is none of that name, or it takes no argument.
    """
    name, colon, argument = text.partition(":")
    spec = registry.executors.find(name)
    if colon and not (argument and spec.argument):
        raise ConfigError(f"executor {text!r}: write {name}{f' or {name}:{spec.argument}' if spec.argument else ''}")
    return spec, argument


def make_executor(registry: Registry, text: str, settings: PluginOptions = _NO_OPTIONS) -> Executor:
    """Return a new executor for `NAME` or `NAME:ARGUMENT`.

    Args:
        registry: Where executors are.
        text: What the user named.
        settings: Options by plugin name; only its own are looked at.

    Raises:
        ConfigError: If there is none such, or an option of it does not fit.
        PluginError: If it cannot be loaded or made.
    """
    spec, argument = find_executor(registry, text)
    executor: Executor = _made("executor", spec, argument, config_of(spec, settings))
    return executor


def queued(registry: Registry, jobs: Sequence[str]) -> Mapping[str, str] | None:
    """Return what the jobs of a queue do that have not ended, by job; None where no executor's queue answers.

    Raises:
        PluginError: If what an executor names as its queue cannot be loaded.
    """
    for spec in registry.executors.values():
        found: Mapping[str, str] | None = load_factory(replace(spec, factory=spec.queue))(jobs) if spec.queue else None
        if found is not None:
            return found
    return None


def find_tracker(registry: Registry, text: str) -> tuple[TrackerSpec, dict[str, str]]:
    """Return the tracker that `NAME` or `NAME:ARGUMENT` means, and the option that the argument gives.

    Raises:
        ConfigError: If there is none of that name, or it takes no argument.
    """
    name, colon, argument = text.partition(":")
    spec = registry.trackers.find(name)
    if colon and not (argument and spec.argument):
        also = f" or {name}:{spec.argument.upper()}" if spec.argument else ""
        raise ConfigError(f"tracker {text!r}: write {name}{also}")
    return spec, {spec.argument: argument} if colon else {}


def make_tracker(registry: Registry, text: str, settings: PluginOptions = _NO_OPTIONS) -> Tracker:
    """Return a new tracker for `NAME` or `NAME:ARGUMENT`; the argument goes before the setting of the same option.

    Args:
        registry: Where trackers are.
        text: What the user named.
        settings: Options by plugin name; only its own are looked at.

    Raises:
        ConfigError: If there is none such, or an option of it does not fit.
        PluginError: If it cannot be loaded or made.
    """
    spec, given = find_tracker(registry, text)
    options = {**settings.get(spec.name, {}), **given}
    tracker: Tracker = _made("tracker", spec, config_of(spec, {spec.name: options}))
    return tracker


def _made(kind: str, spec: ExecutorSpec | TrackerSpec, *given: object) -> Any:
    """Return what a factory makes, which is somebody's code.

    Raises:
        PluginError: If it cannot be loaded, or fails.
    """
    factory = load_factory(spec)
    try:
        return factory(*given)
    except GenharnessError:
        raise
    except Exception as error:
        raise PluginError(f"{kind} {spec.name} cannot be made: {one_line(error)}") from error
