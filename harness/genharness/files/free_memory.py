"""How much memory is free: Linux grants more than there is, and ends the process that uses it, without a word."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from genharness.errors import DataError

__all__ = ["free_memory", "refuse_beyond_memory"]

_CGROUP = Path("/sys/fs/cgroup")
"""Where a container finds its own limit."""


def free_memory() -> int:
    """Return the bytes that this process may still take: of the machine, of its container, below its own limits."""
    import psutil

    return max(0, min([psutil.virtual_memory().available, *_left_of_container(), *_left_of_limits()]))


def refuse_beyond_memory(needed: int, what: str, advice: str) -> None:
    """Refuse what does not fit into memory.

    Args:
        needed: Bytes that it takes.
        what: The beginning of a sentence, such as `images.npy: 10 pictures`.
        advice: What to do about it.

    Raises:
        DataError: If not so many are free.
    """
    free = free_memory()
    if needed > free:
        raise DataError(f"{what} need {needed / 2**30:,.1f} GiB of memory, and {free / 2**30:,.1f} are free: {advice}")


def _left_of_container() -> list[int]:
    """Return what the container's limit leaves, if there is one; pages of files make room when they must."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        limit, used = (int((_CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
        return [limit - used + int(next(line for line in lines if line.startswith("inactive_file ")).split()[1])]
    return []


def _left_of_limits() -> list[int]:
    """Return what `ulimit -v` and `ulimit -d` leave."""
    if sys.platform != "linux":
        return []
    import resource

    page = os.sysconf("SC_PAGE_SIZE")
    size, *_, data, _ = map(int, Path("/proc/self/statm").read_text().split())
    limits = ((resource.RLIMIT_AS, size), (resource.RLIMIT_DATA, data))
    return [
        soft - used * page for kind, used in limits if (soft := resource.getrlimit(kind)[0]) != resource.RLIM_INFINITY
    ]
