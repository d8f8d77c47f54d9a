"""How many CPU threads a cell computes with.

The networks of small images are made of operations so short that a second thread mostly waits for the first, and on a
busy machine, where waiting threads spin, slows it many times over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch

from genharness.functional.parallel import use_workers
from genharness.spec.plugins import DataShape

__all__ = ["settle_threads", "thread_count", "threads_settled"]

SMALL_SIDE = 28
"""Images up to this side, in pixels, and tables are computed on one thread."""


def thread_count(shape: DataShape, wanted: int = 0, jobs: int = 1) -> int:
    """Return the threads for samples of a shape.

    Args:
        shape: Of the samples.
        wanted: What the user asked for; 0 leaves the choice to the size of the samples.
        jobs: Cells that run side by side.
    """
    if wanted:
        return wanted
    if shape.modality == "tabular" or max(shape.height, shape.width) <= SMALL_SIDE:
        return 1
    return max(1, (os.cpu_count() or 1) // jobs)


def settle_threads(shape: DataShape, wanted: int = 0, jobs: int = 1) -> None:
    """Make torch use `thread_count` threads in an operation, and metrics all cores side by side, in this process."""
    use_workers(wanted or max(1, _cores() // jobs))
    torch.set_num_threads(thread_count(shape, wanted, jobs))


@cache
def _cores() -> int:
    return torch.get_num_threads()  # before anything has changed it: the cores, or what OMP_NUM_THREADS says


@contextmanager
def threads_settled(shape: DataShape) -> Iterator[None]:
    """Compute a block on at most `thread_count` threads; then as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(min(before, thread_count(shape)))
    try:
        yield
    finally:
        torch.set_num_threads(before)
