"""A limit on the memory of a cell's process, and how running into it looks. Torch-free."""

from __future__ import annotations

import errno
import re
import sys

from genharness.errors import ConfigError

__all__ = ["is_out_of_memory", "lift_memory_limit", "limit_memory", "parse_memory"]

_UNITS = {"MiB": 2**20, "GiB": 2**30}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*(MiB|GiB)", re.IGNORECASE)
_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")
"""What libraries written in C++ say, mostly in a plain RuntimeError, where they were given no memory."""


def parse_memory(text: str) -> int:
    """Return the bytes that a text such as `512MiB` or `1.5GiB` means; an empty one is 0, no limit.

    Raises:
        ConfigError: If it means nothing, or less than a MiB, or if this system cannot limit memory.
    """
    if not text:
        return 0
    match = _AMOUNT.fullmatch(text.strip())
    limit = int(float(match[1]) * _UNITS[f"{match[2][:1].upper()}iB"]) if match else 0
    if limit < _UNITS["MiB"]:
        raise ConfigError(f"memory limit {text!r} is no amount of memory: write it as 512MiB or 4GiB")
    if sys.platform != "linux":
        raise ConfigError("--memory-limit works on Linux only: leave it out")
    return limit


def limit_memory(limit_bytes: int) -> None:
    """Let allocations of this process fail beyond a limit; 0 changes nothing.

    The limit is on private writable memory (RLIMIT_DATA), not on address space, of which CUDA and memory-mapped
    datasets reserve much more than they use.
    """
    if limit_bytes:
        import resource

        _take_working_memory()
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, hard))


def _take_working_memory() -> None:
    """Let numpy's and scipy's OpenBLAS take their buffers, which they keep: refused one, they ask again for ever."""
    import numpy as np
    from scipy.linalg import cholesky

    identity = np.eye(512)  # small ones need no buffer
    np.linalg.cholesky(identity)
    cholesky(identity)


def lift_memory_limit() -> None:
    """Give back what `limit_memory` took, so that a process that ran into its limit can still write its record."""
    if sys.platform == "linux":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that memory was refused."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS):
        return True
    return error.__cause__ is not None and is_out_of_memory(error.__cause__)
