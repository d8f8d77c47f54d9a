"""The memory of a cell's process: a limit on it, how running into it looks, what is given back. Torch-free."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import sys

__all__ = ["give_back_freed", "is_out_of_memory", "lift_memory_limit", "limit_memory"]

_SIGNS = ("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")
"""What libraries written in C++ say, mostly in a plain RuntimeError, where they were given no memory."""


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


def give_back_freed() -> None:
    """Give back to the system what this process has freed and glibc has kept."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that memory was refused."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    if isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS):
        return True
    return error.__cause__ is not None and is_out_of_memory(error.__cause__)
