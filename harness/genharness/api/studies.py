"""Studies: models trained on datasets, measured under one protocol, and what came of them."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genharness.api.asking import AskedStudy, ask
from genharness.api.rows import Rows
from genharness.api.stopping import stopping
from genharness.api.trackers import Trackers
from genharness.errors import refuse, shown
from genharness.files.paths import read_path
from genharness.plugin.execution import Event
from genharness.results.store import Store
from genharness.results.table import flat_record, setting_columns
from genharness.spec.cell import Task
from genharness.spec.options import Option, check_value
from genharness.spec.record import Record
from genharness.spec.report import silent
from genharness.study.deciding import ahead
from genharness.study.pending import Pending
from genharness.study.plan import Skip

if TYPE_CHECKING:
    from genharness.api.boards import Leaderboard

__all__ = ["StudyPlan", "StudyResult", "plan", "planned_row", "run", "run_cells"]

AnyPath = str | os.PathLike[str]
Names = str | Sequence[str]


def _say_nothing(_event: Event) -> None:
    """Listen to nothing."""


@dataclass(frozen=True)
class StudyPlan(Rows):
    """What a run would do.

    Attributes:
        pending: Every cell and what is left of it.
        skips: Pairs of model and dataset that cannot be, with the reason.
        notes: What was chosen, such as the extractor, a line each.
    """

    pending: Sequence[Pending]
    skips: Sequence[Skip] = ()
    notes: Sequence[str] = ()

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a cell: which one, how long it trains, and what is left to do."""
        return [planned_row(one) for one in self.pending]


def planned_row(one: Pending) -> dict[str, Any]:
    """Return a cell of a plan as a flat row: which one, how long it trains, and what is left to do."""
    cell = one.task.cell
    what = {name: getattr(cell, name) for name in ("model", "dataset", "seed", "budget", "length")}
    left = {"left": one.state, "why": "; ".join(one.reasons)}
    return {"cell_id": cell.id, **what, **left, **setting_columns(cell)}


@dataclass(frozen=True)
class StudyResult(Rows):
    """What a run left behind.

    Attributes:
        results: The results folder.
        records: A record for every cell that was asked for and has one, those that were finished before among them.
        stopped: Whether the run was stopped before all was done; the same call goes on.
        skips: Pairs of model and dataset that cannot be, with the reason.
        notes: What was chosen, and what trackers said, a line each.
        decisions: With `until_decided`, what was planned, what every look decided, and the answer, a line each.
    """

    results: Path
    records: Sequence[Record]
    stopped: bool = False
    skips: Sequence[Skip] = ()
    notes: Sequence[str] = ()
    decisions: Sequence[str] = ()

    @property
    def failures(self) -> dict[str, str]:
        """Why cells failed, and metrics of those that did not, by cell id."""
        broken = {one.cell.id: f"{one.status}: {one.reason}" for one in self.records if one.went_wrong}
        for one in self.records:
            for name, reason in one.failed.items():
                broken.setdefault(one.cell.id, f"metric {name} failed: {reason}")
        return broken

    @property
    def leaderboard(self) -> Leaderboard:
        """The leaderboard of the datasets of this run, with all that stands in the results folder."""
        from genharness.api.boards import leaderboard

        return leaderboard(self.results, datasets=list(dict.fromkeys(one.cell.dataset for one in self.records)))

    def rows(self) -> list[dict[str, Any]]:
        """Return what `genharness.load_results` gives of the cells of this run."""
        return [flat_record(record) for record in self.records]

    def _repr_html_(self) -> str:
        return self.leaderboard._repr_html_()


def plan(suite: AnyPath | None = None, **options: Any) -> StudyPlan:
    """Return what `run` with the same arguments would do, and train nothing.

    Args:
        suite: As for `run`.
        options: As for `run`.

    Raises:
        ConfigError: As `run`.
    """
    asked = _asked(suite, options)
    found, tasks = asked.planned(silent)
    return StudyPlan(ahead(tasks, asked.questions_on(found.tasks)), found.skips, found.notes)


