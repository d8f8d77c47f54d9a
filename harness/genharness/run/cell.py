"""One cell: data, fit, sample, measure, record. Whatever happens, a record says how it ended."""

from __future__ import annotations

import datetime
import errno
import shutil
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock, Timeout

from genharness.data import PreparedData, ensure_prepared
from genharness.engine.checkpoint import UnreadableCheckpointError
from genharness.engine.environment import environment
from genharness.engine.loop import DivergedError, StopRequestedError
from genharness.engine.memory import is_out_of_memory, lift_memory_limit
from genharness.engine.threads import settle_threads
from genharness.errors import GenharnessError
from genharness.plugin.execution import Event, Phase
from genharness.plugin.registry import Registry, load_registry
from genharness.results.store import Store
from genharness.run.score import CellScoring
from genharness.run.train import BEST, CHECKPOINT, Fitting
from genharness.spec.cell import Task
from genharness.spec.dataset_name import parse_reference
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record, Status
from genharness.study.pending import forget, missing_metrics

__all__ = ["CellRun", "run_task"]


def run_task(task: Task, emit: Callable[[Event], None], should_stop: Callable[[], bool]) -> Record:
    """Run a cell to its end and save its record.

    Args:
        task: What to run.
        emit: Told of phases and progress.
        should_stop: Asked often; once true, the cell saves its state and ends as `interrupted`.

    Returns:
        The record, saved; its status says how the cell ended. Only a killed process leaves none.
    """
    store = Store(task.settings.results)
    try:
        with _turn(task, store, emit, should_stop) as waited:
            done = store.load(task.cell.id) if waited else None
            if done is not None and done.finished and not missing_metrics(task, done, load_registry()):
                return done
            if task.settings.fresh:
                forget(task, store)
            return _run_alone(task, emit, should_stop)
    except StopRequestedError:
        return Record(cell=task.cell, status="interrupted", reason="stopped while another run worked on it")


@contextmanager
def _turn(task: Task, store: Store, emit: Callable[[Event], None], should_stop: Callable[[], bool]) -> Iterator[bool]:
    """Hold the lock of a cell, so that two runs never train the same one; tell whether that took waiting."""
    folder = store.cell_folder(task.cell.id)
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    waited = False
    while not lock.is_locked:
        try:
            lock.acquire(timeout=1 if waited else 0)
        except Timeout:
            waited = True
            emit(Event(cell_id=task.cell.id, phase="waiting", text="another run is working on this cell"))
            if should_stop():
                raise StopRequestedError from None
    try:
        yield waited
    finally:
        lock.release()


def _run_alone(task: Task, emit: Callable[[Event], None], should_stop: Callable[[], bool]) -> Record:
    run = CellRun(task, emit, should_stop)
    run.store.remove_leftovers(task.cell.id)
    try:
        run.execute()
    except StopRequestedError:
        run.end("interrupted", "stopped on request; run again to go on")
    except DivergedError as error:
        run.end("diverged", str(error))
    except Exception as error:  # a model may raise anything; the cell fails, not the run
        run.end(*_failure(error, run))
    return _recorded(run)


def _recorded(run: CellRun) -> Record:
    run.emit("record")
    try:
        return run.store.settle(run.record)
    except Exception as error:  # no memory, or a plugin gave what JSON has no form for: a bare record says so
        run.record = Record(cell=run.cell, status="failed", started_at=run.record.started_at)
        run.end(*_failure(error, run))
        return run.store.settle(run.record)


def _failure(error: Exception, run: CellRun) -> tuple[Status, str]:
    """Return how a cell ended that raised an error."""
    text = _line(error)
    if is_out_of_memory(error):
        limit = run.settings.memory_limit_bytes
        if limit:
            lift_memory_limit()
        under = f" (limit {limit / 2**20:,.0f} MiB)" if limit else ""
        return "out_of_memory", f"out of memory at {run.phase}{under}: {text or 'allocation failed'}"
    if isinstance(error, GenharnessError):
        return "failed", text
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "failed", f"disk full at {run.phase}: free space in {run.store.folder.absolute()} and run again"
    return "failed", f"{type(error).__name__}: {text}{_where(error)}"


