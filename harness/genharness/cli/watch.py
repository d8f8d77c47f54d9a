"""`genharness watch`: a study that runs elsewhere, followed by its files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import click

from genharness.cli.options import results_argument
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.display import duration
from genharness.cli.screen.terminal import say
from genharness.results.store import Store
from genharness.spec.record import Record

__all__ = ["news", "watch", "worked_on"]

_ALIVE_SECONDS = 600.0
"""A folder in which nothing was written for longer belongs to no running cell."""

State = tuple[int, int]


@click.command()
@results_argument
@click.option(
    "--every", type=click.FloatRange(0.2, 3600), default=2.0, show_default=True, help="Seconds between looks."
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
    store, known, before = Store(results), dict[str, State](), None
    try:
        while True:
            for record in news(store, known):
                say(_line(record), fg="red" if record.went_wrong else None)
            running = worked_on(store, time.time())
            if running != before:
                say(f"{len(known):,} cells ended; worked on: {', '.join(running) or 'none'}", dim=True)
                before = running
            if once:
                return
            time.sleep(every)
    except KeyboardInterrupt:
        return


def news(store: Store, known: dict[str, State]) -> Iterator[Record]:
    """Yield the records that are new or changed since the last call, in the order in which they ended.

    Args:
        store: The results folder.
        known: What the last call saw; updated.
    """
    found = []
    for name, state in _states(store.records_folder):
        if known.get(name) != state:
            known[name] = state
            record = store.load(name.removesuffix(".json"))
            if record is not None:
                found.append(record)
    yield from sorted(found, key=lambda record: record.finished_at)


def _states(folder: Path) -> Iterator[tuple[str, State]]:
    """Yield the name of each record file, and what changes of it when its content does."""
    try:
        with os.scandir(folder) as entries:
            named = [entry for entry in entries if entry.name.endswith(".json") and not entry.name.startswith(".")]
    except OSError:  # the study has not begun
        return
    for entry in sorted(named, key=lambda entry: entry.name):
        try:
            state = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        yield entry.name, (state.st_mtime_ns, state.st_size)


def worked_on(store: Store, now: float) -> list[str]:
    """Return the ids of cells without a record in whose folder something was written lately.

    Args:
        store: The results folder.
        now: Seconds since the epoch.
    """
    try:
        folders = sorted(path for path in (store.folder / "cells").iterdir() if path.is_dir())
    except OSError:
        return []
    return [path.name for path in folders if not _ended(store, path) and now - _written(path) < _ALIVE_SECONDS]


def _ended(store: Store, folder: Path) -> bool:
    return (store.records_folder / f"{folder.name}.json").exists()


def _written(folder: Path) -> float:
    """Return when something was last written into a folder, seconds since the epoch."""
    times = [0.0]
    try:
        times += [entry.stat(follow_symlinks=False).st_mtime for entry in os.scandir(folder)]
        times.append(folder.stat().st_mtime)
    except OSError:
        return max(times)
    return max(times)


def _line(record: Record) -> str:
    spent = duration(record.measurements.get("cell_seconds"))
    if record.finished:
        scores = [f"{key} {value:.4g}" for key, value in record.scores.items() if value is not None][:3]
        return f"{record.cell}: done in {spent}  {'  '.join(scores)}".rstrip()
    return f"{record.cell}: {record.status.replace('_', ' ')} after {spent}: {record.reason}"
