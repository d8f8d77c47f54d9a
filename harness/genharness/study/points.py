"""Suite -> points: every model with every setting that the study asks for, each resolved once."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genharness.errors import MOST_MISTAKES, ConfigError, attempt, refuse, shown
from genharness.plugin.registry import Registry
from genharness.spec.plugins import ModelSpec
from genharness.study.settings import ChosenModel, choose_model, shared_options, stray
from genharness.study.suite import Suite
from genharness.study.variants import Point, read_ablation, read_changes, read_grid

__all__ = ["MOST_CELLS", "chosen_models", "points_of", "size_errors", "sweep_errors"]

MOST_CELLS = 1_000_000
"""Cells that one study may be of: so many fill 2 GiB, and are years of the shortest trainings."""

_MOST_NAMED = 6


def chosen_models(models: Iterable[ModelSpec], suite: Suite) -> list[ChosenModel]:
    """Return the models of a suite, once for each budget and point.

    Raises:
        ConfigError: For every point that cannot be, one line each.
    """
    found: list[ChosenModel] = []
    mistakes: list[str] = []
    for spec in models:
        points = points_of(spec, suite)
        for budget in suite.budget if spec.trained else suite.budget[:1]:
            for point in points:
                try:
                    found.append(choose_model(spec, {spec.name: point}, budget))
                except ConfigError as error:
                    mistakes += _at(error, point, points)
                if len(mistakes) > MOST_MISTAKES:  # nobody reads more
                    refuse(mistakes)
        mistakes += _idle_changes(spec, suite, found)
    refuse(mistakes)
    return found


def points_of(spec: ModelSpec, suite: Suite) -> list[Point]:
    """Return the settings of every point that a suite asks for of a model.

    The points of its grid, and of an ablation the base and every single change; a model with an ablation and no axes
    has that alone.

    Raises:
        ConfigError: For what is wrong with its axes, one line each.
    """
    values, sweep, ablate = _own(spec, suite)
    ablation = read_ablation(spec, values, ablate, shared_options(spec)) if ablate else []
    if ablation and not sweep:
        return ablation
    grid = read_grid(spec, values, sweep, shared_options(spec)).points()
    return [*grid, *(point for point in ablation if point not in grid)]


def _own(spec: ModelSpec, suite: Suite) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]]:
    """Return the settings of a model, its axes and its ablations."""
    values, sweep = suite.set.get(spec.name, {}), suite.sweep.get(spec.name, {})
    if suite.batch_size and spec.trained and "batch_size" not in (*values, *sweep):
        batches: Any = list(suite.batch_size)
        values = {**values, "batch_size": batches if len(batches) > 1 else batches[0]}
    return values, sweep, suite.ablate.get(spec.name, {})


def sweep_errors(suite: Suite, models: Sequence[ModelSpec], registry: Registry) -> list[str]:
    """Return every mistake among the axes and ablations of a suite.

    Args:
        suite: What was asked for.
        models: The models that take part.
        registry: What else exists.
    """
    by_name = {spec.name: spec for spec in models}
    errors: list[str] = []
    for word, tables in (("sweep", suite.sweep), ("ablate", suite.ablate)):
        errors += [_no_model(word, name, registry) for name in tables if name not in by_name]
    for name in dict.fromkeys(name for name in (*suite.sweep, *suite.ablate) if name in by_name):
        values, sweep, ablate = _own(by_name[name], suite)
        errors += attempt(functools.partial(_read_axes, by_name[name], values, sweep, ablate))[1]
    return errors + _idle_batch_size(suite, models)


def _idle_batch_size(suite: Suite, models: Sequence[ModelSpec]) -> list[str]:
    """Return that the batch size of all reaches none: every model that is trained has one of its own."""
    trained = [spec for spec in models if spec.trained]
    own = [
        spec.name
        for spec in trained
        if "batch_size" in {**suite.set.get(spec.name, {}), **suite.sweep.get(spec.name, {})}
    ]
    if not suite.batch_size or not own or len(own) < len(trained):
        return []
    given = ",".join(map(str, suite.batch_size))
    return [
        f"batch size {given} reaches no model: {shown(own[0])}.batch_size is set or swept"
        f"{f', and so is that of {len(own) - 1} more' if own[1:] else ''}: leave one of them out"
    ]


def size_errors(suite: Suite, models: Sequence[ModelSpec]) -> list[str]:
    """Return that a suite is of too many cells, without making them; nothing where it is not.

    Reference rows count once for each precision, though all of these are one.

    Args:
        suite: What was asked for, without mistakes.
        models: The models that take part.
    """
    budgets = {True: len(suite.budget), False: 1}
    rows = sum(len(points_of(spec, suite)) * budgets[spec.trained] for spec in models)
    cells = rows * len(suite.precision) * len(suite.datasets) * len(suite.seeds)
    if cells <= MOST_CELLS:
        return []
    return [
        f"{cells:,} cells are too many: at most {MOST_CELLS:,} of all models, settings, budgets, datasets and seeds"
    ]


def _no_model(word: str, name: str, registry: Registry) -> str:
    """Return why nothing of this name can be swept or ablated here."""
    kinds = [plural for plural, kind in registry.kinds.items() if name in kind]
    if not kinds or "models" in kinds:
        return stray(word, name, registry)
    return (
        f"{word} {name}: that is one of the {kinds[0]}, and only options of models vary in a study: --set gives it one"
    )


def _read_axes(spec: ModelSpec, values: Mapping[str, Any], sweep: Mapping[str, Any], ablate: Mapping[str, Any]) -> None:
    shared = shared_options(spec)
    grid = attempt(lambda: read_grid(spec, values, sweep, shared))[1]
    refuse([*grid, *(attempt(lambda: read_ablation(spec, values, ablate, shared))[1] if ablate else ())])


def _at(error: ConfigError, point: Point, points: Sequence[Point]) -> list[str]:
    """Return the lines of an error, with the settings in which its point differs from others."""
    differing = [name for name in point if any(str(one.get(name)) != str(point[name]) for one in points)]
    where = ", ".join(f"{name}={point[name]}" for name in differing[:_MOST_NAMED])
    return [f"{line} (at {where})" if where else line for line in error.lines]


def _idle_changes(spec: ModelSpec, suite: Suite, found: Sequence[ChosenModel]) -> list[str]:
    """Return a line for each change of an ablation that changes nothing: the base has it already."""
    values, _, ablate = _own(spec, suite)
    if not ablate:
        return []
    lines = []
    for budget in suite.budget:
        base = choose_model(spec, {spec.name: values}, budget)
        for name, point in read_changes(spec, values, ablate, shared_options(spec)):
            if _resolved(choose_model(spec, {spec.name: point}, budget)) == _resolved(base):
                lines.append(
                    f"ablate.{spec.name}.{name}={point[name]} changes nothing: the base has it at budget {budget}"
                )
    return lines


def _resolved(one: ChosenModel) -> tuple[Any, ...]:
    return one.training, one.options, one.sampling
