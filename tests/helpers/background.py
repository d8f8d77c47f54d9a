"""Runs in the background, which are waited for, stopped and killed, and the records that they leave."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

__all__ = ["Run", "end_group", "records", "runs", "wait_for"]

T = TypeVar("T")


class Run(subprocess.Popen[bytes]):
    """`genharness run` in a process group of its own; what it prints goes to a file."""

    def __init__(self, arguments: tuple[object, ...], folder: Path, home: object, log: Path) -> None:
        command = [sys.executable, "-m", "genharness.cli.main", "run", *map(str, arguments)]
        env = {**os.environ, "GENHARNESS_HOME": str(home), "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
        self.log = log
        with log.open("w") as file:
            super().__init__(
                command, cwd=folder, env=env, start_new_session=True, stdout=file, stderr=subprocess.STDOUT
            )

    def lines(self) -> list[str]:
        """Return what it has printed so far."""
        return self.log.read_text().splitlines()


@contextlib.contextmanager
def runs(folder: Path, home: object) -> Iterator[Callable[..., Run]]:
    """Give a function that starts a run in `folder`; what still runs at the end is killed."""
    started: list[Run] = []

    def start(*arguments: object) -> Run:
        started.append(Run(arguments, folder, home, folder / f"log-{len(started)}.txt"))
        return started[-1]

    yield start
    for run in started:
        end_group(run)


def end_group(run: Run) -> None:
    """Kill a run and all its processes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def wait_for(condition: Callable[[], T], seconds: float = 180) -> T:
    """Return what a condition gives once it is true.

    Raises:
        TimeoutError: If it is not in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError


def records(folder: Path) -> dict[str, Any]:
    """Return the records of a results folder by cell."""
    return {path.stem: json.loads(path.read_text()) for path in Path(folder).glob("records/*.json")}
