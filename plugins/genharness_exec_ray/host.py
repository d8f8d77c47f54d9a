"""The process of a Ray worker in which cells are started: `python -m genharness_exec_ray.host DESCRIPTOR`.

It is a Python of its own, because a cell is to find what it finds with `--executor local`: no Ray in memory, no
paths and threads of Ray's choosing. The executor `local` runs each cell that comes through the pipe, one at a time.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from genharness import GenharnessError
from genharness.plugin.execution import Executor, make_executor
from genharness.plugin.registry import load_registry
from genharness_exec_ray.checks import unmet
from genharness_exec_ray.messages import Job, Message

__all__ = ["main"]

_GRACE_SECONDS = 60.0
"""How long a cell may take to save its state when its worker is gone."""


def main() -> None:
    """Run jobs until the pipe closes."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the command asks cells to stop, through the pipe
        signal.signal(number, signal.SIG_IGN)
    pipe: Connection[Message, Any] = Connection(int(sys.argv[1]))
    jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(pipe, jobs, stop), daemon=True).start()
    executor = make_executor(load_registry(), "local")
    while (job := jobs.get()) is not None:
        _run(executor, job, pipe, stop)


def _listen(pipe: Connection[Message, Any], jobs: queue.SimpleQueue[Job | None], stop: threading.Event) -> None:
    """Take jobs and the request to stop; without a worker at the other end the cell saves its state and all ends."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            order = pipe.recv()
            if isinstance(order, Job):
                jobs.put(order)
            else:
                stop.set()
    stop.set()
    jobs.put(None)
    time.sleep(_GRACE_SECONDS)
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _run(executor: Executor, job: Job, pipe: Connection[Message, Any], stop: threading.Event) -> None:
    def send(message: Message) -> None:
        with contextlib.suppress(OSError):  # the worker is gone, and `_listen` has asked the cell to stop
            pipe.send(message)

    problem = unmet(job.expectation, job.versions)
    if problem:
        send(("misfit", problem))
        return
    outcome: Message = ("unstarted", None)
    try:
        for record in executor.run([job.task], on_event=lambda event: send(("event", event)), stop=stop):
            outcome = ("record", record)
    except GenharnessError as error:
        outcome = ("error", str(error))
    send(outcome)


if __name__ == "__main__":
    main()
