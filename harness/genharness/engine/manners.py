"""What a model must leave alone, and what it must be able to give: found out at its first step, not after its last."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genharness.errors import RunError

__all__ = ["SharedState", "refuse_unsaveable"]


@dataclass(frozen=True)
class SharedState:
    """What a whole process shares, and a model may change without meaning to.

    Attributes:
        dtype: Default type of new tensors.
        threads: Threads of one operation on the processor.
        folder: Working directory, or None where it is gone.
        gradients: Whether gradients are recorded.
        seed: What torch's global generator was last seeded with.
        deterministic: Whether only deterministic algorithms may run.
        warn_only: Whether others only warn then.
    """

    dtype: torch.dtype
    threads: int
    folder: str | None
    gradients: bool
    seed: int
    deterministic: bool
    warn_only: bool

    @classmethod
    def now(cls) -> SharedState:
        """Return the state as it is."""
        return cls(
            dtype=torch.get_default_dtype(),
            threads=torch.get_num_threads(),
            folder=_folder(),
            gradients=torch.is_grad_enabled(),
            seed=torch.initial_seed(),
            deterministic=torch.are_deterministic_algorithms_enabled(),
            warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
        )

    def refuse_change(self, where: str) -> None:
        """Refuse what was changed since, after changing it back.

        Args:
            where: Whose code ran, such as `vae's training_step`.

        Raises:
            RunError: If anything differs; the message names it, and both values.
        """
        after = SharedState.now()
        if after == self:
            return
        self.restore()
        words = {
            "dtype": "the default dtype",
            "threads": "the number of threads",
            "folder": "the working directory",
            "gradients": "whether gradients are recorded",
            "seed": "the seed of torch's random numbers",
            "deterministic": "whether algorithms must be deterministic",
            "warn_only": "whether algorithms that are not deterministic only warn",
        }
        name = next(name for name in words if getattr(after, name) != getattr(self, name))
        raise RunError(
            f"{where} changed {words[name]} from {getattr(self, name)} to {getattr(after, name)}: "
            "the whole process shares it, so set it back, or do without"
        )

    def restore(self) -> None:
        """Set everything back but the random numbers, of which some are drawn."""
        torch.set_default_dtype(self.dtype)
        torch.set_num_threads(self.threads)
        torch.set_grad_enabled(self.gradients)
        torch.use_deterministic_algorithms(self.deterministic, warn_only=self.warn_only)
        if self.folder is not None and Path(self.folder).is_dir():
            os.chdir(self.folder)


def _folder() -> str | None:
    try:
        return str(Path.cwd())
    except OSError:  # somebody deleted it
        return None


def refuse_unsaveable(state: Mapping[str, Any], model: str) -> None:
    """Refuse a training state that no checkpoint could hold, or that could not be loaded without running code.

    Tensors are taken for granted, so that a large model costs nothing; all around them is written and read.

    Args:
        state: What `training_state` gave.
        model: The model's name.

    Raises:
        RunError: If it cannot be saved and loaded.
    """
    file = io.BytesIO()
    try:
        torch.save(_without_tensors(state), file)
        file.seek(0)
        torch.load(file, weights_only=True)
    except (pickle.PickleError, RuntimeError, TypeError, AttributeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(
            f"{model}.training_state holds what a checkpoint cannot ({reason}): tensors, numbers, text, lists and "
            "dictionaries of them can be kept"
        ) from error


def _without_tensors(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.empty(0)
    if type(value) is dict:
        return {key: _without_tensors(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_without_tensors(item) for item in value)
    return value
