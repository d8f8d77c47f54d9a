"""Lines of JSON: what a run does, one line a piece of news, readable while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from genharness.plugin.execution import Event
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness_track_files import JsonlConfig

__all__ = ["JsonlTracker"]


class JsonlTracker:
    """Appends to a file: `start` with the options of each cell, `event` with losses, `record` with what came out.

    Args:
        config: Names the file.
    """

    def __init__(self, config: JsonlConfig) -> None:
        self._path = Path(config.file).expanduser()
        self._file: BinaryIO | None = None

    def start(self, tasks: Sequence[Task]) -> None:
        """Open the file and say which cells are to run."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab")
        for task in tasks:
            cell = task.cell
            self._write("start", cell.id, model=cell.model, dataset=cell.dataset, seed=cell.seed, options=cell.options)

    def event(self, event: Event) -> None:
        """Write the losses at a step; news without numbers are left out."""
        if event.values:
            self._write("event", event.cell_id, phase=event.phase, step=event.step, values=dict(event.values))

    def record(self, record: Record) -> None:
        """Write how a cell ended, and every number of it."""
        self._write(
            "record",
            record.cell.id,
            status=record.status,
            reason=record.reason,
            scores=record.scores,
            measurements=record.measurements,
            curves=record.history.scores,
        )

    def finish(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _write(self, kind: str, cell_id: str, **more: Any) -> None:
        assert self._file is not None
        option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
        self._file.write(orjson.dumps({"kind": kind, "cell": cell_id, **more}, option=option))
        self._file.flush()  # who reads along sees whole lines
