"""What a run is asked for, by whoever asks: read, checked and looked up, every mistake told at once."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.api.devices import resolve_device
from genharness.api.flops_budgets import refuse_uncounted
from genharness.errors import attempt
from genharness.plugin.execution import Executor, Tracker, find_executor, find_tracker, make_executor, make_tracker
from genharness.plugin.registry import Registry, load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.spec.dataset_name import parse_reference
from genharness.spec.plugins import ExecutorSpec, Spec
from genharness.spec.report import Report
from genharness.stats.sequential import FEWEST_SEEDS
from genharness.study.asked import Study
from genharness.study.deciding import SeedQuestion, rounds, seed_questions
from genharness.study.measuring import over_training, select_metrics
from genharness.study.pending import Pending, pending
from genharness.study.plan import Plan, Wanted, look_up, plan_of
from genharness.study.reading import read_suite
from genharness.study.running import settings_of

__all__ = ["AskedStudy", "ask"]


@dataclass(frozen=True, kw_only=True)
class AskedStudy:
    """A study that can be planned and run.

    Attributes:
        wanted: What it is of, looked up.
        settings: How its cells are run.
        store: Where its records are.
        executor: What runs them.
        trackers: Listeners by name.
        study: What was asked.
    """

    wanted: Wanted
    settings: Settings
    store: Store
    executor: Executor
    trackers: Mapping[str, Tracker] = field(default_factory=dict)
    study: Study = field(default_factory=Study)

    @property
    def registry(self) -> Registry:
        """What is installed."""
        return self.wanted.registry

    def planned(self, report: Report) -> tuple[Plan, list[Pending]]:
        """Return the cells, and what is left of each; nothing is trained.

        Args:
            report: Told of the progress of looking at data.

        Raises:
            ConfigError: For every dataset that cannot be used, where nothing fits, for every model that is given a
                budget in operations and whose operations cannot be counted, and where too few rows are to be decided.
        """
        from genharness.data.facts import facts_reader

        reader = facts_reader(self.registry, self.wanted.suite.limit, report, self.wanted.suite.fit)
        found = plan_of(self.wanted, self.settings, reader)
        tasks = self.left(found.tasks)
        refuse_uncounted((one.task.cell for one in tasks if one.trains), self.registry, reader)
        return found, self._possible(tasks)

    def _possible(self, tasks: list[Pending]) -> list[Pending]:
        """Return the tasks that a study may come to: where seeds are added, reference rows get those of the first look.

        Raises:
            ConfigError: If a dataset has too few rows to decide anything.
        """
        competing = {cell for one in self.questions_on([one.task for one in tasks]) for cell in one.cells}
        first = self.wanted.suite.seeds[:FEWEST_SEEDS]
        return [one for one in tasks if not competing or one.task.cell.id in competing or one.task.cell.seed in first]

    def questions_on(self, tasks: Sequence[Task]) -> list[SeedQuestion]:
        """Return what decides how many seeds rows get, one question for each dataset; nothing where all get all.

        Args:
            tasks: Of the plan.

        Raises:
            ConfigError: If a dataset has too few rows to compare.
        """
        column = self.wanted.deciding
        if column is None:
            return []
        fresh = self.study.fresh
        return seed_questions(self.wanted.suite, tasks, column, self.store, self.registry, fresh=fresh)

    def left(self, tasks: Sequence[Task]) -> list[Pending]:
        """Return what is left of tasks."""
        if self.study.fresh:
            return [Pending(task, "new") for task in tasks]
        return pending(tasks, self.store, self.registry, keep_finished=self.study.keep_finished)

    def rounds(self, tasks: Sequence[Pending], say: Callable[[str], None]) -> Iterator[list[Task]]:
        """Yield what is to be run, one batch after the other: all of it, or look after look until it is decided.

        Args:
            tasks: Of the plan.
            say: Told what every look decides.
        """
        whole = [one.task for one in tasks]
        asked = self.questions_on(whole)
        if not asked:
            yield [one.task for one in tasks if not one.done]
            return
        competing = {cell for one in asked for cell in one.cells}
        others = [task for task in whole if task.cell.id not in competing]
        yield from rounds(asked, others, self.left, self.store, say)

    def prepared(self, tasks: Sequence[Task], report: Report) -> bool:
        """Prepare every dataset before anything is trained, so that a missing one costs no time, and warm the executor.

        Returns:
            Whether the content of one was not known when the tasks were planned: plan again, since that tells cells
            apart.
        """
        from genharness.data import ensure_prepared

        if tasks and hasattr(self.executor, "warm"):
            self.executor.warm()
        for name in dict.fromkeys(task.cell.dataset for task in tasks):
            reference = parse_reference(name)
            ensure_prepared(self.registry.datasets.find(reference.name), reference, report=report)
        return any(not task.cell.protocol.dataset_hash for task in tasks)


def ask(
    suite: Path | None,
    given: Mapping[str, Any],
    *,
    source: str = "run",
    name_of: Callable[[str], str] = str,
    mistakes: Iterable[str] = (),
) -> AskedStudy:
    """Return what is asked for.

    Args:
        suite: TOML file, or None for the embedded default.
        given: Fields of `Study`, as text or as values; they go before those of the suite's file.
        source: Who gave them, for messages.
        name_of: What a field is called in messages.
        mistakes: What is known to be wrong already, to be told with the rest.

    Raises:
        ConfigError: For every mistake at once, one line each.
    """
    registry = load_registry()
    study, wrong = read_suite(suite, given, source=source, name_of=name_of)
    beside, wrong_beside = _beside(registry, study)
    remote = any(isinstance(spec, ExecutorSpec) and spec.remote for spec in beside)
    device, wrong_device = attempt(
        lambda: "cuda" if remote and study.device == "cuda" else resolve_device(study.device)
    )
    scored, wrong_scored = over_training(study.score_metrics, select_metrics(registry, study.metrics)[0])
    more = [*wrong, *wrong_beside, *wrong_device, *wrong_scored, *_exclusive(study)]
    wanted = look_up(study, registry, beside, [*mistakes, *more])
    fresh = secrets.token_hex(8) if study.fresh else ""
    rest: dict[str, Any] = {"weights": study.weights, "fail_fast": study.fail_fast, "fresh": fresh}
    rest |= {"score_metrics": scored}
    settings = settings_of(study, study.results, device or "cpu", remote=remote, **rest)
    return AskedStudy(
        wanted=wanted,
        settings=settings,
        store=Store(settings.results),
        executor=make_executor(registry, study.executor, study.set),
        trackers={one: make_tracker(registry, one, study.set) for one in study.trackers},
        study=study,
    )


def _beside(registry: Registry, study: Study) -> tuple[list[Spec], list[str]]:
    """Return the plugins that take part and are in no cell, and every mistake in their names."""
    executor, mistakes = attempt(lambda: find_executor(registry, study.executor)[0])
    names = study.trackers
    found = [(executor, mistakes), *(attempt(functools.partial(_tracker, registry, name)) for name in names)]
    specs = [spec for spec, _ in found if spec is not None]
    return [*specs, registry.reporters.find("table")], [line for _, lines in found for line in lines]


def _tracker(registry: Registry, text: str) -> Spec:
    return find_tracker(registry, text)[0]


def _exclusive(study: Study) -> list[str]:
    """Return what does not go together."""
    wrong = attempt(Store(study.results).refuse_file)[1]
    both = study.fresh and study.keep_finished
    return [*(["--fresh and --keep-finished exclude each other"] if both else []), *wrong]
