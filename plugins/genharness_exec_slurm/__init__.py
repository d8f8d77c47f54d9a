"""The executor that hands cells to Slurm, as the tasks of an array."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import ExecutorSpec, hookimpl
from genharness_exec_slurm.configs import SlurmConfig

__all__ = ["genharness_executors"]


@hookimpl
def genharness_executors() -> Sequence[ExecutorSpec]:
    """Return the Slurm executor."""
    return [
        ExecutorSpec(
            name="slurm",
            summary="Each cell as a task of a Slurm array, through submitit; slurm:partition=NAME,account=NAME",
            factory="genharness_exec_slurm.executor:SlurmExecutor",
            config=SlurmConfig,
            packages=("submitit",),
            argument="KEY=VALUE,...",
            remote=True,
            queue="genharness_exec_slurm.queue:queued",
        )
    ]
