"""Runs cells on the nodes of a Ray cluster."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable, Iterator, Sequence

from genharness import NoOptions, PluginError
from genharness.plugin.execution import Event
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness_exec_ray.addresses import checked_address
from genharness_exec_ray.checks import expecting
from genharness_exec_ray.cluster import Share, connected

__all__ = ["RayExecutor"]


class RayExecutor:
    """Runs each cell on some node of a cluster, in a process of its own, as the executor `local` does there.

    Cells of workers and nodes that are lost are tried again elsewhere, and go on from their checkpoints.

    Args:
        address: Text after `--executor ray:`, or empty.
        config: There is nothing to set.

    Raises:
        PluginError: If Ray is not installed.
        ConfigError: If nothing answers at the address.
    """

    def __init__(self, address: str, config: NoOptions) -> None:
        if importlib.util.find_spec("ray") is None:
            raise PluginError("--executor ray needs the package ray: pip install 'genharness[ray]'")
        self._address = checked_address(address or "")

    def run(
        self, tasks: Sequence[Task], *, on_event: Callable[[Event], None], stop: threading.Event
    ) -> Iterator[Record]:
        """Yield a record for each task that was started, in the order in which they end."""
        if not tasks:
            return
        shared = _with_shares(tasks)
        jobs = tasks[0].settings.jobs
        cpus = max(os.cpu_count() or 1, sum(sorted((share.cpus for _, share in shared), reverse=True)[:jobs]))
        on_event(Event(cell_id=tasks[0].cell.id, phase="waiting", text="joining Ray"))
        with expecting(tasks[0].settings.results) as expectation, connected(self._address, cpus):
            from genharness_exec_ray.spreading import Spreading  # imports Ray

            yield from Spreading(shared, jobs, expectation, on_event, stop).run()


def _with_shares(tasks: Sequence[Task]) -> list[tuple[Task, Share]]:
    """Return tasks that say all that a node must know, each with what it takes of the node."""
    from genharness.engine.elsewhere import settled_here  # imports torch, which a plan must not wait for

    return [
        (task, Share(cpus=task.settings.threads, gpus=int(task.settings.device == "cuda")))
        for task in settled_here(tasks, "ray")
    ]
