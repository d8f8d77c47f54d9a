"""What goes to the process in which cells are started, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from genharness.spec.cell import Task
from genharness_exec_ray.checks import Expectation

__all__ = ["Job", "Message"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A cell to run, and what this node must have for it."""

    task: Task
    expectation: Expectation
    versions: dict[str, str]


Message = tuple[Literal["event", "record", "unstarted", "misfit", "error", "lost"], Any]
"""What comes back: an `Event`; then the `Record`, or nothing where a stop came first; or a line about a node that lacks
something, a cell that cannot be started, or a process that is lost."""
