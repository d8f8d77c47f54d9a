"""`genharness watch`: a study that runs elsewhere, followed by its files."""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from genharness.board.columns import columns_of
from genharness.cli.options import Number, results_argument
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.display import outcome
from genharness.cli.screen.endings import Ended
from genharness.cli.screen.terminal import print_warnings, say
from genharness.errors import RunError
from genharness.files.regular import read_regular
from genharness.files.turns import is_taken
from genharness.plugin.execution import queued
from genharness.plugin.registry import load_registry
from genharness.results.configuration import configuration
from genharness.results.index import state_of
from genharness.results.members import Members
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.record import Record
from genharness.study.variants import told_apart

__all__ = ["news", "status", "submitted", "watch", "worked_on"]

_MOST_BYTES = 1 << 28
"""Of the list of jobs."""
_SCORES = 3
"""Scores that stand behind a cell that ended."""


@click.command()
@results_argument
@click.option(
    "--every", type=Number(0.2, 3600), default=2.0, show_default=True, help="Seconds between looks, 0.2 to 3600."
)
@click.option("--once", is_flag=True, help="Look once, and leave.")
@debug_option
def watch(results: Path, every: float, once: bool) -> None:
    """Follow RESULTS while another process, here or on another machine, runs cells there.

    A line for every cell that ends, and one for the cells that are worked on when that changes. Ctrl-C ends the
    watching, not the study.

    \b
    Examples:
      genharness watch
      genharness watch /shared/results --every 10
      genharness watch --once
    """
    store, known, lines, before = Store(results), dict[str, list[int]](), _Lines(), None
    if once:
        store.refuse_missing()
    try:
        while True:
            fresh = list(news(store, known))
            for name, record in zip(lines.names(fresh), fresh, strict=True):
                say(lines.line(name, record), fg="red" if record.went_wrong else None)
            print_warnings(store.warnings)
            store.warnings.clear()
            missing, running = standing = _missing(store), worked_on(store)
            if standing != before:
                ended = f"{len(known):,} cells ended; worked on: {', '.join(running) or 'none'}"
                say(f"{missing}: waiting for a run to begin there" if missing else ended, dim=True)
                before = standing
            if once:
                return
            time.sleep(every)
    except Ended:
        raise
    except KeyboardInterrupt:
        return


@click.command()
@results_argument
@debug_option
def status(results: Path) -> None:
    """Say once how the study in RESULTS stands: what has ended, what is worked on, what waits in a queue.

    Of a run that was detached, cells that have neither ended nor begun are named with their jobs.

    \b
    Examples:
      genharness run --models all --datasets cifar10 --executor slurm --detach
      genharness status
    """
    store = Store(results)
    ended = {record.cell.id: record for record in store.records(history=False)}
    running = worked_on(store)
    waiting, lost = _in_queue(submitted(store), ended, running)
    lines = _Lines()
    names = lines.names(list(ended.values()))
    for name, (key, record) in zip(names, ended.items(), strict=True):
        if not record.finished and key not in running and key not in waiting:
            say(lines.line(name, record), fg="red" if record.went_wrong else None)
    for cell_id in running:
        say(f"{cell_id}  worked on")
    for cell_id, words in waiting.items():
        say(f"{cell_id}  {words}")
    for cell_id, job in lost.items():
        say(f"{cell_id}  its job {job} has ended without a record: run again", fg="red")
    counts = Counter(
        record.status.replace("_", " ") for key, record in ended.items() if key not in running and key not in waiting
    )
    counts |= {"worked on": len(running), "waiting": len(waiting), "without a record": len(lost)}
    say(", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing has begun", dim=True)
    print_warnings(store.warnings)


