"""Suite + Registry -> cells. Everything that can be refused is refused here, before anything is trained."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genharness.errors import ConfigError, GenharnessError, did_you_mean, refuse
from genharness.files.gc_pause import no_collection
from genharness.files.weights import locate_weights
from genharness.identity.parts import training_codes
from genharness.plugin.registry import Registry
from genharness.spec.cell import Cell, Settings, Task
from genharness.spec.cell_names import CellNames, NamedRow
from genharness.spec.columns import Column
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.dataset_name import parse_reference
from genharness.spec.length import Length, parse_length
from genharness.spec.options import checked
from genharness.spec.plugins import DataShape, MetricSpec, ModelSpec, Recipe, Remote, Spec
from genharness.spec.protocol import Protocol
from genharness.study.compatibility import metric_misfit, model_misfit
from genharness.study.measuring import choose_extractor, feature_errors, protocol_of, select, select_metrics, settled
from genharness.study.points import chosen_models, size_errors, sweep_errors
from genharness.study.question import deciding_column, with_seeds
from genharness.study.runnable import missing_packages, missing_weights, named_metrics
from genharness.study.settings import Chosen, ChosenModel, choose, setting_errors
from genharness.study.suite import Suite

__all__ = ["Plan", "Skip", "Wanted", "expand", "look_up", "plan_of"]

SAMPLE_CAPS = {"smoke": 1000, "standard": 10_000, "paper": 50_000}
"""Generated samples to score, at most, by budget; other budgets count as `standard`."""

FEWEST_STEPS = 50
"""Steps that a recipe's `full_up_to` leaves to the largest images."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A pair that was asked for and cannot be."""

    model: str
    dataset: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What will be done.

    Attributes:
        tasks: Cells to have, every model's first seed first; of those that share a training the first stands there,
            and the others behind all that train, so that cells beside each other do not wait for one training.
        skips: Incompatible pairs, each with its reason.
        notes: Lines that the user should read, such as which extractor was chosen.
    """

    tasks: Sequence[Task] = ()
    skips: Sequence[Skip] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Wanted:
    """What a suite asks for, looked up and checked, every option resolved: what needs no data to be known.

    Attributes:
        suite: What was asked for.
        registry: What exists.
        models: With their recipes and options, once for each budget and point of a sweep.
        metrics: With their options.
        code: Digests of the code that decides what is trained, by model.
        deciding: The score that decides how many seeds rows get; None where all get all.
        notes: Lines that the user should read, such as which size is meant.
    """

    suite: Suite
    registry: Registry
    models: Sequence[ChosenModel]
    metrics: Sequence[Chosen[MetricSpec]]
    code: Mapping[str, Mapping[str, str]]
    deciding: Column | None = None
    notes: Sequence[str] = ()


def expand(suite: Suite, registry: Registry, settings: Settings, dataset_facts: Callable[[str], DatasetFacts]) -> Plan:
    """Return the cells of a suite: what `look_up` and `plan_of` give.

    Args:
        suite: What was asked for.
        registry: What exists.
        settings: How cells are run.
        dataset_facts: Gives shape and counts of a dataset reference.

    Raises:
        ConfigError: For every mistake at once, one line each.
    """
    return plan_of(look_up(suite, registry), settings, dataset_facts)


def look_up(suite: Suite, registry: Registry, beside: Iterable[Spec] = (), mistakes: Iterable[str] = ()) -> Wanted:
    """Find and check everything that a suite names, without a look at any data.

    Args:
        suite: What was asked for.
        registry: What exists.
        beside: Plugins of the run that are in no cell and may be set: executor, trackers, reporter.
        mistakes: What is known to be wrong already, to be told with the rest.

    Raises:
        ConfigError: For every mistake at once, one line each.
    """
    suite, wrong = checked(suite)
    suite, contradictions = settled(suite)
    suite, wrong_seeds = with_seeds(suite)
    models, wrong_models = select(registry.models, suite.models)
    models += [spec for spec in registry.models.values() if suite.baselines and spec.baseline and spec not in models]
    metrics, wrong_metrics = select_metrics(registry, suite.metrics)
    deciding, wrong_deciding = deciding_column(suite, metrics)
    owners = (*registry.extractors.values(), *metrics, *models, *beside)
    wrong_settings = [*setting_errors(suite.set, owners, registry), *sweep_errors(suite, models, registry)]
    named = [*wrong_models, *wrong_metrics, *_dataset_errors(suite, registry)]
    absent = missing_packages(named_metrics(metrics, suite.metrics))
    named += _without_argument(models, suite)
    question = [*wrong_seeds, *wrong_deciding]
    beyond = [*wrong_settings, *feature_errors(suite, registry)]
    refuse([*mistakes, *wrong, *contradictions, *absent, *named, *question, *beyond])
    refuse(size_errors(suite, models))
    sized, notes = _at_smoke_sides(suite, registry)
    return Wanted(
        sized,
        registry,
        models=chosen_models(models, suite),
        metrics=[choose(spec, suite.set) for spec in metrics],
        code=training_codes(registry, [spec.name for spec in models]),
        deciding=deciding,
        notes=notes,
    )


def _without_argument(models: Sequence[ModelSpec], suite: Suite) -> list[str]:
    return [
        f"{spec.name} needs what it is of: name it as {spec.name}:{spec.argument.upper()}"
        for spec in models
        if spec.argument and not {**spec.recipes["standard"].options, **suite.set.get(spec.name, {})}.get(spec.argument)
    ]


def _dataset_errors(suite: Suite, registry: Registry) -> list[str]:
    mistakes = [] if suite.datasets else ["no dataset was named: name at least one (see `genharness list datasets`)"]
    for name in suite.datasets:
        try:
            registry.datasets.find(parse_reference(name).name)
        except ConfigError as error:
            mistakes += error.lines
    return mistakes


def _at_smoke_sides(suite: Suite, registry: Registry) -> tuple[Suite, list[str]]:
    """Return a suite whose data a smoke run takes as small as it can learn from, and what the user is told of it."""
    if set(suite.budget) != {"smoke"}:
        return suite, []
    datasets, notes = [], []
    for name in suite.datasets:
        reference = parse_reference(name)
        side = registry.datasets.find(reference.name).smoke_side
        if side is None or reference.size is not None:
            datasets.append(name)
            continue
        datasets.append(str(dataclasses.replace(reference, size=side)))
        notes.append(
            f"{name} at {side} pixels, which a smoke run can learn: {reference.base}@SIZE asks for another size"
        )
    return dataclasses.replace(suite, datasets=tuple(datasets)), notes


def plan_of(wanted: Wanted, settings: Settings, dataset_facts: Callable[[str], DatasetFacts]) -> Plan:
    """Return the cells of what is wanted.

    Args:
        wanted: From `look_up`.
        settings: How cells are run.
        dataset_facts: Gives shape and counts of a dataset reference.

    Raises:
        ConfigError: For every dataset that cannot be used, one line each.
    """
    at_hand = functools.cache(lambda remote: locate_weights(remote, settings.weights) is not None)
    facts = _all_facts(wanted.suite, dataset_facts)
    parts = [_dataset_plan(wanted, one, settings, at_hand) for one in facts]
    rows = [task for part in parts for task in part.tasks]
    named = named_metrics([metric.spec for metric in wanted.metrics], wanted.suite.metrics)
    absent = missing_weights(named, wanted.registry, at_hand)
    with no_collection():
        tasks = _by_training(rows, wanted.suite.seeds)
    plan = Plan(
        tasks=tasks,
        skips=[skip for part in parts for skip in part.skips],
        notes=[
            *wanted.notes,
            *(note for one in facts for note in one.notes),
            *(note for part in parts for note in part.notes),
            *absent,
        ],
    )
    _refuse_hopeless(plan, wanted.suite)
    return plan


def _all_facts(suite: Suite, dataset_facts: Callable[[str], DatasetFacts]) -> list[DatasetFacts]:
    """Return the facts of every dataset, once each."""
    facts: dict[str, DatasetFacts] = {}
    mistakes: list[str] = []
    for name in suite.datasets:
        try:
            one = dataset_facts(name)
        except GenharnessError as error:
            mistakes += error.lines
            continue
        facts[one.reference] = one
        if suite.reference_split not in one.counts:
            hint = did_you_mean(suite.reference_split, one.counts)
            mistakes.append(f"{one.reference} has no split {suite.reference_split!r} to compare with{hint}")
    refuse(mistakes)
    return list(facts.values())


def _dataset_plan(wanted: Wanted, facts: DatasetFacts, settings: Settings, at_hand: Callable[[Remote], bool]) -> Plan:
    """Return one task, without a seed, for each model that fits the dataset, and those that do not."""
    suite = wanted.suite
    extractor, note = choose_extractor(suite, wanted.registry, facts, at_hand)
    samples = _sample_count(suite, facts)
    protocol = protocol_of(suite, extractor, samples, wanted.metrics)
    protocol = dataclasses.replace(protocol, dataset_hash=facts.content_hash)
    rows = _Rows(wanted, facts, settings, protocol)
    tasks, skips = [], []
    for model in wanted.models:
        training = model.training
        mirror = training.mirror and not model.recipe.mirror  # a recipe's own is for the images among the data
        reason = model_misfit(
            model.spec, facts, batch_size=training.batch_size, balanced=training.balanced, mirror=mirror
        )
        if reason:
            skips.append(Skip(model.spec.name, facts.reference, reason))
        else:
            computes = model.spec.trained or model.spec.argument  # reference rows are the same in every precision
            tasks += [rows.task(model, one) for one in (suite.precision if computes else suite.precision[:1])]
    return Plan(tasks, list(dict.fromkeys(skips)), [note] if note else [])


def _sample_count(suite: Suite, facts: DatasetFacts) -> int:
    """Return the samples to score: of several budgets the fewest, or their rows would stand in different tables."""
    if suite.samples is not None:
        return suite.samples
    return min(_budgets_count(budget, facts) for budget in suite.budget)


def _budgets_count(budget: str, facts: DatasetFacts) -> int:
    cap = SAMPLE_CAPS.get(budget, SAMPLE_CAPS["standard"])
    return cap if budget == "paper" else min(cap, facts.counts["test"])


def _length(model: ChosenModel, shape: DataShape) -> Length:
    """Return how long to train: the recipe's length, or the one that the budget is."""
    own = model.budget in model.spec.recipes or not model.spec.trained
    return _shortened(model.recipe, shape) if own else parse_length(model.budget)


