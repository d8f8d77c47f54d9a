"""What is left to do for a task: nothing, scoring, going on, or everything."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Literal

from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.dataset_name import DatasetReference, parse_reference
from genharness.spec.length import parse_length
from genharness.spec.plugins import DatasetSpec
from genharness.spec.record import METRIC_FAILED, Record

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
    """Return the metrics that a finished record lacks; one that failed by a defect lacks too, and is tried again."""
    return [
        name
        for name in task.metrics
        if record.skipped.get(name, METRIC_FAILED).startswith(METRIC_FAILED)
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
    recipes = registry.models.find(cell.model).recipes
    recipe = recipes.get(cell.budget) or recipes["standard"]
    length = parse_length(cell.length)
    if length.unit == "s":
        return _OVERHEAD_SECONDS + length.amount
    if length.amount and not recipe.step_ms:
        return None
    reference = parse_reference(cell.dataset)
    spec = registry.datasets.find(reference.name)
    steps = length.steps(spec.counts.get("train", 0), cell.batch_size) or 0
    return _OVERHEAD_SECONDS + steps * recipe.step_ms / 1000 * _relative_size(reference, spec)


def _relative_size(reference: DatasetReference, spec: DatasetSpec) -> float:
    """Return the pixels of a sample relative to 28x28; small images still cost what a step costs at least."""
    side = reference.size or (spec.shape[-1] if spec.shape and spec.modality == "image" else 28)
    return max(side**2 / 28**2, 0.2) if spec.modality == "image" else 1.0


_OVERHEAD_SECONDS = 6.0
"""Starting, sampling, timing and scoring of a small model, measured on two cores with the digits."""