def _where(error: BaseException) -> str:
    """Return the innermost line of code behind an error, so that its author finds it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})"


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:600]


class CellRun:
    """The state of one attempt at a cell.

    Args:
        task: What to run.
        emit: Told of phases and progress.
        should_stop: Asked often.

    Attributes:
        record: Grows as the cell goes on.
        store: The results folder.
        phase: What is being done.
    """

    def __init__(self, task: Task, emit: Callable[[Event], None], should_stop: Callable[[], bool]) -> None:
        self.task = task
        self.cell = task.cell
        self.settings = task.settings
        self.should_stop = should_stop
        self.store = Store(task.settings.results)
        self.folder = self.store.cell_folder(self.cell.id)
        self.device = torch.device(task.settings.device)
        self.record = Record(cell=self.cell, status="failed", started_at=_now(), skipped=dict(task.skipped))
        self.earlier_seconds = 0.0
        self.phase: Phase = "prepare"
        self._began = time.monotonic()
        self._emit = emit

    def emit(self, phase: Phase, **news: Any) -> None:
        """Send news of this cell."""
        self.phase = phase
        self._emit(Event(cell_id=self.cell.id, phase=phase, **news))

    @property
    def cell_seconds(self) -> float:
        """Seconds that this and earlier attempts took."""
        return self.earlier_seconds + time.monotonic() - self._began

    def end(self, status: Status, reason: str = "") -> None:
        """Write how the cell ended into the record."""
        self.record.status, self.record.reason = status, reason
        self.record.finished_at = _now()
        self.record.measurements["cell_seconds"] = self.cell_seconds

    def stop_if_asked(self) -> None:
        """End the cell here if a stop was asked for; what was trained is in the checkpoint."""
        if self.should_stop():
            raise StopRequestedError

    def execute(self) -> None:
        """Go through the phases."""
        _configure(self)
        self.folder.mkdir(parents=True, exist_ok=True)
        registry = load_registry()
        data = self._prepare(registry)
        settle_threads(data.shape, self.settings.threads, self.settings.jobs)
        self.record.environment = environment(self.device, deterministic=self.settings.deterministic)
        self.record.environment["memory_limit_mib"] = self.settings.memory_limit_bytes / 2**20 or None
        scoring = CellScoring(self, registry, data)
        scoring.require_weights()
        fitting = self._fit(registry, data, scoring)
        self.stop_if_asked()
        scoring.draw_and_score(fitting)
        self.record.protocol = self._resolved(data, scoring).as_plain()
        self.record.protocol_hash = Protocol.from_plain(self.record.protocol).hash
        self.record.keep_scores_of(self.store.load(self.cell.id), asked=self.task.metrics)
        self.end("ok")
        self._tidy()

    def _prepare(self, registry: Registry) -> PreparedData:
        self.emit("prepare")
        reference = parse_reference(self.cell.dataset)
        spec = registry.datasets.find(reference.name)

        def report(done: int, total: int, text: str) -> None:
            self.emit("prepare", fraction=done / total if total else None, text=text)

        return ensure_prepared(spec, reference, report=report)

    def _fit(self, registry: Registry, data: PreparedData, scoring: CellScoring) -> Fitting:
        fitting = Fitting(self, registry, data)
        try:
            fitting.resume()
        except UnreadableCheckpointError as error:
            self.store.set_aside(fitting.checkpoint_path, str(error))
            self.record.notes += self.store.warnings
            fitting = Fitting(self, registry, data)
        fitting.train(scoring)
        return fitting

    def _resolved(self, data: PreparedData, scoring: CellScoring) -> Protocol:
        plain = self.cell.protocol.as_plain()
        return Protocol.from_plain(
            {**plain, "dataset_hash": data.content_hash, "extractor_identity": scoring.extractor_identity}
        )

    def _tidy(self) -> None:
        """Throw away what the user does not want to keep of a finished cell."""
        unwanted: Mapping[str, tuple[str, ...]] = {
            "checkpoints": (),
            "samples": (CHECKPOINT, BEST),
            "nothing": (CHECKPOINT, BEST, "samples.npz", "features"),
        }
        for name in unwanted[self.settings.keep]:
            path = self.folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            self.record.artefacts = {key: file for key, file in self.record.artefacts.items() if file != name}


def _configure(run: CellRun) -> None:
    """Set precision and determinism of this process."""
    torch.set_float32_matmul_precision("high" if run.cell.precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = run.cell.precision == "tf32"
    torch.backends.cudnn.benchmark = not run.settings.deterministic
    if run.settings.deterministic:
        torch.use_deterministic_algorithms(True, warn_only=True)
    warnings.simplefilter("ignore", category=UserWarning)  # a plugin's chatter is not the user's
    np.seterr(all="ignore")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
