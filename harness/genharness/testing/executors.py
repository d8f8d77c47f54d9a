"""What every executor must do."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from genharness.data import ensure_prepared, parse_reference
from genharness.data.facts import facts_reader
from genharness.plugin.execution import Event
from genharness.plugin.registry import Registry, load_factory, load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.spec.options import build_config
from genharness.spec.plugins import ExecutorSpec
from genharness.spec.record import Record
from genharness.spec.report import silent
from genharness.study.plan import expand
from genharness.study.suite import Suite
from genharness.testing.check import Check, must
from genharness.testing.synthetic import private_home

__all__ = ["executor_checks"]


def executor_checks(specs: ExecutorSpec | Iterable[ExecutorSpec], *, exhaustive: bool = False) -> list[Check]:
    """Return the checks of some executors, on cells of a second; `exhaustive` does not pass over those of clusters."""
    many = [specs] if isinstance(specs, ExecutorSpec) else specs
    return [check for spec in many for check in _checks_of(spec, exhaustive)]


def _checks_of(spec: ExecutorSpec, exhaustive: bool) -> list[Check]:
    checks = {
        "runs every task and saves its record": _runs,
        "starts nothing once it is to stop": _stops,
        "goes on after a cell that fails": _goes_on,
    }

    def skip_reason() -> str:
        return "runs cells on other machines: checked with exhaustive=True" if spec.remote and not exhaustive else ""

    return [
        Check(f"{spec.name}: {name}", functools.partial(_in_folder, spec, run), skip_reason=skip_reason, of=run)
        for name, run in checks.items()
    ]


def _in_folder(spec: ExecutorSpec, run: Callable[[ExecutorSpec, Path], None]) -> None:
    with private_home(), tempfile.TemporaryDirectory(prefix="genharness-conformance-") as folder:
        run(spec, Path(folder) / "results")


def _runs(spec: ExecutorSpec, folder: Path) -> None:
    """Yields one record for each task, which is the one that lies in the results folder."""
    tasks, callers = _tasks(folder), set()
    records = _run(spec, tasks, lambda event: callers.add(threading.get_ident()))
    wanted = sorted(task.cell.id for task in tasks)
    must(sorted(record.cell.id for record in records) == wanted, "run yields other records than one for each task")
    for record in records:
        must(record.status == "ok", f"{record.cell} ended as {record.status}: {record.reason}")
        saved = Store(folder).load(record.cell.id)
        must(saved is not None, f"the record of {record.cell} is not in the results folder when run yields it")
    must(callers <= {threading.get_ident()}, "on_event is called from another thread than the one that calls run")


def _stops(spec: ExecutorSpec, folder: Path) -> None:
    """With `stop` set, waiting tasks never start."""
    stop = threading.Event()
    stop.set()
    records = _run(spec, _tasks(folder), lambda event: None, stop)
    must(not records, f"{len(records)} tasks ran although stop was set before")


def _goes_on(spec: ExecutorSpec, folder: Path) -> None:
    """A cell that fails is one record with its reason, and the next cell runs."""
    tasks = _tasks(folder)
    broken = _without_data(tasks[0])
    records = {record.cell.id: record for record in _run(spec, [broken, *tasks[1:]], lambda event: None)}
    lost = records.get(broken.cell.id)
    must(lost is not None and lost.went_wrong, "a cell without data gives no record of a failure")
    must(lost is not None and lost.reason, "the record of a cell that failed gives no reason")
    must(records[tasks[1].cell.id].status == "ok", "a cell after one that failed does not run")


def _run(
    spec: ExecutorSpec, tasks: Sequence[Task], on_event: Callable[[Event], None], stop: threading.Event | None = None
) -> list[Record]:
    executor = load_factory(spec)("", build_config(spec.name, spec.config, {}))
    return list(executor.run(tasks, on_event=on_event, stop=stop or threading.Event()))


def _tasks(folder: Path) -> list[Task]:
    """Return two cells that are finished in a moment, on data that is prepared."""
    registry: Registry = load_registry()
    reference = parse_reference("digits#100")
    ensure_prepared(registry.datasets.find("digits"), reference)
    suite = Suite(
        models=("noise",), datasets=("digits#100",), seeds=(0, 1), metrics=("fid",), features="pixels", samples=20
    )
    Store(folder).open_for_writing()
    plan = expand(suite, registry, Settings(results=folder, device="cpu"), facts_reader(registry, None, silent))
    return [task for task in plan.tasks if task.cell.model == "noise"]


def _without_data(task: Task) -> Task:
    return dataclasses.replace(task, cell=dataclasses.replace(task.cell, dataset="folder:/nowhere@8"))
