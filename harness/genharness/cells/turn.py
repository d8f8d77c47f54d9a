"""Taking turns: what two processes must not do at once, one does while the other waits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from genharness.engine.loop import StopRequestedError
from genharness.files.turns import take

__all__ = ["turn"]


@contextmanager
def turn(lock_file: Path, *, on_wait: Callable[[], None], should_stop: Callable[[], bool]) -> Iterator[float]:
    """Hold a lock, which a killed process loses; give the seconds that it took to get it, 0 where nobody had it.

    Args:
        lock_file: Its file; the folder is created where it is missing.
        on_wait: Told every second that somebody else has it.
        should_stop: Asked every second.

    Raises:
        StopRequestedError: If a stop was asked for while waiting.
        RunError: If the file system has no locks.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock, began, waits = FileLock(lock_file), time.monotonic(), False
    while not lock.is_locked:
        if not take(lock, timeout_seconds=1 if waits else 0):
            waits = True
            on_wait()
            if should_stop():
                raise StopRequestedError from None
    try:
        yield time.monotonic() - began if waits else 0.0
    finally:
        lock.release()
