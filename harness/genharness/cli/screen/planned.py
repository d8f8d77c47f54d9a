"""Printing a plan: cells, what is left of them, what cannot be, and how long it will take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from genharness.cli.screen.display import duration
from genharness.errors import GenharnessError
from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.study.estimate import Estimator
from genharness.study.pending import Pending, State
from genharness.study.plan import Plan
from genharness.study.variants import told_apart

__all__ = ["print_changes", "print_plan", "print_skips"]

_WORDS: Mapping[State, str] = {
    "new": "run",
    "finished": "skip: finished",
    "kept": "skip: finished before",
    "score": "score what is missing",
    "sample": "draw samples and score: trained",
    "resume": "go on from the checkpoint",
    "retry": "try again",
}


def print_plan(out: Console, plan: Plan, tasks: Sequence[Pending], registry: Registry, store: Store, jobs: int) -> None:
    """Print the cells with what is left of them and why, the incompatible pairs and the estimate."""
    estimator = _estimator(registry, store)
    names = told_apart(one.task.cell for one in tasks)
    table = Table(box=box.SIMPLE_HEAD, title=_title(tasks), title_justify="left")
    for title in ("model", "dataset", "seed", "length", "what", "about"):
        right = title in ("seed", "about")
        table.add_column(title, justify="right" if right else "left", no_wrap=title in ("seed", "length", "about"))
    total = 0.0
    unknown = 0
    begun: set[str] = set()
    for one in tasks:
        cell = one.task.cell
        trains = one.trains and cell.training_id not in begun
        begun |= {cell.training_id} if trains else set()
        seconds = 0.0 if one.done else estimator.seconds(cell, trained=not trains)
        total += seconds or 0.0
        unknown += seconds is None
        what = _what(one) if trains or not one.trains else f"{_what(one)}: shares a training above"
        table.add_row(names[cell.id], cell.dataset, str(cell.seed), cell.length, what, duration(seconds))
    out.print(table)
    print_changes(out, tasks)
    print_skips(out, plan)
    more = f", and {unknown} cells of unknown length" if unknown else ""
    out.print(f"about {duration(total / jobs)} in all{more}; nothing was trained")
    for dataset, protocol in {task.cell.dataset: task.cell.protocol for task in plan.tasks}.items():
        out.print(f"protocol of {dataset}: {protocol}", soft_wrap=True)


def _title(tasks: Sequence[Pending]) -> str:
    """Return how many cells there are, and of how many trainings where some share one."""
    cells, trainings = len(tasks), len({one.task.cell.training_id for one in tasks})
    if cells == trainings:
        return f"{cells} cells"
    return f"{cells} cells of {trainings} training{'s' if trainings > 1 else ''}"


def _what(one: Pending) -> str:
    """Return what is left of a task, and why if it was finished before."""
    words = "score again" if one.state == "score" and one.again else _WORDS[one.state]
    return f"{words}: {', '.join(one.reasons)}" if one.reasons else words


def print_changes(out: Console, tasks: Sequence[Pending]) -> None:
    """Print how many finished cells are run or scored again, and why, and how to use them as they are."""
    for single, several, chosen in (
        ("runs again", "run again", [one for one in tasks if one.again and one.state != "score"]),
        ("is scored again", "are scored again", [one for one in tasks if one.again and one.state == "score"]),
        ("is used as it is", "are used as they are", [one for one in tasks if one.state == "kept"]),
    ):
        if chosen:
            counts = Counter(line for one in chosen for line in one.reasons)
            why = ", ".join(f"{line} ({count})" if count < len(chosen) else line for line, count in counts.items())
            instead = "" if chosen[0].done else "; --keep-finished takes what is there"
            what = f"1 finished cell {single}" if len(chosen) == 1 else f"{len(chosen)} finished cells {several}"
            line = f"{what}: {why}{instead}"
            out.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def print_skips(out: Console, plan: Plan) -> None:
    """Print each incompatible pair with its reason."""
    for skip in plan.skips:
        line = f"skipped: {skip.model} on {skip.dataset}: {skip.reason}"
        out.print(line, style="dim", soft_wrap=True)


def _estimator(registry: Registry, store: Store) -> Estimator:
    try:
        return Estimator(registry, store.records())
    except GenharnessError:  # no results yet
        return Estimator(registry)
