"""Tasks that go to other machines: what must not hang on the machine that happens to run them is settled here."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from genharness.data.facts import facts_reader
from genharness.engine.threads import thread_count
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.spec.cell import Task

__all__ = ["settled_here"]


def settled_here(tasks: Sequence[Task], executor: str) -> list[Task]:
    """Return tasks that say all that another machine must know.

    The number of threads is what `local` would take on this machine, so that scores do not depend on the node that a
    cell happens to run on. Each task is one cell at a time there.

    Args:
        tasks: As they were planned.
        executor: Who takes them, for the message.

    Raises:
        ConfigError: If they name one GPU of this machine.
    """
    read = facts_reader(load_registry())
    shapes = {name: read(name).shape for name in dict.fromkeys(task.cell.dataset for task in tasks)}
    found = []
    for task in tasks:
        settings = task.settings
        if ":" in settings.device:
            raise ConfigError(f"--device {settings.device} with --executor {executor}: write cuda, it picks one")
        settings = dataclasses.replace(
            settings,
            results=settings.results.absolute(),
            weights=settings.weights.absolute() if settings.weights else None,
            threads=thread_count(shapes[task.cell.dataset], settings.threads, max(1, settings.jobs)),
            jobs=1,
        )
        found.append(dataclasses.replace(task, settings=settings))
    return found
