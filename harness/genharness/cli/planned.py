"""Printing a plan: cells, what is left of them, what cannot be, and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table

from genharness.cli.display import duration
from genharness.errors import GenharnessError
from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.study.estimate import Estimator
from genharness.study.pending import State
from genharness.study.plan import Plan

__all__ = ["print_plan", "print_skips"]

_WORDS: Mapping[State, str] = {
    "new": "run",
    "finished": "skip: finished",
    "score": "score what is missing",
    "resume": "go on from the checkpoint",
    "retry": "try again",
}


def print_plan(
    out: Console, plan: Plan, states: Mapping[str, State], registry: Registry, store: Store, jobs: int
) -> None:
    """Print the cells, the incompatible pairs and the estimate."""
    estimator = _estimator(registry, store)
    table = Table(box=box.SIMPLE_HEAD, title=f"{len(plan.tasks)} cells", title_justify="left")
    for title in ("model", "dataset", "seed", "length", "what", "about"):
        table.add_column(title, justify="right" if title in ("seed", "about") else "left")
    total = 0.0
    unknown = 0
    for task in plan.tasks:
        state = states[task.cell.id]
        seconds = 0.0 if state == "finished" else estimator.seconds(task.cell, trained=state == "score")
        total += seconds or 0.0
        unknown += seconds is None
        cell = task.cell
        table.add_row(cell.model, cell.dataset, str(cell.seed), cell.length, _WORDS[state], duration(seconds))
    out.print(table)
    print_skips(out, plan)
    more = f", and {unknown} cells of unknown length" if unknown else ""
    out.print(f"about {duration(total / jobs)} in all{more}; nothing was trained")
    for dataset, protocol in {task.cell.dataset: task.cell.protocol for task in plan.tasks}.items():
        out.print(f"protocol of {dataset}: {protocol}", soft_wrap=True)


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
