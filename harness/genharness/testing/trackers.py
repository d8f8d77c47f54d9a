"""What every tracker must do."""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from genharness.plugin.execution import Event
from genharness.plugin.registry import load_factory
from genharness.spec.options import build_config, options_of
from genharness.spec.plugins import TrackerSpec
from genharness.testing.check import Check, must
from genharness.testing.records import some_records, some_tasks

__all__ = ["tracker_checks"]


def tracker_checks(specs: TrackerSpec | Iterable[TrackerSpec]) -> list[Check]:
    """Return the checks of some trackers, each in a working directory of its own."""
    many = [specs] if isinstance(specs, TrackerSpec) else list(specs)
    arguments = [
        Check(f"{spec.name}: what follows its name is an option", functools.partial(_argument, spec), of=_argument)
        for spec in many
        if spec.argument
    ]
    return arguments + [
        Check(f"{spec.name}: {name}", functools.partial(_check, spec, run), of=run)
        for spec in many
        for name, run in {"follows a run": _follows, "follows a run that was stopped at once": _stopped}.items()
    ]


def _argument(spec: TrackerSpec) -> None:
    """`argument` names an option of the config that holds text."""
    option = next((one for one in options_of(spec.config) if one.name == spec.argument), None)
    must(option is not None, f"argument {spec.argument!r} is no option of {spec.config.__name__}")
    must(option is None or option.type is str, f"option {spec.argument} holds no text")


def _check(spec: TrackerSpec, run: Callable[[Any], None]) -> None:
    with _elsewhere():
        run(load_factory(spec)(build_config(spec.name, spec.config, {})))


@contextmanager
def _elsewhere() -> Iterator[None]:
    before = os.getcwd()  # noqa: PTH109  -- what chdir takes back
    with tempfile.TemporaryDirectory(prefix="genharness-conformance-") as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _follows(tracker: Any) -> None:
    """Takes tasks, every phase of every cell, records of every end, and the end."""
    tasks = some_tasks()
    tracker.start(tasks)
    for task in tasks:
        for event in _events(task.cell.id):
            must(tracker.event(event) is None, "event returns something: nobody reads it")
    for record in some_records():
        tracker.record(record)
    tracker.finish()


def _stopped(tracker: Any) -> None:
    """Takes the end right after the beginning."""
    tracker.start([])
    tracker.finish()


def _events(cell_id: str) -> list[Event]:
    return [
        Event(cell_id=cell_id, phase="prepare"),
        Event(cell_id=cell_id, phase="train", fraction=0.5, step=5, images_per_second=9.0, values={"loss": 0.5}),
        Event(cell_id=cell_id, phase="train", fraction=1.0, step=10, values={"loss": float("nan")}),
        Event(cell_id=cell_id, phase="score-over-training", step=10, values={"fid": 3.0}),
        Event(cell_id=cell_id, phase="score", text="scoring fid"),
    ]
