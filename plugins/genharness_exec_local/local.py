"""Runs every cell in a process of its own, forked from a server that has torch imported but CUDA untouched."""

from __future__ import annotations

import errno
import multiprocessing
import multiprocessing.connection
import multiprocessing.forkserver
import multiprocessing.resource_tracker
import os
import signal
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from genharness import NoOptions, RunError
from genharness.engine.waiting import settle_waiting
from genharness.errors import MORE_PROCESSES, out_of_processes
from genharness.plugin.execution import Event, Phase
from genharness.results.index import state_of
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record, Status
from genharness_exec_local.child import end_descendants, own_variables, run_in_child
from genharness_exec_local.memory import oom_kills

__all__ = ["LocalExecutor"]

_TICK_SECONDS = 0.2

_DEAF_SECONDS = 30.0
"""Seconds without news after which a cell that was asked to stop is ended: its checkpoint is never older by much."""

_PRELOAD = ["genharness_exec_local.preload"]


class LocalExecutor:
    """Runs tasks side by side on this machine.

    A crash, a kill or a lack of memory stays in its cell and becomes its record; the others go on.
    """

    def __init__(self, argument: str, config: NoOptions) -> None:
        """Start nothing: a plan needs no fork server."""

    def warm(self) -> None:
        """Let the fork server import torch meanwhile."""
        _context()

    def run(
        self, tasks: Sequence[Task], *, on_event: Callable[[Event], None], stop: threading.Event
    ) -> Iterator[Record]:
        """Yield a record for each task that was started, in the order in which they end."""
        context = _context()
        waiting = deque(tasks)
        free = list(range(max(1, tasks[0].settings.jobs) if tasks else 1))[::-1]
        running: list[_Worker] = []
        try:
            while running or (waiting and not stop.is_set()):
                while waiting and free and not stop.is_set():
                    running.append(_Worker(context, waiting.popleft(), free.pop()))
                for worker in _ready(running):
                    worker.receive(on_event)
                for worker in [worker for worker in running if worker.ended(stop)]:
                    running.remove(worker)
                    free.append(worker.slot)
                    record = worker.record()
                    if record.went_wrong and worker.task.settings.fail_fast:
                        waiting.clear()
                        stop.set()
                    yield record
        finally:
            for worker in running:
                worker.kill()


