"""What TensorBoard reads: losses while a cell trains, its scores over training, and its numbers in the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genharness.errors import ConfigError
from genharness.plugin.execution import Event
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness_track_files import TensorBoardConfig

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["TensorBoardTracker"]


class TensorBoardTracker:
    """Writes an event file for each cell, in a folder of its id.

    Args:
        config: Names the folder.

    Raises:
        ConfigError: The package tensorboard is not installed.
    """

    def __init__(self, config: TensorBoardConfig) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                "tracker tensorboard needs the package tensorboard: pip install 'genharness[tensorboard]'"
            ) from error
        self._new = SummaryWriter
        self._folder = Path(config.folder).expanduser()
        self._writers: dict[str, SummaryWriter] = {}

    def start(self, tasks: Sequence[Task]) -> None:
        """Nothing is written before there is news."""

    def event(self, event: Event) -> None:
        """Write the losses at a step."""
        for name, value in event.values.items():
            self._writer(event.cell_id).add_scalar(f"{event.phase}/{name}", value, event.step)

    def record(self, record: Record) -> None:
        """Write the scores over training, the final ones, and the costs."""
        writer = self._writer(record.cell.id)
        curves = record.history.scores
        for name, values in curves.items():
            if name not in ("step", "samples"):
                points = zip(curves["step"], values, strict=False)
                for step, value in ((int(step), value) for step, value in points if step is not None):
                    if value is not None:
                        writer.add_scalar(f"over training/{name}", value, step)
        last = int(record.measurements.get("train_steps", 0))
        for kind, numbers in (("score", record.scores), ("cost", record.measurements)):
            for name, number in numbers.items():
                if number is not None:
                    writer.add_scalar(f"{kind}/{name}", number, last)
        writer.close()
        self._writers.pop(record.cell.id)

    def finish(self) -> None:
        """Close what is open."""
        for writer in self._writers.values():
            writer.close()

    def _writer(self, cell_id: str) -> SummaryWriter:
        if cell_id not in self._writers:
            self._writers[cell_id] = self._new(str(self._folder / cell_id))
        return self._writers[cell_id]
