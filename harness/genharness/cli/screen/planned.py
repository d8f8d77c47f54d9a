"""Printing a plan: cells, what is left of them, what cannot be, and how long it will take."""

from __future__ import annotations

import math
import os
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from rich import box
from rich.console import Console
from rich.table import Table

from genharness.api.studies import planned_row
from genharness.board.escapes import as_json
from genharness.cli.screen.display import duration
from genharness.data.facts import facts_reader
from genharness.errors import GenharnessError
from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.study.estimate import Estimator, StepWork
from genharness.study.pending import Pending, State
from genharness.study.plan import Plan
from genharness.study.variants import told_apart

_MOST_CELLS = 200
"""Cells that a plan shows one by one; more are summarised."""

_MOST_ROWS = 50

_LONG_SECONDS = 300
"""A plan of more than this says what cells side by side would save."""

_COUNTING_SECONDS = 6.0
"""How long a plan may count operations; models that are left then are estimated by their recipes."""

__all__ = ["StepCounter", "estimator", "plan_json", "print_changes", "print_faster", "print_plan", "print_skips"]

_WORDS: Mapping[State, str] = {
    "new": "run",
    "finished": "skip: finished",
    "kept": "skip: finished before",
    "score": "score what is missing",
    "sample": "draw samples and score: trained",
    "resume": "go on from the checkpoint",
    "retry": "try again",
}


def print_plan(
    out: Console,
    plan: Plan,
    tasks: Sequence[Pending],
    registry: Registry,
    store: Store,
    jobs: int,
    *,
    at_most: bool = False,
) -> None:
    """Print the cells with what is left of them and why, the incompatible pairs and the estimate.

    Args:
        out: Where to.
        plan: What was planned.
        tasks: What is left of each cell.
        registry: What is installed.
        store: Earlier records, which estimates go by.
        jobs: Cells at a time.
        at_most: Whether fewer cells may do, as in a study until it is decided.
    """
    seconds = _seconds(tasks, estimator(registry, store))
    out.print(_cells(tasks, seconds) if len(tasks) <= _MOST_CELLS else _summary(tasks, seconds))
    print_changes(out, tasks)
    print_skips(out, plan)
    unknown = sum(one is None for one in seconds)
    more = f", and {_many(unknown, 'cell')} of unknown length" if unknown else ""
    total = math.fsum(one or 0.0 for one in seconds)
    most = "at most " if at_most else ""
    out.print(f"{most}about {duration(total / jobs)} in all{more}; nothing was trained")
    on_cores = all(one.task.cell.device == "cpu" for one in tasks)
    print_faster(out, total, sum(not one.done for one in tasks) if on_cores else 0, jobs)
    protocols = {(task.cell.dataset, str(task.cell.protocol)) for task in plan.tasks}
    for dataset, protocol in sorted(protocols)[:_MOST_ROWS]:
        out.print(f"protocol of {dataset}: {protocol}", soft_wrap=True)


def print_faster(out: Console, seconds: float, cells: int, jobs: int) -> None:
    """Print what cells side by side would save, where that is much.

    Args:
        out: Where to.
        seconds: Of all cells, one after the other.
        cells: That are to be run on cores of this machine.
        jobs: Cells at a time.
    """
    abreast = min(os.cpu_count() or 1, cells)
    if jobs == 1 < abreast and seconds > _LONG_SECONDS:
        out.print(f"with --jobs {abreast}, a cell a core, as little as {duration(seconds / abreast)}")


def plan_json(
    plan: Plan,
    tasks: Sequence[Pending],
    registry: Registry,
    store: Store,
    jobs: int,
    questions: Sequence[str] = (),
    *,
    at_most: bool = False,
) -> str:
    """Return what `print_plan` prints as JSON, every cell of however many.

    Args:
        plan: What was planned.
        tasks: What is left of each cell.
        registry: What is installed.
        store: Earlier records, which estimates go by.
        jobs: Cells at a time.
        questions: What is to be decided, and how far that has come, a line each.
        at_most: As of `print_plan`.
    """
    seconds = _seconds(tasks, estimator(registry, store))
    protocols = {task.cell.dataset: str(task.cell.protocol) for task in plan.tasks}
    answer = {
        "cells": [{**planned_row(one), "seconds": about} for one, about in zip(tasks, seconds, strict=True)],
        "cells_left": sum(not one.done for one in tasks),
        "seconds": math.fsum(one or 0.0 for one in seconds) / jobs,
        "unknown": sum(one is None for one in seconds),
        "at_most": at_most,
        "questions": list(questions),
        "skipped": [{"model": one.model, "dataset": one.dataset, "reason": one.reason} for one in plan.skips],
        "notes": list(plan.notes),
        "protocols": protocols,
    }
    return as_json(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())


