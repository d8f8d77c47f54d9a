"""What Weights & Biases shows: a run a cell, live, and a table of all cells in the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from genharness.errors import ConfigError
from genharness.plugin.execution import Event
from genharness.results.scalars import Scalar, Scalars, final_table, options_of_cell
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness_track_services import WandbConfig

__all__ = ["WandbTracker"]

_STEP = "step"


class WandbTracker:
    """Writes a run for each cell; steps stand in the number `step`, since a curve may be told late.

    Args:
        config: Names the project, and whether a server is spoken to.

    Raises:
        ConfigError: The package is not installed.
    """

    def __init__(self, config: WandbConfig) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # it would ask the network
        try:
            import wandb
        except ImportError as error:
            raise ConfigError("tracker wandb needs the package wandb: pip install 'genharness[wandb]'") from error
        self._package: Any = wandb
        self._config = config
        self._scalars = Scalars()
        self._runs: dict[str, Any] = {}
        self._records: list[Record] = []
        self._store: Store | None = None

    def start(self, tasks: Sequence[Task]) -> None:
        """Note where the pictures will be; a run begins with the first number."""
        self._store = Store(tasks[0].settings.results) if tasks else None

    def event(self, event: Event) -> None:
        """Write the losses or scores at a step."""
        with self._service():
            self._write(event.cell_id, self._scalars.of_event(event))

    def record(self, record: Record) -> None:
        """Write the final numbers, the options and the pictures of a cell, and end its run."""
        with self._service():
            self._write_record(record)

    def _write_record(self, record: Record) -> None:
        self._write(record.cell.id, self._scalars.of_record(record))
        run = self._run(record.cell.id)
        run.config.update({**options_of_cell(record), "status": record.status, "reason": record.reason})
        folder = self._store.cell(record.cell.id).path if self._store else Path()
        for name, file in record.artefacts.items():
            if file.endswith(".png") and (folder / file).is_file():
                run.log({f"pictures/{name}": self._package.Image(str(folder / file))})
        self._runs.pop(record.cell.id).finish()
        self._records.append(record)

    def finish(self) -> None:
        """Write the table of all cells, and end what is open."""
        with self._service():
            self._write_table()

    def _write_table(self) -> None:
        for run in self._runs.values():
            run.finish()
        if self._records:
            heads, rows = final_table(self._records)
            run = self._new("results")
            run.log({"results": self._package.Table(columns=heads, data=rows)})
            run.finish()

    @contextlib.contextmanager
    def _service(self) -> Iterator[None]:
        """Let go of a service that is gone: the package would show a traceback when the program ends."""
        try:
            yield
        except ConnectionError:
            with contextlib.suppress(Exception):
                self._package.teardown()
            raise

    def _write(self, cell_id: str, scalars: Sequence[Scalar]) -> None:
        for one in scalars:
            self._run(cell_id).log({one.name: one.value, _STEP: one.step})

    def _run(self, cell_id: str) -> Any:
        if cell_id not in self._runs:
            self._runs[cell_id] = self._new(cell_id)
        return self._runs[cell_id]

    def _new(self, name: str) -> Any:
        """Return a run of its own: several cells may run at once, and the user's own run goes on."""
        run = self._package.init(
            project=self._config.project,
            name=name,
            mode=self._config.mode,
            dir=self._config.folder,
            reinit="create_new",
            settings=self._package.Settings(console="off", silent=True),
        )
        run.define_metric("*", step_metric=_STEP)
        return run
