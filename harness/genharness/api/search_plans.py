"""What a search may come to, before anything of it is trained: cells and time, at most."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genharness.api.searching import PreparedSearch
from genharness.errors import attempt
from genharness.spec.axes import Axis
from genharness.spec.cell import Cell, Task
from genharness.study.plan import Wanted
from genharness.study.search import Tries, most_confirmed

__all__ = ["SearchPlan", "plan_search"]

_SETTINGS = 8
"""Settings whose time is estimated, for that of all: those that are tried next."""

Estimate = Callable[[Cell], float | None]
"""Returns the seconds of a cell; None where nothing tells them."""


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """Cells and time of a search, as far as they are known before it.

    Attributes:
        search: The search.
        made: Tries that were made before.
        tries: Tries that are to be made yet, at most.
        tries_seconds: Their time, one after the other; None where nothing tells it.
        best: Tries that are trained again, at most.
        fresh: Cells of fresh seeds that are to be trained yet, at most.
        fresh_seconds: As `tries_seconds`.
    """

    search: PreparedSearch
    made: int
    tries: int
    tries_seconds: float | None
    best: int
    fresh: int
    fresh_seconds: float | None

    @property
    def cells(self) -> int:
        """Cells that are to be trained yet, at most."""
        return self.tries + self.fresh

    @property
    def at_most(self) -> bool:
        """Whether fewer cells or less time may do."""
        options = self.search.options
        return bool(self.tries) or (options.confirm_until_decided and bool(self.fresh))

    @property
    def seconds(self) -> float | None:
        """Time of all cells, one after the other."""
        parts = (self.tries_seconds, self.fresh_seconds)
        return None if None in parts else math.fsum(one or 0.0 for one in parts)

    @property
    def line(self) -> str:
        """The cells in words."""
        options, before = self.search.options, f" ({self.made} made before)" if self.made else ""
        again = f", then {_many(self.best, 'try', 'tries')} again with {options.fresh_seeds} fresh seeds"
        twice = ", the one that is chosen with as many more" if options.confirm_twice else ""
        most = "at most " if self.at_most else ""
        return (
            f"{most}{_many(self.cells, 'cell', 'cells')} to train: {_many(self.tries, 'try', 'tries')}"
            f"{before}{again}{twice}"
        )

    def as_plain(self, jobs: int = 1) -> dict[str, Any]:
        """Return all of it for JSON; `seconds` of it all with so many cells at a time, of its parts one by one."""
        search = self.search
        suite, report, options = search.searched.suite, search.reported.suite, search.options
        return {
            "model": search.spec.name,
            "set": {name: str(value) for name, value in suite.set.get(search.spec.name, {}).items()},
            "axes": [_plain_axis(one) for one in search.axes],
            "method": options.method,
            "metric": search.column.key,
            "budget": suite.budget[0],
            "searched": {"dataset": suite.datasets[0], "split": suite.reference_split, "seed": suite.seeds[0]},
            "reported": {"dataset": report.datasets[0], "split": report.reference_split, "seeds": list(report.seeds)},
            "tries": {"made": self.made, "left": self.tries, "seconds": self.tries_seconds},
            "fresh": {"best": self.best, "left": self.fresh, "seconds": self.fresh_seconds},
            "cells_left": self.cells,
            "seconds": None if self.seconds is None else self.seconds / jobs,
            "at_most": self.at_most,
        }


def plan_search(search: PreparedSearch, estimate: Estimate) -> SearchPlan:
    """Return what a search may come to yet; nothing is written.

    Args:
        search: From `prepare_search`.
        estimate: Tells the time of a cell.

    Raises:
        RunError: If the search was begun and what was kept of it is damaged.
    """
    tries = search.tries()
    left, settings = tries.ahead(_SETTINGS)
    best = most_confirmed(len(tries.done) + left, search.options.confirm)
    again = _firsts(search, search.reported, settings) if left else _left(search, tries)
    fresh = search.options.fresh_seeds * (best + search.options.confirm_twice) if left else len(again)
    return SearchPlan(
        search=search,
        made=sum(one.state != "asked" for one in tries.kept.tries),
        tries=left,
        tries_seconds=_of_all(_firsts(search, search.searched, settings), left, estimate),
        best=best,
        fresh=fresh,
        fresh_seconds=_of_all(again, fresh, estimate),
    )


def _firsts(search: PreparedSearch, wanted: Wanted, settings: Sequence[Mapping[str, Any]]) -> list[Task]:
    """Return one task of each setting that can be."""
    found = (attempt(functools.partial(search.task_of, wanted, one))[0] for one in settings)
    return [tasks[0] for tasks in found if tasks]


def _left(search: PreparedSearch, tries: Tries) -> list[Task]:
    """Return what is left of the fresh seeds of a search whose tries are made, at most."""
    tasks = [task for one in tries.best for task in search.task_of(search.reported, one.options)]
    questions = search.questions_on(tasks)
    over = bool(questions) and all(one.decisions.over for one in questions)
    left = [] if over else _not_done(search, tasks)
    if not search.options.confirm_twice or not tries.best:
        return left
    again = (_not_done(search, search.task_of(search.reported_twice, one.options)) for one in tries.best)
    return [*left, *min(again, key=len)]  # which of them is chosen has fewest to do, once it is


def _not_done(search: PreparedSearch, tasks: Sequence[Task]) -> list[Task]:
    return [one.task for one in search.asked.left(tasks) if not one.done]


def _of_all(some: Sequence[Task], count: int, estimate: Estimate) -> float | None:
    """Return the time of so many cells of which some are known; None where nothing tells it."""
    if not count:
        return 0.0
    seconds = [estimate(task.cell) for task in some]
    known = [one for one in seconds if one is not None]
    return count * math.fsum(known) / len(known) if known else None


def _plain_axis(axis: Axis) -> dict[str, Any]:
    if axis.low is None or axis.high is None:
        return {"name": axis.name, "values": list(axis.choices)}
    return {"name": axis.name, "low": axis.low, "high": axis.high, "log": axis.log}


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"
