"""What TensorBoard reads: losses and scores while a cell trains, then its numbers and pictures, and a table of all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from genharness.errors import ConfigError
from genharness.plugin.execution import Event
from genharness.results.scalars import Scalars, final_table, options_of_cell
from genharness.results.store import Store
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
        self._scalars = Scalars()
        self._records: list[Record] = []
        self._store: Store | None = None

    def start(self, tasks: Sequence[Task]) -> None:
        """Note where the pictures will be; nothing is written before there is news."""
        self._store = Store(tasks[0].settings.results) if tasks else None

    def event(self, event: Event) -> None:
        """Write the losses or scores at a step."""
        for one in self._scalars.of_event(event):
            self._writer(event.cell_id).add_scalar(one.name, one.value, one.step)

    def record(self, record: Record) -> None:
        """Write the scores over training, the final ones, the costs, the options and the pictures."""
        writer = self._writer(record.cell.id)
        for one in self._scalars.of_record(record):
            writer.add_scalar(one.name, one.value, one.step)
        told = "\n".join(f"    {name}: {value}" for name, value in options_of_cell(record).items())
        writer.add_text("options", told)
        folder = self._store.cell(record.cell.id).path if self._store else Path()
        for name, file in record.artefacts.items():
            if file.endswith(".png") and (folder / file).is_file():
                with Image.open(folder / file) as picture:
                    writer.add_image(f"pictures/{name}", np.asarray(picture.convert("RGB")), dataformats="HWC")
        writer.close()
        self._writers.pop(record.cell.id)
        self._records.append(record)

    def finish(self) -> None:
        """Write the table of all cells, and close what is open."""
        for writer in self._writers.values():
            writer.close()
        if self._records:
            heads, rows = final_table(self._records)
            lines: list[Sequence[object]] = [heads, ["---"] * len(heads), *rows]
            writer = self._new(str(self._folder / "results"))
            writer.add_text("results", "\n".join(f"| {' | '.join(map(_shown, line))} |" for line in lines))
            writer.close()

    def _writer(self, cell_id: str) -> SummaryWriter:
        if cell_id not in self._writers:
            self._writers[cell_id] = self._new(str(self._folder / cell_id))
        return self._writers[cell_id]


def _shown(value: object) -> str:
    return "" if value is None else str(value)