class _Worker:
    """One cell's process and the news from it."""

    def __init__(self, context: BaseContext, task: Task, slot: int) -> None:
        self.task, self.slot = task, slot
        self._record_path = Store(task.settings.results).record_path(task.cell.id)
        self._record_before = _stamp(self._record_path)
        self._kills_before = oom_kills()
        self._record: Record | None = None
        self._timed_out = self._deaf = False
        self._phase: Phase = "prepare"
        self._drained = False
        try:
            self.pipe, child_pipe = context.Pipe(duplex=False)
            self._stop = context.Event()
            self.process = context.Process(  # type: ignore[attr-defined]  # every concrete context has it
                target=run_in_child, args=(task, child_pipe, self._stop, slot, own_variables()), name=task.cell.id
            )
            with _without_main():
                self.process.start()
        except (OSError, EOFError) as error:
            raise RunError(f"cannot start a process for {task.cell} {_why(error)}, or use fewer --jobs") from error
        child_pipe.close()
        self._started = self._last_news = time.monotonic()  # not before there is a process: the server imports torch

    @property
    def speaks(self) -> bool:
        """Whether news may still come."""
        return not self._drained

    def receive(self, on_event: Callable[[Event], None]) -> None:
        """Take everything that lies in the pipe."""
        try:
            while self.pipe.poll():
                kind, content = self.pipe.recv()
                self._last_news = time.monotonic()
                if kind == "record":
                    self._record = content
                else:
                    self._phase = content.phase
                    if content.phase == "waiting":  # for another cell's work, which is not this one's to answer for
                        self._started = self._last_news
                    on_event(content)
        except (EOFError, OSError):  # the process is gone, perhaps in the middle of a message; or it closed its end
            self._drained = True

    def ended(self, stop: threading.Event) -> bool:
        """Whether the process is gone; passes on a request to stop, and ends what heeds neither it nor its limit."""
        limit, now = self.task.settings.timeout_seconds, time.monotonic()
        if stop.is_set() and not self._stop.is_set():
            self._stop.set()
            self._last_news = now
        if limit and now - self._started > limit and self.process.is_alive():
            self._timed_out = True
            self.kill()
        elif self._stop.is_set() and now - self._last_news > _DEAF_SECONDS and self.process.is_alive():
            self._deaf = True
            self.kill()
        return not self.process.is_alive() and (self._drained or not self.pipe.poll())

    def record(self) -> Record:
        """Return the record that the process sent, or one that says how it died."""
        self.process.join(_DEAF_SECONDS)
        self.pipe.close()
        if self._record is not None:
            return self._record
        store = Store(self.task.settings.results, writing=True)
        saved = store.load(self.task.cell.id)
        if saved is not None and _stamp(self._record_path) != self._record_before:  # it could save, but not speak
            return saved
        record = Record(cell=self.task.cell, status="failed", skipped=dict(self.task.skipped))
        record.end(*self._death(), seconds=time.monotonic() - self._started)
        return store.settle(record)

    def _death(self) -> tuple[Status, str]:
        code = self.process.exitcode or 0
        if self._timed_out:
            limit = self.task.settings.timeout_seconds
            return "timeout", f"it took longer than the limit of {limit:g} s, at {self._phase}"
        if self._deaf:
            silent = f"it neither stopped nor gave a sign of life for {_DEAF_SECONDS:g} s, and was ended"
            return "interrupted", f"{silent}; run again to go on from its last checkpoint"
        if code >= 0:
            return "failed", f"its process ended at {self._phase} with exit code {code} and no record"
        name = signal.Signals(-code).name
        if -code == signal.SIGKILL and oom_kills() > self._kills_before:
            return "out_of_memory", (
                f"out of memory at {self._phase}: the kernel killed it; use a smaller batch or fewer --jobs"
            )
        killed = f"its process was killed by {name} at {self._phase}"
        return "failed", f"{killed}; run again to go on from its last checkpoint"

    def kill(self) -> None:
        """End the process at once."""
        if self.process.is_alive() and self.process.pid is not None:
            with suppress(OSError):
                os.kill(self.process.pid, signal.SIGSTOP)  # else it goes on to fork
            end_descendants(self.process.pid)
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.join(_DEAF_SECONDS)  # one that waits for a dead disk cannot be ended by anybody


def _why(error: OSError | EOFError) -> str:
    """Return why a process could not be started, and what lets it be."""
    if isinstance(error, EOFError | ConnectionError):  # it ends where it cannot fork
        return f"(what starts them ended): {MORE_PROCESSES}, free memory"
    files = error.errno in (errno.EMFILE, errno.ENFILE)
    advice = "allow more open files (ulimit -n)" if files else "free memory"
    return f"({error.strerror}): {MORE_PROCESSES if out_of_processes(error) else advice}"


def _stamp(path: Path) -> list[int]:
    """Return what tells whether a record was saved anew, whatever clocks say; empty where there is none."""
    try:
        return state_of(path.stat(follow_symlinks=False))
    except OSError:
        return []


def _context() -> BaseContext:
    """Return a fork server with torch imported, or fresh processes where there is no fork."""
    settle_waiting()
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOAD)
    with _sheltered():
        multiprocessing.resource_tracker.ensure_running()
        multiprocessing.forkserver.ensure_running()
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module from processes that are started within the block.

    They would import it again, to find what was defined there; a cell needs nothing of it, and a script that calls
    `genharness.run` without a guard would call it again in every cell.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _sheltered() -> Iterator[None]:
    """Ignore what ends a process group, as what is started within the block then does for good.

    A closed terminal or a batch system signals every process of the group. Were the fork server among the dead, its
    cells would count as lost while they are still saving their state.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ready(workers: Sequence[_Worker]) -> list[_Worker]:
    """Wait a tick for news and return the workers that have some."""
    by_pipe: dict[Any, _Worker] = {worker.pipe: worker for worker in workers if worker.speaks}
    sentinels = [worker.process.sentinel for worker in workers]
    ready = multiprocessing.connection.wait([*by_pipe, *sentinels], timeout=_TICK_SECONDS)
    return [by_pipe[pipe] for pipe in ready if pipe in by_pipe]
