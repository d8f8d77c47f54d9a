"""How the maths is run: in full precision, and short operations on several threads side by side."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

__all__ = ["exact_convolutions", "full_precision", "ieee_products", "side_by_side", "use_workers", "workers"]

_WORTH_THREADS = 2**30  # multiplications: a tenth of a second of one core

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Multiply float32 matrices in float32: without TF32, bfloat16 or autocast, whatever the caller has set."""
    with ieee_products(), torch.autocast(device.type, enabled=False), torch.no_grad():
        yield


@contextmanager
def ieee_products() -> Iterator[None]:
    """Multiply float32 matrices in float32, with gradients and whatever else as they are set."""
    try:
        before = torch.get_float32_matmul_precision()
    except RuntimeError:  # the caller has set fp32_precision of a backend, which torch forbids to mix with this
        backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul  # type: ignore[attr-defined]  # untyped
        own = [backend.fp32_precision for backend in backends]
        _set_precision(backends, ["ieee", "ieee"])
        try:
            yield
        finally:
            _set_precision(backends, own)
    else:
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)


def _set_precision(backends: tuple[Any, ...], precisions: list[str]) -> None:
    for backend, precision in zip(backends, precisions, strict=True):
        backend.fp32_precision = precision


@contextmanager
def exact_convolutions() -> Iterator[None]:
    """Keep cuDNN from TF32, which errs by 1e-3, so that every device gives the same features."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def side_by_side(
    function: Callable[[T], R], tasks: Iterable[T], device: torch.device, *, products: float = math.inf
) -> list[R]:
    """Return `function` of every task, run on several threads, each with serial operations (see `use_workers`).

    Tiles need many short operations. Were each split over all cores, it would wait for the slowest of them every
    time: on a machine with other work to do, that takes ten times as long. On CUDA tasks run one after another, and so
    they do where all of them need so few `products` that handing them to threads takes longer than what threads save.
    """
    count = workers(device, products)
    if count == 1:
        return [function(task) for task in tasks]

    def run(task: T) -> R:
        with full_precision(device):  # autocast and gradients are settings of a thread
            return function(task)

    with ThreadPoolExecutor(count, initializer=_be_serial) as pool:
        return list(pool.map(run, tasks))


class _Place(threading.local):
    """Whether the current thread is one of several side by side, which run no others beside them."""

    shared = False


_place = _Place()


def _be_serial() -> None:
    torch.set_num_threads(1)
    _place.shared = True


def use_workers(count: int | None) -> None:
    """Make `side_by_side` run `count` threads in this process; None, as at first: as many as torch uses for itself."""
    global _chosen_workers
    _chosen_workers = count


_chosen_workers: int | None = None


def workers(device: torch.device, products: float = math.inf) -> int:
    """Return how many threads `side_by_side` would run now, where that many numbers are multiplied."""
    if device.type != "cpu" or _place.shared or products < _WORTH_THREADS:
        return 1
    return _chosen_workers or torch.get_num_threads()
