"""The actor that a node of the cluster runs for as long as it has cells to do."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Mapping

from genharness.files.home import home
from genharness_exec_ray.messages import Job, Message

__all__ = ["CellWorker", "environment"]

_MIRRORED = (
    "CUBLAS_WORKSPACE_CONFIG",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)
"""Variables that decide what a cell computes: as the command has them, for Ray sets threads of its own."""

_CARRIED = ("GENHARNESS_PLUGINS", "GENHARNESS_WEIGHTS", "PYTHONPATH", "TORCH_HOME", "XDG_CACHE_HOME")
"""Variables that say where things are: the node's own where the command has none."""

_NEWS_SECONDS = 1.0
"""How long a call waits for news; the request to stop waits so long at most."""


def environment() -> dict[str, str | None]:
    """Return the variables of this process that hold for cells wherever they run; None unsets one."""
    carried = {name: os.environ[name] for name in _CARRIED if name in os.environ}
    return {"GENHARNESS_HOME": str(home().absolute()), **{name: os.environ.get(name) for name in _MIRRORED}, **carried}


class CellWorker:
    """Starts the host process on its node and passes on what comes from it.

    Args:
        variables: What `environment` gave where the command runs.
    """

    def __init__(self, variables: Mapping[str, str | None]) -> None:
        merged = {**os.environ, **variables}
        self._pipe, theirs = multiprocessing.Pipe()
        self._news: list[Message] = []
        self._dropped = 0
        self._stopping = False
        self._host = subprocess.Popen(
            [sys.executable, "-m", "genharness_exec_ray.host", str(theirs.fileno())],
            env={name: value for name, value in merged.items() if value is not None},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # so that it can be ended with all that it started
        )
        theirs.close()

    def node(self) -> str:
        """Return the name of the machine."""
        return platform.node()

    def start(self, job: Job) -> None:
        """Begin with a cell."""
        with contextlib.suppress(OSError):  # the next `poll` says that the host is lost
            self._pipe.send(job)

    def poll(self, seen: int, stop: bool) -> list[Message]:
        """Wait a moment for news.

        Args:
            seen: How many messages have arrived so far; what got lost on the way is given again.
            stop: Whether the cell is to save its state and end.
        """
        if stop and not self._stopping:
            self._stopping = True
            with contextlib.suppress(OSError):
                self._pipe.send("stop")
        del self._news[: seen - self._dropped]
        self._dropped = seen
        if not self._news:
            self._receive()
        return self._news

    def _receive(self) -> None:
        wait = _NEWS_SECONDS
        try:
            while self._pipe.poll(wait):
                self._news.append(self._pipe.recv())
                wait = 0.0
        except (EOFError, OSError):
            self._news.append(("lost", f"its process on node {platform.node()} ended ({self._ending()})"))

    def _ending(self) -> str:
        code = self._host.wait()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    def end(self) -> None:
        """End the host and every cell at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._host.pid, signal.SIGKILL)
        self._host.wait()