def _shortened(recipe: Recipe, shape: DataShape) -> Length:
    """Return the recipe's length for images of this size."""
    length = parse_length(recipe.length)
    if recipe.full_up_to is None or length.unit != "steps" or shape.modality != "image":
        return length
    share = recipe.full_up_to**2 / (shape.height * shape.width)
    return Length(max(min(length.amount, FEWEST_STEPS), round(length.amount * min(1.0, share))), "steps")


class _Rows:
    """Makes the tasks of one dataset; what models have in common is found once."""

    def __init__(self, wanted: Wanted, facts: DatasetFacts, settings: Settings, protocol: Protocol) -> None:
        self._wanted, self._facts, self._settings, self._protocol = wanted, facts, settings, protocol
        self._of_model: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        self._of_metrics: dict[tuple[Any, ...], tuple[Mapping[str, Any], Mapping[str, str]]] = {}

    def task(self, model: ChosenModel, precision: str) -> Task:
        """Return the task of a model, without a seed."""
        metrics, skipped = self._metrics(model.spec)
        return Task(cell=self._cell(model, precision), metrics=metrics, skipped=skipped, settings=self._settings)

    def _cell(self, model: ChosenModel, precision: str) -> Cell:
        return Cell(
            model=model.spec.name,
            options=model.options,
            sampling=model.sampling,
            dataset=self._facts.reference,
            seed=0,
            budget=model.budget,
            **vars(model.training),
            device=self._settings.device.partition(":")[0],
            precision=_precision(precision, self._settings.device),
            compiled=self._wanted.suite.compile,
            protocol=self._protocol,
            inputs=model.inputs,
            **self._common(model),
        )

    def _common(self, model: ChosenModel) -> Mapping[str, Any]:
        """Return what is the same at every point of a model: length, versions, code."""
        key = (model.spec.name, model.budget)
        if key not in self._of_model:
            registry = self._wanted.registry
            plugins = {
                "model": str(registry.models.provider(model.spec.name)),
                "dataset": str(registry.datasets.provider(self._facts.spec_name)),
                "extractor": str(registry.extractors.provider(self._protocol.extractor)),
            }
            length = str(_length(model, self._facts.shape))
            self._of_model[key] = {"length": length, "plugins": plugins, "code": self._wanted.code[model.spec.name]}
        return self._of_model[key]

    def _metrics(self, spec: ModelSpec) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """Return the metrics that a model can have here with their options, and why it cannot have the others."""
        key = (spec.name, spec.capabilities, spec.needs_labels)
        if key not in self._of_metrics:
            misfits = {one.spec.name: metric_misfit(one.spec, spec, self._facts) for one in self._wanted.metrics}
            self._of_metrics[key] = (
                {one.spec.name: one.options for one in self._wanted.metrics if not misfits[one.spec.name]},
                {name: reason for name, reason in misfits.items() if reason},
            )
        return self._of_metrics[key]