def run(
    suite: AnyPath | None = None,
    *,
    models: Names | None = None,
    datasets: Names | Mapping[str, Any] | None = None,
    seeds: int | Sequence[int] | None = None,
    budget: Names | None = None,
    metrics: Names | None = None,
    sweep: Mapping[str, Mapping[str, Any]] | None = None,
    results: AnyPath | None = None,
    on_event: Callable[[Event], None] = _say_nothing,
    stop: threading.Event | None = None,
    **options: Any,
) -> StudyResult:
    """Train models on datasets, measure them under one protocol, and return the records: `genharness run`.

    Finished cells are skipped, interrupted ones go on. Each cell has a process of its own. Ctrl-C lets running cells
    save their state; the result then says `stopped`, and the same call goes on.

    Args:
        suite: TOML file; None for the embedded default, of which what is given here takes the place.
        models: Names, patterns such as `*gan*`, or `all`.
        datasets: Such as `cifar10`, `covid@64`, `folder:PATH`. Or what is in memory, by the name that tables show: an
            array or tensor `(n, ...)`, a DataFrame of numbers, a pair of samples and labels, a dataset of torch, or a
            mapping of `train` and `test` to one of these.
        seeds: A count, or training seeds.
        budget: `smoke`, `standard`, `paper`, or a length such as `20epochs`; several for all models at each.
        metrics: Names, patterns, `all`, or `default`.
        sweep: Options that vary, by model: `{"dcgan": {"lr": [1e-4, 2e-4], "latent": {"low": 8, "high": 128, "log":
            True, "points": 5}, "zip": [["lr", "latent"]], "exclude": [...]}}`.
        results: Results folder; `results` where the suite names none.
        on_event: Called with news of cells, in this thread.
        stop: Set it, from another thread or from `on_event`, to stop cleanly.
        options: Everything else that `genharness run --help` lists, with underscores: `set` is a mapping of plugin name
            to its options, `ablate` likewise, `trackers` a sequence of names; `executor`, `jobs`, `fresh`, ….

    Raises:
        ConfigError: For every mistake at once, one line each, before anything is trained.
        GenharnessError: If data cannot be had or the results folder cannot be written. A cell that fails raises
            nothing: see `StudyResult.failures`.

    Example:
        ```python
        import genharness
        result = genharness.run(models="vae,dcgan", datasets="digits", seeds=3)
        result.leaderboard.to_frame()
        ```
    """
    named = {"models": models, "datasets": datasets, "seeds": seeds, "budget": budget, "metrics": metrics}
    given = {key: value for key, value in (named | {"sweep": sweep}).items() if value is not None}
    _refuse_others(on_event, stop)
    asked = _asked(suite, {**given, "results": results, **options})
    found, tasks = asked.planned(silent)
    asked.store.open_for_cells()
    if asked.prepared([one.task for one in tasks if not one.done], silent):
        found, tasks = asked.planned(silent)
    said: list[str] = []
    trackers = Trackers(asked.trackers, said.append)
    decided: list[str] = []
    batches = asked.rounds(tasks, decided.append)
    made, stopped = run_cells(asked, [one.task for one in tasks if not one.done], on_event, trackers, stop, batches)
    for line in said:
        warnings.warn(line, stacklevel=2)
    records = _all_records(asked.store, tasks, made)
    return StudyResult(asked.settings.results, records, stopped, found.skips, (*found.notes, *said), decided)


def run_cells(
    asked: AskedStudy,
    tasks: Sequence[Task],
    on_event: Callable[[Event], None],
    trackers: Trackers,
    stop: threading.Event | None = None,
    batches: Iterable[Sequence[Task]] | None = None,
    *,
    on_record: Callable[[Record], None] = lambda record: None,
    on_stop: Callable[[], None] = lambda: None,
) -> tuple[list[Record], bool]:
    """Run tasks, tell everybody, and turn Ctrl-C into a clean stop.

    Args:
        asked: What runs them.
        tasks: What is still to be done, at most.
        on_event: Called with news of cells.
        trackers: Trackers.
        stop: Set to stop.
        batches: What of it is run, one batch after the other: the next is asked for when the records of the last are
            there. None runs all at once.
        on_record: Called with every record.
        on_stop: Called when a signal asked for a stop.

    Returns:
        The records, and whether a stop was asked for.
    """
    records: list[Record] = []
    stop = stop or threading.Event()
    trackers.start(tasks)

    def tell(event: Event) -> None:
        on_event(event)
        trackers.event(event)

    try:
        with stopping(stop, on_stop):
            for batch in [tasks] if batches is None else batches:
                for record in asked.executor.run(batch, on_event=tell, stop=stop):
                    records.append(record)
                    on_record(record)
                    trackers.record(record)
                if stop.is_set():
                    break
    finally:
        trackers.finish()
    return records, stop.is_set()


def _refuse_others(on_event: object, stop: object) -> None:
    """Refuse listeners that cannot listen.

    Raises:
        ConfigError: If one is no function, or no event.
    """
    refuse(
        [
            *([] if callable(on_event) else [f"on_event={shown(on_event)} cannot be called: give a function"]),
            *(
                []
                if stop is None or (hasattr(stop, "is_set") and hasattr(stop, "set"))
                else [f"stop={shown(stop)} cannot be set: give a threading.Event"]
            ),
        ]
    )


def _asked(suite: AnyPath | None, options: Mapping[str, Any]) -> AskedStudy:
    if isinstance(options.get("datasets"), Mapping):
        from genharness.api.held_data import hold_datasets

        options = {**options, "datasets": hold_datasets(options["datasets"])}
    given = {key: value for key, value in options.items() if value is not None or key not in ("results", "weights")}
    return ask(check_value("suite", _SUITE, suite), given)


_SUITE = Option(name="suite", type=Path, optional=True, default=None, help="TOML file", read=read_path)


def _all_records(store: Store, tasks: Sequence[Pending], made: Sequence[Record]) -> list[Record]:
    by_id = {record.cell.id: record for record in made}
    found = (by_id.get(one.task.cell.id) or store.load(one.task.cell.id) for one in tasks)
    return [record for record in found if record is not None]
