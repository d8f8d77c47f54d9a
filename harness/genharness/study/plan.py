"""Suite + Registry -> cells. Everything that can be refused is refused here, before anything is trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from genharness.errors import ConfigError, GenharnessError, nearest, refuse
from genharness.identity.parts import training_code
from genharness.plugin.registry import BUDGETS, Registry
from genharness.spec.cell import Cell, Settings, Task
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.length import Length, parse_length
from genharness.spec.options import build_config
from genharness.spec.plugins import DataShape, MetricSpec, ModelSpec, Recipe, Spec, as_plain
from genharness.spec.protocol import Protocol
from genharness.study.compatibility import metric_misfit, model_misfit
from genharness.study.measuring import (
    all_inputs,
    all_options,
    choose_extractor,
    feature_errors,
    protocol_of,
    select,
    select_metrics,
)
from genharness.study.settings import TrainingOptions, setting_errors, training_part
from genharness.study.suite import Suite

__all__ = ["Plan", "Skip", "expand"]

SAMPLE_CAPS = {"smoke": 2000, "standard": 10_000, "paper": 50_000}
"""Generated samples to score, at most, by budget; other budgets count as `standard`."""

FEWEST_STEPS = 50
"""Steps that a recipe's `full_up_to` leaves to the largest images."""


@dataclass(frozen=True, slots=True)
class Skip:
    """A pair that was asked for and cannot be."""

    model: str
    dataset: str
    reason: str


@dataclass
class Plan:
    """What will be done.

    Attributes:
        tasks: Cells to have, every model's first seed first.
        skips: Incompatible pairs, each with its reason.
        notes: Lines that the user should read, such as which extractor was chosen.
    """

    tasks: list[Task] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def expand(
    suite: Suite,
    registry: Registry,
    settings: Settings,
    dataset_facts: Callable[[str], DatasetFacts],
    beside: Iterable[Spec] = (),
) -> Plan:
    """Return the cells of a suite.

    Args:
        suite: What was asked for.
        registry: What exists.
        settings: How cells are run.
        dataset_facts: Gives shape and counts of a dataset reference.
        beside: Plugins of the run that are in no cell and may be set: executor, trackers, reporter.

    Raises:
        ConfigError: For every mistake at once, one line each.
    """
    errors: list[str] = []
    models = select(registry.models, suite.models, errors)
    metrics = select_metrics(registry, suite.metrics, errors)
    facts = _all_facts(suite.datasets, dataset_facts, errors)
    errors += _budget_errors(suite)
    owners = (*registry.extractors.values(), *metrics, *models, *beside)
    errors += setting_errors(suite.set, owners, registry)
    errors += feature_errors(suite, registry)
    refuse(errors)
    plan = Plan()
    rows = [row for one in facts for row in _dataset_rows(one, suite, registry, settings, models, metrics, plan)]
    plan.tasks = [_with_seed(task, seed) for seed in suite.seeds for task in rows]
    _refuse_hopeless(plan, suite, models)
    return plan


def _all_facts(
    references: Iterable[str], dataset_facts: Callable[[str], DatasetFacts], errors: list[str]
) -> list[DatasetFacts]:
    facts = []
    for reference in references:
        try:
            facts.append(dataset_facts(reference))
        except GenharnessError as error:
            errors += error.lines
    if not facts and not errors:
        errors.append("no dataset was named: name at least one (see `genharness list datasets`)")
    return list({one.reference: one for one in facts}.values())


def _budget_errors(suite: Suite) -> list[str]:
    if suite.budget in BUDGETS:
        return []
    try:
        length = parse_length(suite.budget)
    except ConfigError as error:
        meant = nearest(suite.budget, BUDGETS)
        return [f"{error}; did you mean {meant!r}?" if meant else str(error)]
    return [] if length.amount > 0 else [f"budget {suite.budget!r} trains nothing: it must be more than 0"]


