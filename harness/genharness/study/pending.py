"""What is left to do for tasks: nothing, scoring, going on, or everything; and why a finished cell is run again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from genharness.errors import RunError
from genharness.files.atomic import delete
from genharness.files.gc_pause import no_collection
from genharness.plugin.registry import Registry
from genharness.results.provenance import Differences, Provenance, differences
from genharness.results.store import Store
from genharness.spec.cell import Cell, Task
from genharness.spec.record import Record

__all__ = ["Pending", "State", "forget", "missing_metrics", "pending", "task_state"]

State = Literal["new", "finished", "kept", "score", "sample", "resume", "retry"]
"""`finished`: skipped; `kept`: finished by other code than there is now, and skipped all the same; `score`: trained,
and the scores of some metric are missing or by other code; `sample`: its training is finished, maybe by another cell
that shares it, and samples are to be drawn and scored; `resume`: goes on from its checkpoint; `retry`: failed before
and is tried again; `new`: nothing is there."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A task and what is left of it.

    Attributes:
        task: The task; of an earlier cell where that one is used in the place of the one that was asked for.
        state: What is left to do.
        reasons: Why a finished cell does not count as it is, or is kept although it should not.
    """

    task: Task
    state: State
    reasons: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing is to be done."""
        return self.state in ("finished", "kept")

    @property
    def trains(self) -> bool:
        """Whether a training is to be begun or to go on."""
        return self.state in ("new", "resume", "retry")

    @property
    def again(self) -> bool:
        """Whether a finished cell, or its scores, are made anew because something behind them changed."""
        return bool(self.reasons) and not self.done


def pending(tasks: Iterable[Task], store: Store, registry: Registry, *, keep_finished: bool = False) -> list[Pending]:
    """Return what is left of tasks.

    A cell whose code, files or data changed is another cell, with a name of its own: the one that was finished before
    is looked for, so that it can be said why it is run again.

    Args:
        tasks: What was asked for.
        store: What is there.
        registry: What is installed.
        keep_finished: Take finished cells and scores as they are, though they were made by other code.
    """
    look = _Outlook(store, registry, keep_finished)
    with no_collection():
        return [look.at(task) for task in tasks]


def task_state(task: Task, store: Store, registry: Registry) -> State:
    """Return what is left to do for a task."""
    return pending([task], store, registry)[0].state


class _Outlook:
    """One look at a results folder."""

    def __init__(self, store: Store, registry: Registry, keep_finished: bool) -> None:
        self._store, self._registry, self._keep = store, registry, keep_finished
        self._provenance = Provenance(registry)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._recorded = set(store.ids())
        self._begun = store.begun()
        for cell_id in self._recorded:
            self._by_stem[cell_id.rpartition("-")[0]].append(cell_id)

    def at(self, task: Task) -> Pending:
        cell_id = task.cell.id  # of half a million cells most have no file, which one look at each folder tells
        record = self._store.load(cell_id) if cell_id in self._recorded else None
        if record is not None and record.finished:
            return self._finished(task, record)
        begun = self._begun and not self._begun.isdisjoint((cell_id, task.cell.training_id))
        training = self._store.training_of(task.cell) if begun else None
        if training is not None and training.checkpoint.is_file():
            return Pending(task, "sample" if training.finished else "resume")
        if record is not None:
            return Pending(task, "retry")
        earlier = self._by_stem and cell_id.rpartition("-")[0] in self._by_stem
        return self._earlier(task) if earlier else Pending(task, "new")

    def _finished(self, task: Task, record: Record) -> Pending:
        missing = missing_metrics(task, record, self._registry)
        changed = self._provenance.of_scores(record, task.metrics)
        reasons = tuple(dict.fromkeys(line for lines in changed.values() for line in lines))
        if missing or not changed:
            return Pending(task, "score" if missing else "finished", reasons)
        kept = self._store.training_of(record.cell, record.training).checkpoint.is_file()
        can_score = kept or not self._is_trained(task.cell)
        return Pending(task, "kept" if self._keep or not can_score else "score", reasons)

    def _is_trained(self, cell: Cell) -> bool:
        return self._registry.models.find(cell.model).trained

    def _earlier(self, task: Task) -> Pending:
        """Return what is left of a task of whose cell nothing is there: look for it by other code, or other data."""
        found = [(record, how) for record, how in self._alike(task.cell) if record.finished]
        if not found:
            return Pending(task, "new")
        record, how = max(found, key=lambda one: (not one[1].lines, not one[1].content, one[0].finished_at))
        earlier = replace(task, cell=record.cell)
        if not how.lines:  # the same as far as is known: its data are not prepared here
            return self._finished(earlier, record)
        if self._keep and not how.content:
            missing = missing_metrics(task, record, self._registry)
            if not missing or self._is_trained(task.cell):  # else doing it anew costs no more than scoring it
                return Pending(earlier, "score" if missing else "kept", how.lines)
        return Pending(task, "new", how.lines)

    def _alike(self, cell: Cell) -> Iterable[tuple[Record, Differences]]:
        for cell_id in self._by_stem.get(cell.id.rpartition("-")[0], ()):
            try:
                record = self._store.load(cell_id)
            except RunError:  # of a newer genharness: it cannot be used in the place of anything
                continue
            how = differences(record.cell, cell) if record is not None and record.source == "trained" else None
            if record is not None and how is not None:
                yield record, how


def missing_metrics(task: Task, record: Record, registry: Registry) -> list[str]:
    """Return the metrics that a finished record lacks; one that failed is lacking too, and is tried again."""
    return [
        name
        for name in task.metrics
        if name not in record.skipped
        and not any(column.key in record.scores for column in registry.metrics.find(name).columns)
    ]


def forget(task: Task, store: Store) -> None:
    """Delete the record and all files of a cell, so that it is done anew; its training is not its alone."""
    store.record_path(task.cell.id).unlink(missing_ok=True)
    delete(store.cell(task.cell.id).path, ignore_errors=True)