def _precision(asked: str, device: str) -> str:
    """Return the arithmetic of a cell: `auto` is TF32 on CUDA, where published code has it in convolutions at least."""
    if asked != "auto":
        return asked
    return "tf32" if device.startswith("cuda") else "fp32"


def _by_training(rows: Sequence[Task], seeds: Sequence[int]) -> list[Task]:
    """Return every cell once, the first of each training before all others, and tell those that share one.

    Args:
        rows: Tasks of any seed.
        seeds: Training seeds; every row's first comes first.
    """
    names = CellNames()
    trainings: dict[bytes, dict[bytes, tuple[Task, NamedRow]]] = {}
    for row in rows:
        named = names.of(row.cell)
        trainings.setdefault(named.training_key, {}).setdefault(named.key, (row, named))
    groups = [tuple(same.values()) for same in trainings.values()]
    first: list[Task] = []
    others: list[Task] = []
    for seed in dict.fromkeys(seeds):
        for same in groups:
            one, *more = _sharing([(row, named.cell(seed)) for row, named in same])
            first.append(one)
            others += more
    return first + others


def _sharing(cells: Sequence[tuple[Task, Cell]]) -> list[Task]:
    """Return the tasks of cells that share a training, each told of the others."""
    ids = [cell.id for _, cell in cells] if len(cells) > 1 else []
    return [
        Task(
            cell=cell,
            metrics=row.metrics,
            settings=row.settings,
            skipped=row.skipped,
            shares=tuple(one for one in ids if one != cell.id),
        )
        for row, cell in cells
    ]


def _refuse_hopeless(plan: Plan, suite: Suite) -> None:
    """Refuse a model that was named and fits no dataset, and a plan without a cell."""
    planned = {task.cell.model for task in plan.tasks}
    named = set(suite.models)
    lost = [skip for skip in plan.skips if skip.model not in planned and (skip.model in named or not planned)]
    refuse(f"{skip.model} on {skip.dataset}: {skip.reason}" for skip in lost)
