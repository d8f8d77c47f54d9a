"""Checkpoints: the whole state of a training, written atomically, read with care."""

from __future__ import annotations

import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genharness.engine.average import WeightAverage
from genharness.errors import RunError
from genharness.files.atomic import replace_file
from genharness.kit.model import GenerativeModel

__all__ = ["FORMAT", "Checkpoint", "UnreadableCheckpointError", "load_checkpoint", "save_checkpoint"]

FORMAT = 4
"""3: `training_id` was `cell_id`, the id of the one cell that there was of a training."""


class UnreadableCheckpointError(Exception):
    """A checkpoint is truncated, corrupt or another training's; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A training between two steps.

    Attributes:
        training_id: Whose it is.
        step: Training steps taken.
        costs: What training cost up to here, as `Ledger.measurements` has it.
        cell_seconds: Seconds that attempts at its cells took in all, up to here.
        finished: Whether training is over, `fit` included.
        model: The model's `state_dict`.
        training: The model's `training_state`: optimisers and schedules.
        average: State of the weight average, or None.
        random: The global random states.
        progress: History, strip of samples: whatever the trainer keeps besides.
    """

    training_id: str
    step: int
    costs: dict[str, float]
    cell_seconds: float
    finished: bool
    model: dict[str, Any]
    training: dict[str, Any]
    average: dict[str, Any] | None
    random: dict[str, Any]
    progress: dict[str, Any]

    def restore(self, model: GenerativeModel, average: WeightAverage) -> None:
        """Put the weights, the optimisers' state and the average back where they were."""
        model.load_state_dict(self.model)
        model.load_training_state(self.training)
        average.load(self.average)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, replacing the one before.

    Raises:
        RunError: If the disk is full or the folder cannot be written; the earlier checkpoint is untouched.
    """
    try:
        with replace_file(path) as temporary:
            torch.save({"format": FORMAT, **vars(checkpoint)}, temporary)
    except (OSError, RuntimeError) as error:  # torch's zip writer turns a full disk into a RuntimeError
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise RunError(f"cannot write the checkpoint {path} ({reason}): free space there and run again") from error


def load_checkpoint(path: Path, *owners: str) -> Checkpoint | None:
    """Return a checkpoint, on the CPU, or None where there is none; nothing in it is executed.

    Args:
        path: Where it is.
        owners: Whose it may be: ids of a training, or of the one cell that checkpoints were of before format 4.

    Raises:
        UnreadableCheckpointError: If it is truncated, corrupt, of another format or another training's.
    """
    if not path.is_file():
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content.get("format") == 3:
            content |= {"format": FORMAT, "training_id": content.pop("cell_id")}
        if damaged or content.pop("format") != FORMAT:
            raise ValueError(f"{damaged} is damaged" if damaged else "it has another format")
        checkpoint = Checkpoint(**content)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise UnreadableCheckpointError(str(error).splitlines()[0]) from error
    except (pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise UnreadableCheckpointError(str(error).splitlines()[0]) from error
    if checkpoint.training_id not in owners:
        raise UnreadableCheckpointError(f"it belongs to {checkpoint.training_id}")
    return checkpoint
