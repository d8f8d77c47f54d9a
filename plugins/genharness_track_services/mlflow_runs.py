"""What MLflow shows: a run a cell, live, and a table of all cells in the end."""

from __future__ import annotations

import csv
import io
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genharness.errors import ConfigError
from genharness.plugin.execution import Event
from genharness.results.scalars import Scalar, Scalars, final_table, options_of_cell
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness_track_services import MlflowConfig

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["MlflowTracker", "beside_database"]

_MOST_LETTERS = 500
"""Of a parameter's value, which every release of MLflow takes."""

_MOST_METRICS = 1000
"""Of one request, which every server takes."""


class MlflowTracker:
    """Writes a run for each cell, through a client of its own: the user's active run is left alone.

    Args:
        config: Names the tracking URI and the experiment.

    Raises:
        ConfigError: MLflow is not installed.
    """

    def __init__(self, config: MlflowConfig) -> None:
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would ask the network
        os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "CRITICAL")  # errors are raised as well
        try:
            from mlflow import MlflowClient
        except ImportError as error:
            raise ConfigError("tracker mlflow needs the package mlflow: pip install 'genharness[mlflow]'") from error
        self._client: MlflowClient = MlflowClient(tracking_uri=config.uri)
        self._uri = config.uri
        self._experiment_name = config.experiment
        self._scalars = Scalars()
        self._runs: dict[str, str] = {}
        self._records: list[Record] = []
        self._store: Store | None = None
        self._experiment = ""

    def start(self, tasks: Sequence[Task]) -> None:
        """Find or make the experiment."""
        known = self._client.get_experiment_by_name(self._experiment_name)
        self._experiment = known.experiment_id if known else self._new_experiment()
        self._store = Store(tasks[0].settings.results) if tasks else None

    def event(self, event: Event) -> None:
        """Write the losses or scores at a step."""
        self._write(event.cell_id, self._scalars.of_event(event))

    def record(self, record: Record) -> None:
        """Write the final numbers, the options and the pictures of a cell, and end its run."""
        cell_id = record.cell.id
        self._write(cell_id, self._scalars.of_record(record))
        run = self._run(cell_id)
        for name, value in options_of_cell(record).items():
            self._client.log_param(run, _name(name), str(value)[:_MOST_LETTERS])
        self._client.set_tag(run, "status", record.status)
        if record.reason:
            self._client.set_tag(run, "reason", record.reason)
        for path in pictures(self._store, record):
            self._client.log_artifact(run, path)
        self._client.set_terminated(self._runs.pop(cell_id), "FINISHED" if record.finished else "FAILED")
        self._records.append(record)

    def finish(self) -> None:
        """Write the table of all cells, and end what is open."""
        for run in self._runs.values():
            self._client.set_terminated(run, "KILLED")
        if self._records:
            heads, rows = final_table(self._records)
            text = io.StringIO()
            csv.writer(text).writerows([heads, *rows])
            run = self._client.create_run(self._experiment, run_name="results").info.run_id
            self._client.log_text(run, text.getvalue(), "results.csv")
            self._client.set_terminated(run)

    def _new_experiment(self) -> str:
        place = beside_database(self._uri)
        made: str = self._client.create_experiment(self._experiment_name, artifact_location=place)
        return made

    def _write(self, cell_id: str, scalars: Sequence[Scalar]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(_name(one.name), one.value, now, one.step) for one in scalars]
        for start in range(0, len(metrics), _MOST_METRICS):  # one at a time, a record would take half a minute
            self._client.log_batch(self._run(cell_id), metrics[start : start + _MOST_METRICS])

    def _run(self, cell_id: str) -> str:
        if cell_id not in self._runs:
            self._runs[cell_id] = self._client.create_run(self._experiment, run_name=cell_id).info.run_id
        return self._runs[cell_id]


def beside_database(uri: str) -> str | None:
    """Return where the files of a SQLite database's runs go, which MLflow would put into the working directory.

    None where MLflow knows a place: a server has its own, and a folder holds numbers and files alike.
    """
    scheme, _, place = uri.partition(":///")
    file = place.partition("?")[0]
    if scheme.partition("+")[0] != "sqlite" or file in ("", ":memory:"):
        return None
    return (Path(file).absolute().parent / "mlartifacts").as_uri()


def pictures(store: Store | None, record: Record) -> list[str]:
    """Return the paths of the pictures that a cell keeps."""
    folder = store.cell(record.cell.id).path if store else None
    names = [name for name in record.artefacts.values() if name.endswith(".png")]
    return [str(folder / name) for name in names if folder and (folder / name).is_file()]


def _name(text: str) -> str:
    """Return a name of the characters that MLflow takes."""
    return re.sub(r"[^\w\-. :/]", "_", text)
