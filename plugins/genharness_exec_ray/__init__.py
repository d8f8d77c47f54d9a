"""The executor that spreads cells over the machines of a Ray cluster."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ExecutorSpec, hookimpl

__all__ = ["genharness_executors"]


@hookimpl
def genharness_executors() -> Sequence[ExecutorSpec]:
    """Return the Ray executor."""
    return [
        ExecutorSpec(
            name="ray",
            summary="Each cell in a process of its own on a node of a Ray cluster; ray:ADDRESS joins a running one",
            factory="genharness_exec_ray.executor:RayExecutor",
            packages=("ray",),
            argument="ADDRESS",
            remote=True,
        )
    ]
