"""Work on many items in order, a little ahead, in threads where those help.

Pillow decodes outside of the interpreter's lock, but of a picture of 32 pixels that is the smaller part of the work:
two threads then pass the lock to and fro, and take longer than one (`PICTURES=10000 SIDE=32 pytest
benchmarks/bench_prepare.py -k own`). What takes long for each picture, whether large ones or a slow disk, is done in
threads; so items are done one after the other until one of them has taken long.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_order"]

LONG = 5e-4
"""Seconds for one part of an item from which on threads help."""

_MOST_THREADS = 8

T = TypeVar("T")
U = TypeVar("U")


def in_order(work: Callable[[T], U], items: Iterable[T], parts: Callable[[T], int]) -> Iterator[U]:
    """Yield what work makes of each item, in their order.

    Args:
        work: What is done with an item; in several threads at once where its parts take long.
        items: They are taken by the caller's own thread.
        parts: Says of how many parts an item is, such as pictures.
    """
    items = iter(items)
    for item in items:
        begun = time.perf_counter()
        found = work(item)
        long = time.perf_counter() - begun >= LONG * parts(item)
        yield found
        if long:
            yield from _in_threads(work, items)


def _in_threads(work: Callable[[T], U], items: Iterable[T]) -> Iterator[U]:
    """Yield results in order from a few threads that run only a little ahead."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = min(cores, _MOST_THREADS)
    with ThreadPoolExecutor(threads) as pool:
        pending: deque[Future[U]] = deque()
        for item in items:
            pending.append(pool.submit(work, item))
            if len(pending) > threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
