"""What is left to do for a task: nothing, scoring, going on, or everything."""

from __future__ import annotations

import shutil
from typing import Literal

from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record

__all__ = ["State", "forget", "task_state"]

State = Literal["new", "finished", "score", "resume", "retry"]
"""`finished`: skipped; `score`: trained, and some metric is missing; `resume`: goes on from its checkpoint;
`retry`: failed before and is tried again; `new`: nothing is there."""


def task_state(task: Task, store: Store, registry: Registry) -> State:
    """Return what is left to do for a task."""
    record = store.load(task.cell.id)
    has_checkpoint = store.cell(task.cell.id).checkpoint.is_file()
    if record is not None and record.finished:
        return "score" if missing_metrics(task, record, registry) else "finished"
    if has_checkpoint:
        return "resume"
    return "new" if record is None else "retry"


def missing_metrics(task: Task, record: Record, registry: Registry) -> list[str]:
    """Return the metrics that a finished record lacks; one that failed is lacking too, and is tried again."""
    return [
        name
        for name in task.metrics
        if name not in record.skipped
        and not any(column.key in record.scores for column in registry.metrics.find(name).columns)
    ]


def forget(task: Task, store: Store) -> None:
    """Delete the record and all files of a cell, so that it is done anew."""
    store.record_path(task.cell.id).unlink(missing_ok=True)
    shutil.rmtree(store.cell(task.cell.id).path, ignore_errors=True)