def _seconds(tasks: Sequence[Pending], estimator: Estimator) -> list[float | None]:
    """Return the estimate of each cell; cells that differ in their seed alone are estimated once."""
    known: dict[tuple[Any, ...], float | None] = {}
    found: list[float | None] = []
    begun: set[str] = set()
    for one in tasks:
        cell = one.task.cell
        trains = one.trains and cell.training_id not in begun
        begun |= {cell.training_id} if trains else set()
        options = (id(cell.options), id(cell.sampling), id(cell.protocol))
        key = (cell.model, cell.dataset, cell.budget, cell.batch_size, cell.precision, *options, one.done, trains)
        if key not in known:
            known[key] = 0.0 if one.done else estimator.seconds(cell, trained=not trains)
        found.append(known[key])
    return found


def _summary(tasks: Sequence[Pending], seconds: Sequence[float | None]) -> Table:
    """Return a row a model: how many cells of how many points, what is left of them, how long they take."""
    table = Table(box=box.SIMPLE_HEAD, title=_title(tasks), title_justify="left")
    for title in ("model", "points", "datasets", "seeds", "cells", "what", "about"):
        table.add_column(title, justify="left" if title in ("model", "what") else "right", no_wrap=title == "about")
    of_model: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(tasks):
        of_model[one.task.cell.model].append(place)
    for model, places in list(of_model.items())[:_MOST_ROWS]:
        cells = [tasks[place].task.cell for place in places]
        states = Counter(_WORDS[tasks[place].state] for place in places)
        counts = (len({one.dataset for one in cells}), len({one.seed for one in cells}))
        points = len(cells) // (counts[0] * counts[1]) if len(cells) % (counts[0] * counts[1]) == 0 else "?"
        what = ", ".join(f"{words} {count:,}" for words, count in states.items())
        about = duration(math.fsum(seconds[place] or 0.0 for place in places))
        table.add_row(model, str(points), *map(str, counts), f"{len(cells):,}", what, about)
    if len(of_model) > _MOST_ROWS:
        table.add_row(f"and {len(of_model) - _MOST_ROWS} more models", *[""] * 6)
    return table


def _cells(tasks: Sequence[Pending], seconds: Sequence[float | None]) -> Table:
    names = told_apart(one.task.cell for one in tasks)
    table = Table(box=box.SIMPLE_HEAD, title=_title(tasks), title_justify="left")
    for title in ("model", "dataset", "seed", "length", "what", "about"):
        right = title in ("seed", "about")
        table.add_column(title, justify="right" if right else "left", no_wrap=title in ("seed", "length", "about"))
    begun: set[str] = set()
    for one, about in zip(tasks, seconds, strict=True):
        cell = one.task.cell
        shares = one.trains and cell.training_id in begun
        begun |= {cell.training_id} if one.trains else set()
        what = f"{_what(one)}: shares a training above" if shares else _what(one)
        table.add_row(names[cell.id], cell.dataset, str(cell.seed), cell.length, what, duration(about))
    return table


def _title(tasks: Sequence[Pending]) -> str:
    """Return how many cells there are, and of how many trainings where some share one."""
    cells, trainings = len(tasks), len({one.task.cell.training_id for one in tasks})
    if cells == trainings:
        return _many(cells, "cell")
    return f"{_many(cells, 'cell')} of {_many(trainings, 'training')}"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


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


def estimator(registry: Registry, store: Store) -> Estimator:
    """Return what estimates cells by the records that there are, and counts operations where these are to be had."""
    count = StepCounter(registry)
    try:
        return Estimator(registry, store.records(history=False), count)
    except GenharnessError:  # no results yet
        return Estimator(registry, (), count)


class StepCounter:
    """Counts what training steps do, which takes torch, while a plan may still wait for it."""

    def __init__(self, registry: Registry) -> None:
        self._registry, self._facts = registry, facts_reader(registry)
        self._until: float | None = None
        self._known: dict[str, StepWork | None] = {}

    def __call__(self, cell: Cell) -> StepWork | None:
        """Return what a step of a cell does; None where that cannot be counted in time."""
        key = repr((cell.model, cell.dataset, cell.options, cell.batch_size))
        if key not in self._known:
            self._known[key] = self._counted(cell)
        return self._known[key]

    def _counted(self, cell: Cell) -> StepWork | None:
        from genharness.cells.costs import counted_work
        from genharness.engine.costs.footprint import attempted

        self._until = self._until or time.monotonic() + _COUNTING_SECONDS
        if time.monotonic() > self._until:
            return None
        spec = self._registry.models.find(cell.model)
        nothing = (0.0, 0.0)
        counted, _ = attempted("", lambda: counted_work(spec, cell, self._facts(cell.dataset).shape), nothing)
        return StepWork(*counted) if counted[0] else None