def _in_queue(
    jobs: Mapping[str, str], ended: Mapping[str, Record], running: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the cells that wait for their jobs, in words, and the jobs of those that a queue has lost."""
    left = {
        cell_id: job
        for cell_id, job in jobs.items()
        if cell_id not in running and not (cell_id in ended and ended[cell_id].finished)
    }
    states = queued(load_registry(), list(left.values())) if left else None
    if states is None:  # no queue answers here: of what has a record it is not known whether a job goes on with it
        return {cell_id: f"waits as job {job}" for cell_id, job in left.items() if cell_id not in ended}, {}
    waiting = {cell_id: f"job {job}: {states[job]}" for cell_id, job in left.items() if job in states}
    return waiting, {cell_id: job for cell_id, job in left.items() if job not in states and cell_id not in ended}


def submitted(store: Store) -> dict[str, str]:
    """Return the job of each cell that an executor submitted last, as it wrote that down."""
    try:
        found = json.loads(read_regular(store.folder / "jobs" / "cells.json", _MOST_BYTES))
        return {str(cell_id): str(job) for cell_id, job in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError):  # none was; or half of a file system is away
        return {}


def news(store: Store, known: dict[str, list[int]]) -> Iterator[Record]:
    """Yield the records that are new or changed since the last call, in the order in which they ended.

    Args:
        store: The results folder.
        known: What the last call saw; updated.
    """
    found = []
    for cell_id, state in _states(store):
        if known.get(cell_id) != state:
            known[cell_id] = state
            try:
                record = store.load(cell_id)
            except RunError as error:  # of another user, perhaps: the others are told all the same
                store.warnings.append(f"{error}: it is left out")
                continue
            if record is not None:
                found.append(record)
    yield from sorted(found, key=lambda record: record.finished_at)


def _states(store: Store) -> Iterator[tuple[str, list[int]]]:
    """Yield the id of each cell that has a record, and what changes of its file when its content does."""
    for cell_id in store.ids():
        with contextlib.suppress(OSError):  # gone since, or being replaced: the next look sees it
            yield cell_id, state_of(store.record_path(cell_id).lstat())


def worked_on(store: Store) -> list[str]:
    """Return the ids of the cells that a process holds the lock of, here or on another machine."""
    try:
        names = sorted(path.name for path in (store.folder / "cells").iterdir() if path.suffix == ".lock")
    except FileNotFoundError:  # the study has not begun
        return []
    ids = [name[1:].removesuffix(".lock") for name in names]
    return [cell_id for cell_id in ids if is_taken(store.cell(cell_id).lock)]


def _missing(store: Store) -> str:
    """Return what there is in the place of results; nothing where they are."""
    if store.records_folder.is_dir():
        return ""
    return f"{store.folder} {'has no results yet' if store.folder.is_dir() else 'does not exist yet'}"


class _Lines:
    """A line for each cell that ended, under the name that tells its row from others that were seen."""

    def __init__(self) -> None:
        self._registry = load_registry(tolerant=True)
        self._rows: dict[tuple[str, bytes], Cell] = {}
        self._orders: dict[tuple[str, ...], list[str]] = {}

    def names(self, records: Sequence[Record]) -> list[str]:
        """Return what the model of each of some records is called, beside all that were seen before."""
        rows = [self._rows.setdefault((one.cell.dataset, configuration(one)), one.cell) for one in records]
        told = told_apart(self._rows.values()) if records else {}
        return [told[row.id] for row in rows]

    def line(self, model: str, record: Record) -> str:
        """Return how a cell ended, whose model is called so."""
        name = f"{model} on {record.cell.dataset}, seed {record.cell.seed}"
        return "  ".join([outcome(name, record), *(self._scores(record) if record.finished else [])])

    def _scores(self, record: Record) -> list[str]:
        """Return the first scores in the order of a leaderboard's columns; the one that ranks is the first of them."""
        scores = {key: value for key, value in record.scores.items() if value is not None}
        alike = (record.cell.protocol.extractor, *scores)
        if alike not in self._orders:
            columns = columns_of([Members([record])], self._registry, record.cell.protocol).values()
            ranking = next((one.key for one in columns if one.column.higher_is_better is not None), "")
            keys = [one.key for one in columns if one.key in scores]
            self._orders[alike] = sorted(keys, key=lambda key: key != ranking)[:_SCORES]
        return [f"{key} {scores[key]:.4g}" for key in self._orders[alike]]
