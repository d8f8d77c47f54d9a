"""Where a cell is worked on: what every phase is given, and none of them changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from genharness.engine.loop import StopRequestedError
from genharness.plugin.execution import Event, Phase
from genharness.results.cell_folder import CellFolder
from genharness.results.training_folder import TrainingFolder
from genharness.spec.cell import Cell, Settings

__all__ = ["Workplace"]


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """One attempt at a cell.

    Attributes:
        cell: What is trained and measured.
        settings: How it is run.
        folder: Where its files are.
        training: Where the state of its training is, which other cells may share.
        device: Where its model is.
        emit: Told of phases and progress.
        should_stop: Asked often; once true, the cell saves its state and ends.
        began: When this attempt began, on `time.monotonic`.
    """

    cell: Cell
    settings: Settings
    folder: CellFolder
    training: TrainingFolder
    device: torch.device
    emit: Callable[[Event], None]
    should_stop: Callable[[], bool]
    began: float = field(default_factory=time.monotonic)

    def news(self, phase: Phase, **news: Any) -> None:
        """Say what is being done; `news` are fields of an `Event`."""
        self.emit(Event(cell_id=self.cell.id, phase=phase, **news))

    @property
    def seconds(self) -> float:
        """Seconds that this attempt has taken."""
        return time.monotonic() - self.began

    def stop_if_asked(self) -> None:
        """End the cell here if a stop was asked for; what was trained is in the checkpoint.

        Raises:
            StopRequestedError: If it was.
        """
        if self.should_stop():
            raise StopRequestedError
