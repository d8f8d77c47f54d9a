"""What runs inside a cell's process."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as StopEvent
from typing import Any

from genharness.engine.memory import limit_memory
from genharness.plugin.blame import one_line
from genharness.plugin.execution import Event
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record

__all__ = ["end_descendants", "own_variables", "run_in_child"]


def own_variables() -> dict[str, str]:
    """Return genharness's own variables of the environment, such as where its home is."""
    return {name: value for name, value in os.environ.items() if name.startswith("GENHARNESS_")}


def run_in_child(task: Task, pipe: Connection, stop: StopEvent, slot: int, variables: Mapping[str, str]) -> None:
    """Run one task and send its events and its record through the pipe.

    Ctrl-C, SIGTERM and a closed terminal may reach the whole process group; only the parent acts on them. When the
    parent is gone, the cell saves its state and ends.

    Args:
        task: What to run.
        pipe: Takes the news.
        stop: Set to stop.
        slot: Which of the cells that run side by side.
        variables: `own_variables` of the parent now: the fork server has those of the time when it was started.
    """
    for name in own_variables().keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    news = _News(pipe)
    try:
        from genharness.cells.cell import run_task
    except (ImportError, OSError, MemoryError) as error:  # a broken torch, or `ulimit -v`, which it does not fit into
        news.send(("record", _unloaded(task, error)))
        os._exit(1)
    limit_memory(task.settings.memory_limit_bytes)
    task = dataclasses.replace(task, settings=dataclasses.replace(task.settings, device=_device(task, slot)))
    record = run_task(task, news.event, lambda: news.of_a_copy() or stop.is_set() or news.orphaned)
    news.send(("record", record))
    with contextlib.suppress(OSError):  # a model may have closed it
        pipe.close()
    end_descendants(os.getpid())
    os._exit(0)  # a thread that a plugin left behind must not hold the process


def end_descendants(number: int) -> None:
    """End what a cell's process started or forked and left behind, and what that did in its turn."""
    import psutil

    for _ in range(_ROUNDS):
        with contextlib.suppress(psutil.Error):
            for one in psutil.Process(number).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    one.kill()


_ROUNDS = 3
"""What forks while it is looked for is found by the next."""


def _unloaded(task: Task, error: BaseException) -> Record:
    """Return the record of a cell whose code cannot be loaded."""
    record = Record(cell=task.cell, status="failed", skipped=dict(task.skipped))
    record.end("failed", f"torch cannot be loaded ({one_line(error)}): mend its installation{_below_limit()}")
    return Store(task.settings.results, writing=True).settle(record)


def _below_limit() -> str:
    """Return what else to do where the shell limits memory."""
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    limited = limit != resource.RLIM_INFINITY
    return f", or allow more memory than {limit / 2**20:,.0f} MiB (ulimit -v)" if limited else ""


def _device(task: Task, slot: int) -> str:
    """Return the device of this slot: cells run side by side on different GPUs where there are several."""
    if task.settings.device != "cuda":
        return task.settings.device
    import torch

    return f"cuda:{slot % max(1, torch.cuda.device_count())}"


class _News:
    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._process = pipe, os.getpid()
        self.orphaned = False

    def of_a_copy(self) -> bool:
        """End the process if it is a fork of the cell, which a model left to go on beside it; else return False."""
        if os.getpid() != self._process:
            os._exit(1)
        return False

    def event(self, event: Event) -> None:
        self.send(("event", event))

    def send(self, message: Any) -> None:
        self.of_a_copy()
        try:
            self._pipe.send(message)
        except OSError:
            self.orphaned = True
