"""Everything that `genharness run` can be asked for, as one Config: what, how, and what lies beside the cells."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genharness.errors import ConfigError, DataError
from genharness.files.paths import input_path, printable, read_path
from genharness.spec.options import option
from genharness.study.running import Running
from genharness.study.suite import Suite

__all__ = ["Beside", "Study", "read_weights"]


def read_weights(value: Any) -> Path:
    """Return the path of weights, which must be there."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError
    try:
        found = input_path(os.fspath(value))
    except DataError as error:
        raise ConfigError(f"cannot be used: {error}") from None
    if found is None:
        raise ConfigError(f"does not exist: {printable(value)} is no file and no folder")
    return found.absolute()


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What a run has beside its cells.

    Attributes:
        results: Results folder.
        executor: Where cells run: `local`, `ray`, `ray:ADDRESS`, `slurm`, `slurm:partition=NAME`.
        trackers: Listeners: `jsonl`, `tensorboard:FOLDER`, `mlflow:URI`, `wandb:PROJECT`.
        weights: Pretrained weights of the user's.
        fresh: Whether finished cells are done again.
        keep_finished: Whether finished cells are used as they are, though their code changed.
        fail_fast: Whether one failure ends the run.
    """

    results: Path = option(Path("results"), read=read_path, help="Results folder")
    executor: str = option("local", help="Where cells run: local, ray[:ADDRESS] or slurm[:partition=NAME]")
    trackers: tuple[str, ...] = option((), help="Listeners, such as jsonl, tensorboard:DIR, mlflow:URI")
    weights: Path | None = option(None, read=read_weights, help="File or folder of pretrained weights")
    fresh: bool = option(False, help="Do finished cells again")
    keep_finished: bool = option(False, help="Use what is finished as it is, though its code changed since")
    fail_fast: bool = option(False, help="Stop at the first cell that fails")


@dataclass(frozen=True, kw_only=True)
class Study(Beside, Running, Suite):
    """All of it: the keys of a suite file, the options of `genharness run`, the arguments of `genharness.run`."""
