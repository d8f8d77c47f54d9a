"""The loop that hands cells to workers, gathers what they send, and tries again what was lost."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import ray

from genharness import RunError
from genharness.plugin.execution import Event
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record, Status
from genharness_exec_ray.checks import Expectation, versions_of
from genharness_exec_ray.cluster import Share, fits, node_count
from genharness_exec_ray.messages import Job
from genharness_exec_ray.slots import LostError, Slot, close
from genharness_exec_ray.worker import environment

__all__ = ["RETRIES", "Spreading"]

RETRIES = 3
"""How often a cell is tried again after its worker was lost."""

_TICK_SECONDS = 0.2
_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0
"""How long cells wait for a node that could hold them, once there is none."""


class Spreading:
    """One run over a cluster.

    Args:
        shared: Tasks in order of preference, each with what it takes of a node.
        jobs: Cells at a time, 0 for as many as fit.
        expectation: What nodes must see.
        on_event: Told of news.
        stop: The user's request to stop.
    """

    def __init__(
        self,
        shared: Sequence[tuple[Task, Share]],
        jobs: int,
        expectation: Expectation,
        on_event: Callable[[Event], None],
        stop: threading.Event,
    ) -> None:
        self._waiting = deque(shared)
        self._jobs = jobs
        self._expectation = expectation
        self._versions = versions_of([task for task, _ in shared])
        self._on_event = on_event
        self._stop = stop
        self._slots: list[Slot] = []
        self._begun: set[str] = set()
        self._lost: Counter[str] = Counter()
        self._failed_starts = 0
        self._variables = environment()
        self._problem: RunError | None = None
        self._room_at = self._looked_at = time.monotonic()
        self._nodes = 1

    def run(self) -> Iterator[Record]:
        """Yield records until nothing is left.

        Raises:
            RunError: If cells cannot be run on the cluster; those that ran have saved their state.
        """
        for share in {share for _, share in self._waiting}:
            if not fits(share):
                raise RunError(f"no node of the Ray cluster has the {share} of a cell: {_advice(share)}")
        try:
            while any(slot.task for slot in self._slots) or (self._waiting and not self._stop.is_set()):
                self._open_and_close()
                for slot in self._answered():
                    yield from self._handle(slot)
        finally:
            close(self._slots)
        if self._problem is not None:
            raise self._problem

    def _open_and_close(self) -> None:
        """Ask for places while cells wait, for as many at a time as there are nodes; give back what nobody needs."""
        wanted = 0 if self._stop.is_set() else len(self._waiting)
        pending = [slot for slot in self._slots if not slot.ready]
        unneeded = pending[wanted:]
        close(unneeded)
        self._slots = [slot for slot in self._slots if slot not in unneeded]
        self._look_at_nodes()
        room = (self._jobs or len(self._slots) + wanted) - len(self._slots)
        for place in range(len(pending), min(wanted, self._nodes, len(pending) + room)):
            self._slots.append(Slot(self._waiting[place][1], self._variables))

    def _look_at_nodes(self) -> None:
        """Count the nodes now and then; give up when none could hold the next cell for a minute."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at, self._nodes = now, max(1, node_count())
        if not self._waiting or any(slot.task for slot in self._slots):
            self._room_at = now
            return
        task, share = self._waiting[0]
        if fits(share):
            self._room_at = now
        elif now - self._room_at > _PATIENCE_SECONDS:
            self._give_up(f"no node is left in the Ray cluster that has the {share} of a cell: {_advice(share)}")
        if not any(slot.ready for slot in self._slots):
            self._tell(task, f"waiting for {share} on the Ray cluster")

    def _answered(self) -> list[Slot]:
        """Wait a moment for an answer and return whose it is."""
        awaited = {slot.request: slot for slot in self._slots if not slot.resting}
        if not awaited:
            time.sleep(_TICK_SECONDS)
            return []
        done, _ = ray.wait(list(awaited), num_returns=1, timeout=_TICK_SECONDS)
        return [awaited[request] for request in done]

    def _handle(self, slot: Slot) -> Iterator[Record]:
        """Take what a worker answered, and give it the next thing to do."""
        try:
            for kind, content in slot.answer():
                yield from self._take(slot, kind, content)
        except LostError as error:
            yield from self._lose(slot, error)
            return
        except RunError as error:
            self._give_up(str(error))
            self._slots.remove(slot)
            close([slot])
            return
        self._slots.remove(slot)
        if slot.task is None and slot.ready:
            self._failed_starts = 0
            self._start_next(slot)
        if slot.task is None and slot.ready:
            close([slot])
            return
        slot.ask(stop=self._stop.is_set())
        self._slots.append(slot)  # behind the others, so that each is heard

    def _take(self, slot: Slot, kind: str, content: Any) -> Iterator[Record]:
        task = slot.task
        assert task is not None
        if kind == "event":
            self._begun.add(task.cell.id)
            self._on_event(content)
            return
        if kind == "lost":
            raise LostError(content)
        slot.task = None
        if kind == "unstarted":
            return
        if kind == "misfit":
            self._give_up(content)
            return
        record = content if kind == "record" else _settled(task, "failed", content)
        if record.went_wrong and task.settings.fail_fast:
            self._waiting.clear()
            self._stop.set()
        yield record

    def _start_next(self, slot: Slot) -> None:
        """Give a worker the first waiting cell that takes what the worker has."""
        place = next((i for i, (_, share) in enumerate(self._waiting) if share == slot.share), None)
        if place is None or self._stop.is_set():
            return
        task, _ = self._waiting[place]
        del self._waiting[place]
        slot.start(Job(task=task, expectation=self._expectation, versions=self._versions))

    def _lose(self, slot: Slot, error: LostError) -> Iterator[Record]:
        """Try the cell of a lost worker again, or say that it is no use."""
        self._slots.remove(slot)
        close([slot])
        task = slot.task
        if task is None:
            self._failed_starts += 1
            if self._failed_starts > RETRIES:
                self._give_up(f"no cell can be started on the Ray cluster: {error}")
            return
        self._lost[task.cell.id] += 1
        times = self._lost[task.cell.id]
        if self._stop.is_set():
            yield _settled(task, "interrupted", "its worker was lost while it was stopped; run again to go on")
        elif error.for_memory:
            reason = f"node {slot.node} ran out of memory: use a smaller batch or fewer --jobs"
            yield _settled(task, "out_of_memory", reason)
        elif times > RETRIES:
            yield _settled(task, "failed", f"its worker was lost {times} times ({error}); run again to go on")
        else:
            self._waiting.appendleft((self._again(task), slot.share))
            self._tell(task, f"lost on node {slot.node} ({error}): tried again, {times} of {RETRIES} times")

    def _again(self, task: Task) -> Task:
        """Return the task for another attempt, which must not throw away what the last one did."""
        fresh = "" if task.cell.id in self._begun else task.settings.fresh
        return dataclasses.replace(task, settings=dataclasses.replace(task.settings, fresh=fresh))

    def _give_up(self, reason: str) -> None:
        """Stop all cells, which save their state, and remember why."""
        self._problem = self._problem or RunError(reason)
        self._stop.set()

    def _tell(self, task: Task, text: str) -> None:
        self._on_event(Event(cell_id=task.cell.id, phase="waiting", text=text))


def _advice(share: Share) -> str:
    return f"start one that has, or use {'--device cpu' if share.gpus else 'fewer --threads'}"


def _settled(task: Task, status: Status, reason: str) -> Record:
    """Return a saved record of a cell that could not write its own."""
    record = Record(cell=task.cell, status=status, skipped=dict(task.skipped)).end(status, reason)
    return Store(task.settings.results, writing=True).settle(record)
