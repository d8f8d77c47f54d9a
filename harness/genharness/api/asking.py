"""What a run is asked for, by whoever asks: read, checked and looked up, every mistake told at once."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genharness.api.devices import resolve_device
from genharness.errors import attempt
from genharness.plugin.execution import Executor, Tracker, find_executor, find_tracker, make_executor, make_tracker
from genharness.plugin.registry import Registry, load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.spec.dataset_name import parse_reference
from genharness.spec.options import options_of, read_options
from genharness.spec.plugins import ExecutorSpec, Spec
from genharness.spec.report import Report
from genharness.study.pending import Pending, pending
from genharness.study.plan import Plan, Wanted, look_up, plan_of
from genharness.study.running import Running, settings_of
from genharness.study.suite import read_suite

__all__ = ["AskedStudy", "Questions", "ask"]


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What a run can be asked for beside the options of `Suite` and `Running`.

    Attributes:
        suite: TOML file, or None for the embedded default.
        results: Results folder.
        executor: Where cells run: `local`, `ray`, `ray:ADDRESS`.
        trackers: Listeners: `jsonl`, `tensorboard:FOLDER`, `mlflow:URI`, `wandb:PROJECT`.
        weights: Pretrained weights of the user's.
        fresh: Whether finished cells are done again.
        keep_finished: Whether finished cells are used as they are, though their code changed.
        fail_fast: Whether one failure ends the run.
    """

    suite: Path | None = None
    results: Path = Path("results")
    executor: str = "local"
    trackers: Sequence[str] = ()
    weights: Path | None = None
    fresh: bool = False
    keep_finished: bool = False
    fail_fast: bool = False


@dataclass(frozen=True, kw_only=True)
class AskedStudy:
    """A study that can be planned and run.

    Attributes:
        wanted: What it is of, looked up.
        settings: How its cells are run.
        store: Where its records are.
        executor: What runs them.
        trackers: Listeners by name.
        questions: What was asked.
    """

    wanted: Wanted
    settings: Settings
    store: Store
    executor: Executor
    trackers: Mapping[str, Tracker] = field(default_factory=dict)
    questions: Questions = field(default_factory=Questions)

    @property
    def registry(self) -> Registry:
        """What is installed."""
        return self.wanted.registry

    def planned(self, report: Report) -> tuple[Plan, list[Pending]]:
        """Return the cells, and what is left of each; nothing is trained.

        Args:
            report: Told of the progress of looking at data.

        Raises:
            ConfigError: For every dataset that cannot be used, and where nothing fits.
        """
        from genharness.data.facts import facts_reader

        reader = facts_reader(self.registry, self.wanted.suite.limit, report)
        found = plan_of(self.wanted, self.settings, reader)
        if self.questions.fresh:
            return found, [Pending(task, "new") for task in found.tasks]
        return found, pending(found.tasks, self.store, self.registry, keep_finished=self.questions.keep_finished)

    def prepared(self, tasks: Sequence[Task], report: Report) -> bool:
        """Prepare every dataset before anything is trained, so that a missing one costs no time.

        Returns:
            Whether the content of one was not known when the tasks were planned: plan again, since that tells cells
            apart.
        """
        from genharness.data import ensure_prepared

        for name in dict.fromkeys(task.cell.dataset for task in tasks):
            reference = parse_reference(name)
            ensure_prepared(self.registry.datasets.find(reference.name), reference, report=report)
        return any(not task.cell.protocol.dataset_hash for task in tasks)


def ask(
    questions: Questions,
    given: Mapping[str, Any],
    *,
    source: str = "run",
    name_of: Callable[[str], str] = str,
    mistakes: Iterable[str] = (),
) -> AskedStudy:
    """Return what is asked for.

    Args:
        questions: What is in no Config.
        given: Fields of `Suite` and `Running`, as text or as values; they go before those of the suite's file.
        source: Who gave them, for messages.
        name_of: What a field is called in messages.
        mistakes: What is known to be wrong already, to be told with the rest.

    Raises:
        ConfigError: For every mistake at once, one line each.
    """
    registry = load_registry()
    of_running = {spec.name: given[spec.name] for spec in options_of(Running) if spec.name in given}
    of_suite = {key: value for key, value in given.items() if key not in of_running}
    suite, wrong_suite = read_suite(questions.suite, of_suite, source=source, name_of=name_of)
    running, wrong_running = read_options(source, Running, of_running, name_of)
    beside, wrong_beside = _beside(registry, questions)
    remote = any(isinstance(spec, ExecutorSpec) and spec.remote for spec in beside)
    device, wrong_device = attempt(
        lambda: "cuda" if remote and suite.device == "cuda" else resolve_device(suite.device)
    )
    more = [*wrong_suite, *wrong_running, *wrong_beside, *wrong_device, *_exclusive(questions)]
    wanted = look_up(suite, registry, beside, [*mistakes, *more])
    fresh = secrets.token_hex(8) if questions.fresh else ""
    rest: dict[str, Any] = {"weights": questions.weights, "fail_fast": questions.fail_fast, "fresh": fresh}
    settings = settings_of(Running(**running), questions.results, device or "cpu", remote=remote, **rest)
    return AskedStudy(
        wanted=wanted,
        settings=settings,
        store=Store(settings.results),
        executor=make_executor(registry, questions.executor, suite.set),
        trackers={one: make_tracker(registry, one, suite.set) for one in questions.trackers},
        questions=questions,
    )


def _beside(registry: Registry, questions: Questions) -> tuple[list[Spec], list[str]]:
    """Return the plugins that take part and are in no cell, and every mistake in their names."""
    executor, mistakes = attempt(lambda: find_executor(registry, questions.executor)[0])
    names = questions.trackers
    found = [(executor, mistakes), *(attempt(functools.partial(_tracker, registry, name)) for name in names)]
    specs = [spec for spec, _ in found if spec is not None]
    return [*specs, registry.reporters.find("table")], [line for _, lines in found for line in lines]


def _tracker(registry: Registry, text: str) -> Spec:
    return find_tracker(registry, text)[0]


def _exclusive(questions: Questions) -> list[str]:
    """Return what does not go together."""
    results = questions.results
    taken = results.exists() and not results.is_dir()
    wrong = [f"results path {results} is a file: name a folder with --results"] if taken else []
    both = questions.fresh and questions.keep_finished
    return [*(["--fresh and --keep-finished exclude each other"] if both else []), *wrong]