def _dataset_rows(
    facts: DatasetFacts,
    suite: Suite,
    registry: Registry,
    settings: Settings,
    models: list[ModelSpec],
    metrics: list[MetricSpec],
    plan: Plan,
) -> list[Task]:
    """Return one task, without a seed, for each model that fits the dataset; note those that do not."""
    extractor = choose_extractor(suite, registry, settings.weights, facts, plan.notes)
    samples = suite.samples or min(SAMPLE_CAPS.get(suite.budget, SAMPLE_CAPS["standard"]), facts.counts["test"])
    if suite.budget == "paper" and not suite.samples:
        samples = SAMPLE_CAPS["paper"]
    tasks = []
    for model in models:
        recipe = _recipe(model, suite, facts.shape)
        training = _training(model, recipe, suite)
        reason = model_misfit(model, facts, samples, batch_size=training.batch_size, balanced=training.balanced)
        if reason:
            plan.skips.append(Skip(model.name, facts.reference, reason))
            continue
        protocol = dataclasses.replace(protocol_of(suite, extractor, samples, metrics), dataset_hash=facts.content_hash)
        cell = _cell(model, recipe, training, facts, suite, registry, settings, protocol)
        tasks.append(_task(cell, model, facts, suite, metrics, settings))
    return tasks


def _recipe(model: ModelSpec, suite: Suite, shape: DataShape) -> Recipe:
    """Return the recipe of the budget; a length such as `20epochs` takes the standard recipe for so long."""
    recipe = model.recipes.get(suite.budget) or model.recipes["standard"]
    own = suite.budget in model.recipes or not model.trained
    length = _shortened(recipe, shape) if own else parse_length(suite.budget)
    return dataclasses.replace(recipe, length=str(length))


def _shortened(recipe: Recipe, shape: DataShape) -> Length:
    """Return the recipe's length for images of this size."""
    length = parse_length(recipe.length)
    if recipe.full_up_to is None or length.unit != "steps" or shape.modality != "image":
        return length
    share = recipe.full_up_to**2 / (shape.height * shape.width)
    return Length(max(min(length.amount, FEWEST_STEPS), round(length.amount * min(1.0, share))), "steps")


def _training(model: ModelSpec, recipe: Recipe, suite: Suite) -> TrainingOptions:
    """Return the options that every trained model has: the recipe's, then the user's."""
    shared = training_part(model, suite.set.get(model.name, {}))
    base = {"batch_size": recipe.batch_size, "ema": recipe.ema, "mirror": recipe.mirror}
    options: TrainingOptions = build_config(model.name, TrainingOptions, {**base, **shared})
    return options


def _model_values(model: ModelSpec, suite: Suite, recipe: Recipe) -> dict[str, Any]:
    """Return the options of a model that may differ from their defaults: the recipe's, then the user's."""
    values = suite.set.get(model.name, {})
    shared = training_part(model, values)
    return {**recipe.options, **{name: value for name, value in values.items() if name not in shared}}


def _cell(
    model: ModelSpec,
    recipe: Recipe,
    training: TrainingOptions,
    facts: DatasetFacts,
    suite: Suite,
    registry: Registry,
    settings: Settings,
    protocol: Protocol,
) -> Cell:
    values = _model_values(model, suite, recipe)
    return Cell(
        model=model.name,
        options=all_options(model, values),
        dataset=facts.reference,
        seed=0,
        budget=suite.budget,
        length=recipe.length,
        **as_plain(training),
        device=settings.device.partition(":")[0],
        precision=suite.precision,
        compiled=suite.compile,
        protocol=protocol,
        plugins={
            "model": str(registry.models.provider(model.name)),
            "dataset": str(registry.datasets.provider(facts.spec_name)),
            "extractor": str(registry.extractors.provider(protocol.extractor)),
        },
        code=training_code(registry, model.name),
        inputs=all_inputs(model, values),
    )


def _task(
    cell: Cell,
    model: ModelSpec,
    facts: DatasetFacts,
    suite: Suite,
    metrics: list[MetricSpec],
    settings: Settings,
) -> Task:
    misfits = {spec.name: metric_misfit(spec, model, facts) for spec in metrics}
    return Task(
        cell=cell,
        metrics={
            spec.name: all_options(spec, suite.set.get(spec.name, {})) for spec in metrics if not misfits[spec.name]
        },
        skipped={name: reason for name, reason in misfits.items() if reason},
        settings=settings,
    )


def _with_seed(task: Task, seed: int) -> Task:
    cell = Cell.from_plain({**task.cell.as_plain(), "seed": seed})
    return Task(cell=cell, metrics=task.metrics, skipped=task.skipped, settings=task.settings)


def _refuse_hopeless(plan: Plan, suite: Suite, models: list[ModelSpec]) -> None:
    """Refuse a model that was named and fits no dataset, and a plan without a cell."""
    planned = {task.cell.model for task in plan.tasks}
    lost = [skip for skip in plan.skips if skip.model not in planned and (skip.model in suite.models or not planned)]
    if lost:
        raise ConfigError(*(f"{skip.model} on {skip.dataset}: {skip.reason}" for skip in lost))
