"""`genharness rerun`: does a cell come out the same again?"""

from __future__ import annotations

import dataclasses
import sys
import threading
from pathlib import Path

import click

from genharness.api.devices import resolve_device
from genharness.cli.options import DEFAULT_RESULTS, AnyPath, InputPath
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import cells, names_of
from genharness.cli.screen.display import make_display
from genharness.cli.screen.terminal import console, say
from genharness.data.recorded import recorded_data
from genharness.figures.curves import PUBLISHED_POINTS, binned
from genharness.files.passing import passing_folder
from genharness.plugin.execution import make_executor
from genharness.plugin.registry import Registry, load_registry
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.record import Record
from genharness.study.rerun import ERRORS, TOLERANCE, Agreement, agreement, repetition

__all__ = ["rerun"]


@click.command()
@click.argument("cell", shell_complete=cells)
@click.option("--results", type=AnyPath(), default=DEFAULT_RESULTS, show_default=True)
@click.option("--device", help="Device; the recorded one when left out.")
@click.option("--weights", type=InputPath(), help="File or folder of pretrained weights.")
@click.option(
    "--executor",
    shell_complete=names_of("executors"),
    default="local",
    show_default=True,
    help="Where the cell runs: local, ray or ray:ADDRESS.",
)
@debug_option
def rerun(cell: str, results: Path, device: str | None, weights: Path | None, executor: str) -> None:
    """Repeat CELL with its recorded settings and compare: exit code 0 when it agrees, 1 when it does not.

    CELL is a cell's id or its beginning. On the same processor, with the same threads and versions, losses and scores
    must be equal to the last bit; elsewhere scores must agree within 10 %, or within three standard errors of
    evaluating, and what differs is named. The repetition goes to a temporary folder; the results folder stays as it
    is.

    \b
    Examples:
      genharness rerun dcgan-digits-s0
      genharness rerun vae-digits-s1-91890c343d --results study
    """
    record = Store(results).find(cell)
    registry = load_registry()
    where = resolve_device(device or str(record.environment.get("device", record.cell.device)))
    with passing_folder("genharness-rerun-") as folder:
        task = repetition(record, registry, folder.path, device=where, weights=weights)
        recorded_data(record, registry, same=True)
        again = _run(task, registry, executor)
        folder.kept = again is not None and again.went_wrong and "traceback" in again.artefacts
    if again is None or not again.finished:
        reason = f"{again.status}: {again.reason}" if again else "it never started"
        say(f"does not agree: the repetition did not finish ({reason})")
        sys.exit(1)
    found = agreement(record, _as_thin(again, record), registry)
    for line in _lines(found):
        say(line)
    sys.exit(0 if found.agrees else 1)


def _run(task: Task, registry: Registry, executor: str) -> Record | None:
    """Run the task and return its record as it was saved; where it could not be, as it ended."""
    runner = make_executor(registry, executor)
    store = Store(task.settings.results)
    store.open_for_cells()
    display = make_display(console(), [task])
    ended: Record | None = None
    with display:
        for ended in runner.run([task], on_event=display.event, stop=threading.Event()):
            display.record(ended)
    return store.load(task.cell.id) or ended


def _as_thin(again: Record, record: Record) -> Record:
    """Return a repetition with loss curves as thin as the record's, if that was published."""
    thinned = binned(again.history.losses, PUBLISHED_POINTS)
    if list(thinned.get("step", ())) != list(record.history.losses.get("step", ())):
        return again
    return dataclasses.replace(again, history=dataclasses.replace(again.history, losses=thinned))


def _lines(found: Agreement) -> list[str]:
    how = f"within {TOLERANCE:.0%} or {ERRORS:.0f} errors" if found.inexact else "exactly"
    lines = [f"not held to the last bit: {reason}" for reason in found.inexact]
    if found.agrees:
        what = "scores" if found.inexact else "scores and points of curves"
        return [*lines, f"agrees {how}: {found.compared} {what}"]
    return [*lines, f"does not agree ({how}):", *(f"  {line}" for line in found.disagreements)]
