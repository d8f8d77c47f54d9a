"""What is left to do for a task: nothing, scoring, going on, or everything."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Literal

from genharness.cells import Task
from genharness.records import Record
from genharness.registry import Registry
from genharness.store import Store

__all__ = ["State", "forget", "seconds_left", "task_state"]

State = Literal["new", "finished", "score", "resume", "retry"]
"""`finished`: skipped; `score`: trained, and some metric is missing; `resume`: goes on from its checkpoint;
`retry`: failed before and is tried again; `new`: nothing is there."""


def task_state(task: Task, store: Store, registry: Registry) -> State:
    """Return what is left to do for a task."""
    record = store.load(task.cell.id)
    has_checkpoint = (store.cell_folder(task.cell.id) / "checkpoint.pt").is_file()
    if record is not None and record.finished:
        return "score" if missing_metrics(task, record, registry) else "finished"
    if has_checkpoint:
        return "resume"
    return "new" if record is None else "retry"


def missing_metrics(task: Task, record: Record, registry: Registry) -> list[str]:
    """Return the metrics that a finished record lacks."""
    return [
        name
        for name in task.metrics
        if name not in record.skipped
        and not any(column.key in record.scores for column in registry.metrics.find(name).columns)
    ]


def forget(task: Task, store: Store) -> None:
    """Delete the record and all files of a cell, so that it is done anew."""
    store.record_path(task.cell.id).unlink(missing_ok=True)
    shutil.rmtree(store.cell_folder(task.cell.id), ignore_errors=True)


def seconds_left(task: Task, state: State, registry: Registry, known: Mapping[tuple[str, str], float]) -> float | None:
    """Return an estimate of the seconds that a task takes, or None where nothing tells.

    Args:
        task: The task.
        state: What is left of it.
        registry: Recipes say what a step costs on two CPU cores at 28x28.
        known: Seconds of earlier cells by model and dataset.
    """
    if state == "finished":
        return 0.0
    cell = task.cell
    if (cell.model, cell.dataset) in known:
        return known[cell.model, cell.dataset]
    recipe = registry.models.find(cell.model).recipes.get(cell.budget) or registry.models.find(cell.model).recipes[
        "standard"
    ]
    if cell.length.endswith("steps") and recipe.step_ms:
        return _OVERHEAD_SECONDS + float(cell.length.removesuffix("steps")) * recipe.step_ms / 1000
    if cell.length.endswith("s") and not cell.length.endswith(("steps", "epochs")):
        return _OVERHEAD_SECONDS + float(cell.length.removesuffix("s"))
    return _OVERHEAD_SECONDS if cell.length == "0steps" else None


_OVERHEAD_SECONDS = 6.0
"""Starting, sampling, timing and scoring of a small model, measured on two cores with the digits."""
