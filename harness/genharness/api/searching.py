"""A search from its question to its answer: what the command and `genharness.search` stand on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genharness.api.asking import AskedStudy
from genharness.api.flops_budgets import refuse_uncounted
from genharness.errors import ConfigError, refuse, shown
from genharness.plugin.execution import Event
from genharness.results.searches import Try
from genharness.spec.axes import Axis
from genharness.spec.cell import Task
from genharness.spec.columns import Column
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.dataset_name import parse_reference
from genharness.spec.naming import setting_words
from genharness.spec.plugins import ModelSpec
from genharness.spec.report import Report
from genharness.stats import summarise
from genharness.stats.expected_best import expected_best
from genharness.stats.sequential import FEWEST_SEEDS
from genharness.study.deciding import SeedQuestion, rounds, seed_questions
from genharness.study.plan import Wanted, look_up, plan_of
from genharness.study.points import chosen_models
from genharness.study.question import deciding_column
from genharness.study.sampler import require_optuna
from genharness.study.search import SearchOptions, Tries, asked_of, axes_of, fresh_seeds

__all__ = ["Answer", "PreparedSearch", "RunTasks", "prepare_search", "search_rounds"]

_MOST_CHOICES, _LONGEST_AXIS = 20, 400

_HELD_OUT = 5
"""One of so many training samples is held out to choose by, or as many as the test split has."""

RunTasks = Callable[[Sequence[Task], Callable[[Event], None], threading.Event], bool]
"""As `genharness.study.search.RunBatch`."""


@dataclass(frozen=True)
class PreparedSearch:
    """A search that can be made.

    Attributes:
        asked: How its cells are run.
        options: How is searched.
        spec: The model.
        axes: Where to look.
        column: The score that chooses.
        searched: What the tries are of: one seed, the validation split.
        reported: What the best are trained again as.
        facts: Gives shape and counts of a dataset reference.
    """

    asked: AskedStudy
    options: SearchOptions
    spec: ModelSpec
    axes: Sequence[Axis]
    column: Column
    searched: Wanted
    reported: Wanted
    facts: Callable[[str], DatasetFacts]

    @property
    def plan_lines(self) -> list[str]:
        """What will be done."""
        suite, report = self.searched.suite, self.reported.suite
        return [
            f"{self.options.method} search of {self.options.tries:,} tries over {', '.join(map(_in_short, self.axes))}",
            f"chosen by {self.title} against the {suite.reference_split} split of {suite.datasets[0]}, seed "
            f"{suite.seeds[0]}; the best again with {self.options.fresh_seeds} fresh seeds against the "
            f"{report.reference_split} split of {report.datasets[0]}",
        ]

    @property
    def title(self) -> str:
        """Heading of the score that chooses."""
        return self.column.title

    @property
    def reported_twice(self) -> Wanted:
        """What the one that is chosen is trained as once more, with `confirm_twice`."""
        seeds = fresh_seeds(self.options.fresh_seeds, self.searched.suite.seeds[0], second=True)
        return replace(self.reported, suite=replace(self.reported.suite, seeds=seeds))

    def task_of(self, wanted: Wanted, setting: Mapping[str, Any]) -> list[Task]:
        """Return the tasks of a setting, one a seed.

        Raises:
            ConfigError: If there can be none.
        """
        settings = wanted.suite.set
        own = {**settings.get(self.spec.name, {}), **setting}
        suite = replace(wanted.suite, set={**settings, self.spec.name: own})
        chosen = chosen_models([self.spec], suite)
        return list(plan_of(replace(wanted, models=chosen), self.asked.settings, self.facts).tasks)

    def questions_on(self, tasks: Sequence[Task]) -> list[SeedQuestion]:
        """Return what decides how many fresh seeds the best get; nothing where all get all, or there is one of them."""
        several = len({task.cell.seed for task in tasks}) < len(tasks)
        if not self.options.confirm_until_decided or not several:
            return []
        asked, suite = self.asked, self.reported.suite
        return seed_questions(suite, tasks, self.column, asked.store, asked.registry, fresh=False)

    def tries(self) -> Tries:
        """Return the tries as far as they have come."""
        suite = self.searched.suite
        sample = self.task_of(self.searched, {})[0].cell
        asked = {
            "model": self.spec.name,
            "dataset": suite.datasets[0],
            "metric": self.column.key,
            "cell": {**sample.identity, "options": {}, "sampling": {}},
            "set": {name: str(value) for name, value in suite.set.get(self.spec.name, {}).items()},
            **asked_of(self.options),
        }
        one = lambda setting: self.task_of(self.searched, setting)[0]  # noqa: E731
        return Tries(asked, self.axes, self.options, self.column, one, self.asked.store)


@dataclass(frozen=True)
class Answer:
    """What a search came to.

    Attributes:
        options: The setting that was chosen.
        score: Its score by the search: the best of many, so better than its truth.
        tries: Tries with a score.
        seconds: What all tries cost.
        fresh: Scores of the fresh seeds that it is reported by.
        lines: All of it in words.
        lost: How many more fresh seeds have no score: they diverged, or failed.
    """

    options: Mapping[str, Any]
    score: float
    tries: int
    seconds: float
    fresh: Sequence[float]
    lines: Sequence[str]
    lost: int = 0


@dataclass(frozen=True)
class _Fresh:
    """What the fresh seeds of a setting came to: scores, and how many seeds have none."""

    scores: Sequence[float]
    lost: int

    def rank(self, sign: int) -> tuple[float, float]:
        """Return what sorts settings: whose seeds are lost least, then by the mean; with no seed at all the last."""
        trained = len(self.scores) + self.lost
        share = self.lost / trained if trained else 1.0
        return share, sign * summarise(self.scores).mean if self.scores else float("inf")


def prepare_search(asked: AskedStudy, options: SearchOptions, over: Sequence[str], report: Report) -> PreparedSearch:
    """Return what is searched, every mistake refused before anything is trained.

    Args:
        asked: The model, the dataset, and how cells are run.
        options: How is searched.
        over: Where, by the user's word.
        report: Told of the progress of preparing data.

    Raises:
        ConfigError: For every mistake, one line each.
    """
    from genharness.data import ensure_prepared
    from genharness.data.facts import facts_reader

    require_optuna()
    suite, registry = asked.wanted.suite, asked.registry
    models = asked.wanted.models
    several = (
        "" if len(models) == 1 else f"a search is of one model and setting, and {len(models)} were named: name one"
    )
    datasets = "" if len(suite.datasets) == 1 else f"a search is on one dataset, and {len(suite.datasets)} were named"
    computed = ", ".join(suite.precision)
    precisions = (
        "" if len(suite.precision) == 1 else f"a search is in one precision, and {computed} were named: name one"
    )
    refuse(line for line in (several, datasets, precisions) if line)
    spec = models[0].spec
    shared = ("batch_size",) if suite.batch_size else ()
    axes, mistakes = axes_of(spec, over, (*suite.set.get(spec.name, {}), *shared))
    metrics = [one.spec for one in asked.wanted.metrics]
    column, wrong = deciding_column(replace(suite, until_decided=options.by), metrics)
    mistakes += [line.replace("--until-decided", "--by") for line in wrong]
    owner = next((one for one in metrics if column in one.columns), None)
    if options.prune and not asked.settings.score_every:
        mistakes.append("--prune looks at scores over training: give --score-every, such as 100steps")
    elif options.prune and owner is not None and owner.name not in (asked.settings.score_metrics or ()):
        mistakes.append(f"--prune: {owner.name} is not computed over training: name it with --score-metrics")
    if suite.reference_split == "validation":
        mistakes.append("the search chooses by the validation split: report on another with --reference-split")
    if options.confirm_until_decided and options.fresh_seeds < FEWEST_SEEDS:
        mistakes.append(f"--confirm-until-decided looks first at {FEWEST_SEEDS} seeds: give --fresh-seeds more")
    refuse(mistakes)
    assert column is not None  # else refused
    assert owner is not None
    reader = facts_reader(registry, suite.limit, report)
    name = _with_validation(reader(suite.datasets[0]), options)
    for one in dict.fromkeys((suite.datasets[0], name)):
        reference = parse_reference(one)
        ensure_prepared(registry.datasets.find(reference.name), reference, report=report)
    facts = facts_reader(registry, suite.limit, report)
    seed = suite.seeds[0]
    fresh = fresh_seeds(options.fresh_seeds, seed)
    bare = replace(suite, protocol="", baselines=False)
    tried = replace(bare, datasets=(name,), reference_split="validation", metrics=(owner.name,), seeds=(seed,))
    searched, reported = look_up(tried, registry), look_up(replace(bare, seeds=fresh), registry)
    prepared = PreparedSearch(asked, options, spec, axes, column, searched, reported, facts)
    prepared.task_of(reported, {})  # what cannot be reported is refused before the tries, not behind them
    refuse_uncounted([one.cell for one in prepared.task_of(searched, {})], registry, facts)
    return prepared


def search_rounds(search: PreparedSearch, run: RunTasks, say: Callable[[str], None]) -> Answer | None:
    """Make the tries, train the best again, and return the answer; None where the user stopped it.

    Args:
        search: From `prepare_search`.
        run: Runs tasks; see `RunTasks`.
        say: Told what is being done, a line at a time.

    Raises:
        ConfigError: If no try has a score.
    """
    for line in search.plan_lines:
        say(line)
    tries = search.tries()
    if tries.run(run, search.asked.settings.jobs or 4):
        return None
    if tries.exhausted:
        say(f"the space holds no more settings than the {len(tries.kept.tries)} that were tried")
    if not tries.done:
        raise ConfigError("no try ended with a score: see the records, or look elsewhere with --over")
    best = tries.confirmed()
    words = f"{len(tries.done)} of {len(tries.kept.tries)} tries have a score"
    say(f"{words}; the best {len(best)} are trained again with {search.options.fresh_seeds} fresh seeds")
    found = _fresh_scores(search, search.reported, tries, best, run, say)
    if found is None:
        return None
    sign = -1 if search.column.higher_is_better else 1
    pick = min(best, key=lambda one: found[one.number].rank(sign))
    fresh = found[pick.number]
    if search.options.confirm_twice:
        again = _fresh_scores(search, search.reported_twice, tries, [pick], run, say)
        if again is None:
            return None
        fresh = again[pick.number]
    return _answer(search, tries, pick, fresh)


def _fresh_scores(
    search: PreparedSearch,
    wanted: Wanted,
    tries: Tries,
    best: Sequence[Try],
    run: RunTasks,
    say: Callable[[str], None],
) -> dict[int, _Fresh] | None:
    """Train tries with fresh seeds and return what they came to by number; None where the user stopped it."""
    store = search.asked.store
    tasks = {one.number: search.task_of(wanted, one.options) for one in best}
    for todo in _batches(search, [task for each in zip(*tasks.values(), strict=True) for task in each], say):
        if run(todo, lambda event: None, threading.Event()):
            return None
    found: dict[int, _Fresh] = {}
    for one in best:
        records = [record for task in tasks[one.number] if (record := store.load(task.cell.id)) is not None]
        ended = [record for record in records if record.finished]
        scores = [value for each in ended if (value := each.scores.get(search.column.key)) is not None]
        trained = len(ended) + sum(record.went_wrong for record in records)
        found[one.number] = _Fresh(scores, trained - len(scores))
        facts = {"tuning_tries": len(tries.done), "tuning_seconds": tries.seconds, "tuning_score": one.scored}
        for record in ended:
            if not facts.items() <= record.facts.items():
                record.facts |= facts
                store.save(record)
    return found


def _batches(search: PreparedSearch, tasks: Sequence[Task], say: Callable[[str], None]) -> Iterator[list[Task]]:
    """Yield what is to be trained of the best: all of it, or look after look until it is decided which is best."""
    questions = search.questions_on(tasks)
    if questions:
        yield from rounds(questions, (), search.asked.left, search.asked.store, say)
        return
    todo = [one.task for one in search.asked.left(tasks) if not one.done]
    if todo:
        yield todo


def _answer(search: PreparedSearch, tries: Tries, pick: Try, fresh: _Fresh) -> Answer:
    setting = " ".join(setting_words(pick.options))
    pruned = sum(one.state == "pruned" for one in tries.kept.tries)
    more = f", {pruned} more pruned," if pruned else ""
    head = (
        f"best of {len(tries.done)} tries{more} by {search.title} on the validation split, "
        f"{tries.seconds:,.0f} s of tuning: {search.spec.name} {setting}"
    )
    return Answer(
        pick.options,
        pick.scored,
        len(tries.done),
        tries.seconds,
        fresh.scores,
        [head, _reported(search, pick, fresh), *_expected(search, tries)],
        fresh.lost,
    )


def _reported(search: PreparedSearch, pick: Try, seeds: _Fresh) -> str:
    split, lost = search.reported.suite.reference_split, seeds.lost
    if not seeds.scores:
        return f"none of its fresh seeds has a score against the {split} split"
    fresh, text = summarise(seeds.scores), search.column.text
    low, high = fresh.interval_low, fresh.interval_high
    ends = "" if low is None or high is None else f" (95 %: {text(low)} to {text(high)})"
    gone = f"; {lost} of {fresh.n + lost} fresh seeds {'has' if lost == 1 else 'have'} no score" if lost else ""
    promised = pick.scored > fresh.mean if search.column.higher_is_better else pick.scored < fresh.mean
    curse = ": the best of many noisy scores flatters itself (winner's curse)" if promised else ""
    return (
        f"{search.title} of {fresh.n} fresh seed{'' if fresh.n == 1 else 's'} against the {split} split: "
        f"{text(fresh.mean)}{ends}{gone}; its search score was {text(pick.scored)}{curse}"
    )


def _expected(search: PreparedSearch, tries: Tries) -> Iterator[str]:
    """Say what fewer tries would have come to: of random search alone, and up to half of the tries."""
    scores = [one.score for one in tries.done if one.score is not None]
    counts = sorted({count for count in (1, 2, 5, 10, 20, 50, len(scores) // 2) if 1 <= count <= len(scores) // 2})
    if search.options.method != "random" or not counts:
        return
    higher, text = bool(search.column.higher_is_better), search.column.text
    parts = [f"{count}: {text(expected_best(scores, count, higher_is_better=higher))}" for count in counts]
    yield f"expected best {search.title} after n tries (validation, one seed each): {', '.join(parts)}"


def _in_short(axis: Axis) -> str:
    """Return an axis in words; of many values the first, and how many there are."""
    if len(axis.choices) <= _MOST_CHOICES:
        return shown(axis, _LONGEST_AXIS)
    first = ", ".join(shown(one) for one in axis.choices[:_MOST_CHOICES])
    return f"{axis.name} in {first}, ... ({len(axis.choices):,} values)"


def _with_validation(facts: DatasetFacts, options: SearchOptions) -> str:
    """Return the dataset with a validation split: its own, else some training samples that are held out."""
    if "validation" in facts.counts:
        if options.validation is not None:
            raise ConfigError(f"{facts.reference} has a validation split of its own: leave --validation out")
        return facts.reference
    count = options.validation or max(2, min(facts.counts["train"] // _HELD_OUT, facts.counts["test"]))
    return str(replace(parse_reference(facts.reference), validation=count))
