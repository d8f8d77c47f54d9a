"""The command's side of a worker: which cell it has, what it was asked, and what it answered."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, OutOfMemoryError, RayError, RayTaskError

from genharness import RunError
from genharness.spec.cell import Task
from genharness_exec_ray.cluster import Share
from genharness_exec_ray.messages import Job, Message
from genharness_exec_ray.worker import CellWorker

__all__ = ["LostError", "Slot", "close"]

_UNREACHABLE_SECONDS = 60.0
"""How long a worker may be out of reach before it counts as lost."""

_ACTOR: Any = ray.remote(CellWorker)  # its methods have `remote` where Python sees plain functions
_REST_SECONDS = 1.0
_END_SECONDS = 5.0


class LostError(Exception):
    """A worker is gone; the message says what is known of it."""

    def __init__(self, reason: str, *, for_memory: bool = False) -> None:
        super().__init__(reason)
        self.for_memory = for_memory


class Slot:
    """A worker on some node, one cell at a time.

    Attributes:
        share: What it takes of its node.
        task: The cell it has, or None.
        node: Where it is; empty until the cluster has found a place for it.
        request: The call whose answer is awaited.
    """

    def __init__(self, share: Share, variables: Mapping[str, str | None]) -> None:
        self.share = share
        self.task: Task | None = None
        self.node = ""
        self._seen = 0
        self._unreachable_since: float | None = None
        self._resting_until = 0.0
        placed = _ACTOR.options(num_cpus=share.cpus, num_gpus=share.gpus, scheduling_strategy="SPREAD")
        self._actor = placed.remote(variables)
        self.request: Any = self._actor.node.remote()

    @property
    def resting(self) -> bool:
        """Whether it was out of reach a moment ago."""
        return time.monotonic() < self._resting_until

    @property
    def ready(self) -> bool:
        """Whether it has a place on a node."""
        return bool(self.node)

    def start(self, job: Job) -> None:
        """Give it a cell."""
        self.task = job.task
        self._actor.start.remote(job)

    def ask(self, *, stop: bool) -> None:
        """Ask for news."""
        self.request = self._actor.poll.remote(self._seen, stop) if self.ready else self._actor.node.remote()

    def answer(self) -> list[Message]:
        """Return what the awaited call gave; the first answer of all is the node.

        Raises:
            LostError: If the worker is gone.
            RunError: If nothing can be run on its node.
        """
        try:
            given = ray.get(self.request)
        except ActorUnavailableError as error:
            self._wait_or_give_up(error)
            return []
        except OutOfMemoryError as error:
            raise LostError(_line(error), for_memory=True) from error
        except RayTaskError as error:
            raise RunError(f"no cell can be run on the cluster: {_line(error.cause)}") from error
        except RayError as error:
            raise LostError(_line(error)) from error
        self._unreachable_since = None
        if not self.ready:
            self.node = given
            return []
        self._seen += len(given)
        return list(given)

    def _wait_or_give_up(self, error: Exception) -> None:
        now = time.monotonic()
        self._unreachable_since = self._unreachable_since or now
        self._resting_until = now + _REST_SECONDS
        if now - self._unreachable_since > _UNREACHABLE_SECONDS:
            raise LostError(f"node {self.node} cannot be reached") from error

    def end(self) -> Any:
        """Ask the worker to end all that it started, and return the call."""
        return self._actor.end.remote()

    def kill(self) -> None:
        """Take the worker from its node."""
        with contextlib.suppress(RayError):
            ray.kill(self._actor)


def close(slots: Sequence[Slot]) -> None:
    """End workers and all that they started; one that is out of reach ends by itself."""
    requests = [slot.end() for slot in slots if slot.ready]
    if requests:
        ray.wait(requests, num_returns=len(requests), timeout=_END_SECONDS)
    for slot in slots:
        slot.kill()


def _line(error: BaseException | None) -> str:
    """Return the first line of an error of Ray's, which goes on for paragraphs."""
    lines = str(error).strip().splitlines() if error else []
    return " ".join(lines[0].split())[:300] if lines else type(error).__name__
