"""The executor that every run uses unless another is named: processes on this machine."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ExecutorSpec, hookimpl

__all__ = ["genharness_executors"]


@hookimpl
def genharness_executors() -> Sequence[ExecutorSpec]:
    """Return the local executor."""
    return [
        ExecutorSpec(
            name="local",
            summary="Each cell in a process of its own on this machine",
            factory="genharness_exec_local.local:LocalExecutor",
        )
    ]
