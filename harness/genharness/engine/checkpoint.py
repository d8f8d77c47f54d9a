"""Checkpoints: the whole state of a training, written atomically, read with care."""

from __future__ import annotations

import errno
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any

import torch

from genharness.engine.average import WeightAverage
from genharness.errors import GenharnessError, RunError, reason, shown
from genharness.files.atomic import replace_file
from genharness.kit.model import GenerativeModel

__all__ = ["FORMAT", "Checkpoint", "UnreadableCheckpointError", "load_checkpoint", "save_checkpoint", "taking_up"]

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
        """Put the weights, the optimisers' state and the average back where they were; see `taking_up`."""
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
        RunError: If it cannot be read just now, and so cannot be judged.
    """
    if not path.is_file():
        return None
    with taking_up(path):
        _refuse_damage(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
        if isinstance(content, dict) and content.get("format") == 3:
            content |= {"format": FORMAT, "training_id": content.pop("cell_id")}
        if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
            raise ValueError("it has another format")
        checkpoint = Checkpoint(**content)
        if wrong := _misfit(checkpoint):
            raise ValueError(wrong)
    if checkpoint.training_id not in owners:
        raise UnreadableCheckpointError(f"it belongs to {shown(checkpoint.training_id)}")
    return checkpoint


@contextmanager
def taking_up(path: Path) -> Iterator[None]:
    """Let the block read a checkpoint and use what it says.

    Args:
        path: The checkpoint.

    Raises:
        UnreadableCheckpointError: For whatever damage or foreign values make parsers and modules raise.
        RunError: If the file cannot be read just now, or there is no memory for it.
    """
    try:
        yield
    except (GenharnessError, UnreadableCheckpointError):
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise RunError(f"there is not enough memory for the checkpoint {path}: free some and run again") from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # seeking to before the start
            raise RunError(f"cannot read the checkpoint {path} ({error.strerror}): run again when it can be") from error
        raise UnreadableCheckpointError(reason(error)) from error


def _refuse_damage(path: Path) -> None:
    """Refuse a zip whose checksums do not hold, or whose members are packed: torch stores them as they are."""
    with zipfile.ZipFile(path) as archive:
        packed = [member.filename for member in archive.infolist() if member.compress_type != zipfile.ZIP_STORED]
        damaged = packed[0] if packed else archive.testzip()  # which would unpack a bomb
    if damaged:
        raise ValueError(f"{shown(damaged)} is damaged")


def _misfit(checkpoint: Checkpoint) -> str:
    """Return which field has another type than its own; empty where none has."""
    types = {"training_id": str, "step": int, "cell_seconds": float | int, "finished": bool, "average": dict | NoneType}
    wrong = [name for name, value in vars(checkpoint).items() if not isinstance(value, types.get(name, dict))]
    return f"its {wrong[0]} is of another type" if wrong else ""
