"""A search over the options of one model: tries on the validation split, then the best of them again with fresh seeds.

Every try is an ordinary cell, noted before it is trained: what is killed goes on, and nothing is tried twice. The score
that chooses is never the one that is reported: the best of many noisy scores is better than its own truth.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genharness.errors import ConfigError
from genharness.plugin.execution import Event
from genharness.results.searches import KeptSearch, Try, load_search, save_search
from genharness.results.store import Store
from genharness.spec.axes import Axis, declared_axes, read_axes
from genharness.spec.cell import Task
from genharness.spec.columns import Column
from genharness.spec.naming import setting_words
from genharness.spec.options import option, options_of
from genharness.spec.plugins import ModelSpec
from genharness.spec.record import Record
from genharness.stats.values import LARGEST
from genharness.study.sampler import METHODS, SettingSampler
from genharness.study.settings import TrainingOptions

__all__ = ["FIRST_FRESH_SEED", "SearchOptions", "Tries", "axes_of", "fresh_seeds", "most_confirmed"]

FIRST_FRESH_SEED = 1000
"""Of the trainings that are reported: no search has seen them."""

_SECOND_FRESH_SEED = 2000


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """How is searched, and what is done with the best.

    Attributes:
        tries: Settings to try.
        method: How the next setting is chosen.
        by: The score that chooses.
        search_seed: Seed of the choice of settings.
        validation: Samples of the training split that are held out to choose by; of data with a validation split none.
        prune: Whether tries that are worse than the median of the others at the same step are stopped.
        confirm: How many of the best tries are trained again.
        fresh_seeds: With how many seeds.
        confirm_twice: Whether the row that is chosen among them is trained once more with other seeds, and reported by
            those.
        confirm_until_decided: Whether the best get more fresh seeds only where it is open which of them is best.
    """

    tries: int = option(20, low=1, high=100_000, help="Settings to try")
    method: str = option("tpe", choices=METHODS, help="How the next setting is chosen")
    by: str = option("auto", help="Score that chooses, a metric or a column; auto: the one that ranks")
    search_seed: int = option(0, low=0, high=2**31 - 1, help="Seed of the choice of settings")
    validation: int | None = option(
        None, low=2, high=10**9, help="Training samples held out to choose by, where data has no validation split"
    )
    prune: bool = option(False, help="Stop tries that are worse over training than the median; needs --score-every")
    confirm: int | None = option(
        None, low=1, high=100, help="Best tries that are trained again; 5, or a quarter of few"
    )
    fresh_seeds: int = option(5, low=2, high=999, help="Seeds that they are trained again with")
    confirm_twice: bool = option(False, help="Report the chosen one by other seeds again: strictly unbiased")
    confirm_until_decided: bool = option(False, help="Fresh seeds only where it is open which of the best is best")


def axes_of(spec: ModelSpec, over: Sequence[str], fixed: Collection[str] = ()) -> tuple[list[Axis], list[str]]:
    """Return where to look: what the user says, else what the model declares; and every mistake.

    Args:
        spec: The model.
        over: Such as `lr=1e-5..1e-2:log`.
        fixed: Options that the user set: of those that the model declares they are left out.
    """
    own = options_of(spec.config)
    if not spec.trained:
        return [], [f"{spec.name} is not trained, so there is nothing to search over: name a model that is"]
    if over:
        axes, mistakes = read_axes(spec.name, [*own, *options_of(TrainingOptions)], over)
        both = [one.name for one in axes if one.name in fixed]
        return axes, [
            *mistakes,
            *(f"{spec.name}.{name} is set and searched over: leave one of them out" for name in both),
        ]
    axes = [one for one in declared_axes(spec.name, own) if one.name not in fixed]
    if axes:
        return axes, []
    free = [one for one in own if one.name not in fixed]
    numbers = [f"{one.name}=LOW..HIGH" for one in free if one.type in (int, float) and not one.choices]
    named = [*numbers, *(f"{one.name}=A,B" for one in free)]
    hint = f": name one with --over, such as --over {named[0]}" if named else ""
    return [], [f"{spec.name} says of none of its {'other ' if fixed else ''}options where to look{hint}"]


def most_confirmed(tries: int, asked: int | None) -> int:
    """Return how many of the best tries are trained again: what was asked for, else 5, or a quarter of few tries."""
    return min(tries, asked or min(5, max(1, tries // 4)))


def fresh_seeds(count: int, seed: int, *, second: bool = False) -> tuple[int, ...]:
    """Return seeds that the search did not have.

    Args:
        count: How many.
        seed: The one that it had.
        second: Whether to return those behind the first ones.
    """
    first = _SECOND_FRESH_SEED if second else FIRST_FRESH_SEED
    return tuple(one for one in range(first, first + count + 1) if one != seed)[:count]


RunBatch = Callable[[Sequence[Task], Callable[[Event], None], threading.Event], bool]
"""Runs tasks, tells every event, ends when the event is set; returns whether the user asked for a stop."""


class Tries:
    """The tries of a search, as far as they have come.

    Args:
        asked: What the search is of, plain values.
        axes: Where it looks.
        options: How.
        column: The score that chooses.
        task_of: Returns the task of a setting; raises ConfigError where it cannot be.
        store: Where results are.
    """

    def __init__(
        self,
        asked: Mapping[str, Any],
        axes: Sequence[Axis],
        options: SearchOptions,
        column: Column,
        task_of: Callable[[Mapping[str, Any]], Task],
        store: Store,
    ) -> None:
        self._column, self._options, self._task_of, self._store = column, options, task_of, store
        higher = bool(column.higher_is_better)
        self._sampler = SettingSampler(axes, options.method, options.search_seed, higher_is_better=higher)
        self.kept = load_search(store.folder, KeptSearch(asked={**asked, "axes": [str(one) for one in axes]}))
        self.exhausted = False

    def run(self, run_batch: RunBatch, slots: int) -> bool:
        """Make all tries; return whether they were stopped by the user.

        Args:
            run_batch: Runs tasks.
            slots: Tries at a time. Settings are asked for when all of them are told, so that what is asked hangs on
                nothing that time decides; random ones hang on no other, and are asked for all at once.
        """
        while True:
            waiting = [one for one in self.kept.tries if one.state == "asked"]
            if not waiting and not self._ask(slots):
                return False
            waiting = [one for one in self.kept.tries if one.state == "asked"]
            if waiting and self._run(waiting, run_batch):
                return True

    @property
    def done(self) -> list[Try]:
        """The tries that have a score, the best first."""
        sign = -1 if self._column.higher_is_better else 1
        found = [one for one in self.kept.tries if one.score is not None and one.state == "done"]
        return sorted(found, key=lambda one: (sign * one.scored, one.number))

    def ahead(self, most: int) -> tuple[int, list[dict[str, Any]]]:
        """Return how many tries are to be made yet, at most, and settings of the next of them.

        Args:
            most: Settings to return.
        """
        waiting = [one.options for one in self.kept.tries if one.state == "asked"]
        left = min(self._options.tries, self._sampler.settings or self._options.tries) - len(self.kept.tries)
        settings = self._sampler.ask(self.kept.tries, min(left, most)) if left > 0 else []
        return len(waiting) + max(left, 0), [*waiting, *settings][:most]

    @property
    def best(self) -> list[Try]:
        """The tries that are trained again: the best of all there are."""
        return self.done[: most_confirmed(len(self.done), self._options.confirm)]

    @property
    def seconds(self) -> float:
        """What all tries cost."""
        return sum(one.seconds for one in self.kept.tries)

    def confirmed(self) -> list[Try]:
        """Return the tries that are trained again, and keep which they are."""
        best = self.best
        numbers = tuple(one.number for one in best)
        if numbers != self.kept.best:
            self.kept = replace(self.kept, best=numbers)
            save_search(self._store.folder, self.kept)
        return best

    def _ask(self, slots: int) -> bool:
        """Ask for the next settings; return whether there are any."""
        left = self._options.tries - len(self.kept.tries)
        at_once = left if self._options.method == "random" and not self._options.prune else min(left, slots)
        settings = self._sampler.ask(self.kept.tries, at_once) if at_once > 0 else []
        self.exhausted = at_once > 0 and not settings
        for setting in settings:
            number = len(self.kept.tries)
            try:
                cell, state = self._task_of(setting).cell.id, "asked"
            except ConfigError:  # a setting that no cell can have is a try that failed
                cell, state = "", "failed"
            one = Try(number=number, options=setting, cell=cell, state="asked" if state == "asked" else "failed")
            self.kept = self.kept.with_try(one)
        save_search(self._store.folder, self.kept)
        return bool(settings)

    def _run(self, waiting: Sequence[Try], run_batch: RunBatch) -> bool:
        stop = threading.Event()
        numbers = {one.cell: one.number for one in waiting}
        todo = [one for one in waiting if not _is_finished(self._store.load(one.cell))]

        def hear(event: Event) -> None:
            if event.phase == "score-over-training" and event.cell_id in numbers and self._heard(numbers, event):
                stop.set()

        stopped = bool(todo) and run_batch([self._task_of(one.options) for one in todo], hear, stop)
        for one in waiting:
            self._tell(one.number)
        save_search(self._store.folder, self.kept)
        return stopped

    def _heard(self, numbers: Mapping[str, int], event: Event) -> bool:
        """Note a score over training; return whether the try is to be stopped."""
        one, score = self.kept.tries[numbers[event.cell_id]], event.values.get(self._column.key)
        if not self._options.prune or score is None or not abs(score) < LARGEST or one.state != "asked":
            return False
        one = replace(one, over_training={**one.over_training, str(event.step): score})
        prune = self._sampler.should_stop(self.kept.tries, one)
        self.kept = self.kept.with_try(replace(one, state="pruned") if prune else one)
        save_search(self._store.folder, self.kept)
        return prune

    def _tell(self, number: int) -> None:
        """Take over how the cell of a try ended; one that was interrupted is run again."""
        one = self.kept.tries[number]
        record = self._store.load(one.cell)
        if record is None:
            return
        one = replace(one, seconds=record.measurements.get("cell_seconds", 0.0))
        score = record.scores.get(self._column.key) if record.finished else None
        if one.state == "asked" and score is not None and abs(score) < LARGEST:
            one = replace(one, state="done", score=score)
        elif one.state == "asked" and record.status != "interrupted":
            one = replace(one, state="failed")
        elif one.state == "pruned" and record.status == "interrupted":
            self._store.save(replace(record, reason=_why_pruned(one)))
        self.kept = self.kept.with_try(one)


def _why_pruned(one: Try) -> str:
    setting = " ".join(setting_words(one.options))
    step = max(map(int, one.over_training))
    return f"the search pruned {setting} at step {step:,}: worse than the median of other tries there"


def _is_finished(record: Record | None) -> bool:
    return record is not None and record.finished


def asked_of(options: SearchOptions) -> dict[str, Any]:
    """Return what of the options makes a search another one; more tries go on with those that were made."""
    return {
        name: value for name, value in dataclasses.asdict(options).items() if name in ("method", "search_seed", "prune")
    }
