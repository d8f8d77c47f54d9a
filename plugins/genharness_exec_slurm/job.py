"""What a Slurm job runs: one cell, which saves its state when the job has to end."""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any

from submitit.core.job_environment import JobEnvironment
from submitit.helpers import DelayedSubmission

from genharness.spec.cell import Task
from genharness_exec_slurm.queue import is_being_preempted

__all__ = ["CellJob"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGCONT, signal.SIGUSR1, signal.SIGUSR2)


class CellJob:
    """Runs a cell in a process of its own, which no signal of the job reaches but the request to save its state.

    Slurm signals every process of a job at once. The one that trains ignores that; this one, which submitit started,
    passes on the request. submitit asks for `checkpoint` on preemption and before the time limit, and then puts the job
    into the queue again, and so does this where Slurm preempts by SIGTERM; `scancel` and a plain SIGTERM only end it.

    Args:
        task: The cell.
    """

    def __init__(self, task: Task) -> None:
        self.task = task
        self._pipe: Connection[Any, Any] | None = None

    def __call__(self) -> None:
        """Run the cell to its end, or until the job has to end."""
        self._pipe, theirs = multiprocessing.Pipe()
        host = subprocess.Popen(
            [sys.executable, "-m", "genharness_exec_slurm.host", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            preexec_fn=_deaf,  # before Python is there to ignore them, a signal would end it
            start_new_session=True,
        )
        theirs.close()
        self._pipe.send(self.task)
        signal.signal(signal.SIGTERM, self._end)
        try:
            while host.poll() is None:
                time.sleep(0.2)
        except KeyboardInterrupt:
            self._stop()

    def checkpoint(self) -> DelayedSubmission:
        """Let the cell save its state, and return what goes on with it."""
        self._stop()
        settings = dataclasses.replace(self.task.settings, fresh="")  # what this attempt did is not thrown away
        return DelayedSubmission(CellJob(dataclasses.replace(self.task, settings=settings)))

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        job = os.environ.get("SLURM_JOB_ID")  # none of submitit's local executor
        if job and is_being_preempted(job):
            # Slurm takes a job that ends within its grace for done: do as before the time limit
            signal.raise_signal(signal.Signals[f"SIG{JobEnvironment.USR_SIG}"])
        self._stop()
        sys.exit(0)

    def _stop(self) -> None:
        """Ask the cell to save its state, and wait until its process has ended, whose end of the pipe closes then."""
        if self._pipe is None:
            return
        with contextlib.suppress(EOFError, OSError):
            self._pipe.send("stop")
            self._pipe.recv()


def _deaf() -> None:
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
