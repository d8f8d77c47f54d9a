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

from warm import WarmCommand

__all__ = ["Run", "end_group", "records", "runs", "wait_for"]

T = TypeVar("T")


class Run:
    """`genharness run` in a process group of its own; what it prints goes to a file.

    Args:
        arguments: Behind `run`.
        folder: Working directory.
        home: `$GENHARNESS_HOME`.
        log: File for what it prints.
        cold: Whether it is an interpreter of its own, which others find by its command line and environment.
    """

    def __init__(self, arguments: tuple[object, ...], folder: Path, home: object, log: Path, *, cold: bool) -> None:
        env = {**os.environ, "GENHARNESS_HOME": str(home), "OMP_NUM_THREADS": "1", "COLUMNS": "100"}
        self.log = log
        self._process: subprocess.Popen[bytes] | WarmCommand
        with log.open("wb") as file, Path(os.devnull).open("rb") as nothing:
            if cold:
                command = [sys.executable, "-m", "genharness.cli.main", "run", *map(str, arguments)]
                self._process = subprocess.Popen(
                    command, cwd=folder, env=env, start_new_session=True, stdout=file, stderr=subprocess.STDOUT
                )
            else:
                streams = {"stdin": nothing, "stdout": file, "stderr": file}
                self._process = WarmCommand(["run", *arguments], folder, env, **streams, new_session=True)

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once it has ended; `subprocess.TimeoutExpired` where it has not by then."""
        return self._process.wait(timeout)

    def lines(self) -> list[str]:
        """Return what it has printed so far."""
        return self.log.read_text().splitlines()


@contextlib.contextmanager
def runs(folder: Path, home: object, *, cold: bool = False) -> Iterator[Callable[..., Run]]:
    """Give a function that starts a run in `folder`; what still runs at the end is killed."""
    started: list[Run] = []

    def start(*arguments: object) -> Run:
        started.append(Run(arguments, folder, home, folder / f"log-{len(started)}.txt", cold=cold))
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
    """Return the records of a results folder by cell; of a run that goes on, those that it has put in their place."""
    return {path.stem: json.loads(path.read_text()) for path in Path(folder).glob("records/[!.]*.json")}
