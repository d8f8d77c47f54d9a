"""Of several processes that want to make the same file, one makes it and the others wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

__all__ = ["entry_turn"]


@contextmanager
def entry_turn(entry: Path) -> Iterator[bool]:
    """Hold the lock of an entry of a cache; tell whether its folder can be written at all."""
    lock = FileLock(entry.with_name(f".{entry.name}.lock"))
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError:  # a cache that cannot be written costs time, not a result
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
