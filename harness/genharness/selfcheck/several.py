"""Several datasets, checked side by side: trainings and kernels of few samples keep one core busy, not two."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing.queues import SimpleQueue
from typing import Any

from genharness.functional.parallel import use_workers
from genharness.plugin.registry import Registry, load_registry
from genharness.selfcheck.asking import Asked, check_dataset
from genharness.selfcheck.check import Checked
from genharness.spec.report import Report

__all__ = ["check_datasets"]

_LOOK = 0.2
"""Seconds between looks at what the processes tell."""

_told: SimpleQueue[tuple[int, int, str]] | None = None
"""Of a process that checks: where it tells what it is at."""


def check_datasets(
    names: Sequence[str], asked: Asked, registry: Registry, report: Report, *, cores: int | None = None
) -> list[Checked]:
    """Check metrics on faults that are planted into datasets, each in a process of its own while there are cores.

    Args:
        names: References of the datasets.
        asked: How.
        registry: Where metrics, extractors and datasets are; a process loads its own.
        report: Told of the progress.
        cores: Datasets that are checked at a time; as many as there are cores when None.

    Raises:
        GenharnessError: As `check_dataset`.
    """
    available = cores or os.cpu_count() or 1
    workers = min(len(names), available)
    if workers < 2:
        return [check_dataset(name, asked, registry, report) for name in names]
    context = multiprocessing.get_context("spawn")
    told: SimpleQueue[tuple[int, int, str]] = context.SimpleQueue()
    with ProcessPoolExecutor(workers, context, _begin, (told, max(1, available // workers))) as pool:
        futures = [pool.submit(_checked, name, asked) for name in names]
        while wait(futures, timeout=_LOOK).not_done:
            _forward(told, report)
        _forward(told, report)
        return [future.result() for future in futures]


def _forward(told: SimpleQueue[tuple[int, int, str]], report: Report) -> None:
    while not told.empty():
        report(*told.get())


def _begin(told: Any, threads: int) -> None:
    """Begin a process: it tells what it is at, and leaves the other cores to the others."""
    import torch

    global _told
    _told = told
    torch.set_num_threads(threads)
    use_workers(threads)


def _checked(name: str, asked: Asked) -> Checked:
    def tell(done: int, total: int, text: str) -> None:
        if _told is not None:
            _told.put((done, total, f"{name}: {text}"))

    return check_dataset(name, asked, load_registry(), tell)
