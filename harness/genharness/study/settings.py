"""What is set for plugins by `--set NAME.OPTION=VALUE`: held against what they declare, and resolved once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from genharness.errors import ConfigError, nearest, refuse, shown
from genharness.identity.contents import inputs_of
from genharness.plugin.registry import Registry, config_of
from genharness.spec.cell import Cell
from genharness.spec.options import (
    Option,
    PluginOptions,
    as_options,
    build_config,
    no_option,
    option,
    option_errors,
    options_of,
)
from genharness.spec.plugins import ModelSpec, Recipe, Spec
from genharness.study.axes import has_several
from genharness.study.variants import read_grid

__all__ = [
    "LARGEST_BATCH",
    "Chosen",
    "ChosenModel",
    "S",
    "TrainingOptions",
    "by_stage",
    "choose",
    "choose_model",
    "drawn_options",
    "setting_errors",
    "shared_options",
    "stray",
]

S = TypeVar("S", bound=Spec)

LARGEST_BATCH = 2**31 - 1


@dataclass(frozen=True)
class TrainingOptions:
    """What can be set for every trained model beside its own options."""

    batch_size: int = option(64, low=1, high=LARGEST_BATCH, help="samples in a batch")
    ema: float | None = option(None, low=0, high=0.999999, help="decay of the weight average that samples come from")
    mirror: bool = option(False, help="mirror training images left to right at random")
    balanced: bool = option(False, help="show every class equally often; needs labels")


@dataclass(frozen=True)
class Chosen(Generic[S]):
    """A plugin with its options, as cells, protocols and tasks have them.

    Attributes:
        spec: The plugin.
        options: Every option of it, as plain values.
        changed: Those that differ from their defaults.
        inputs: What the files hold that options name, by option.
    """

    spec: S
    options: Mapping[str, Any]
    changed: Mapping[str, Any]
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class ChosenModel:
    """A model with the recipe that it is trained by and all that can be set.

    Attributes:
        spec: The model.
        budget: A recipe's name, or a length.
        recipe: Of the budget, or of `standard` for a length.
        training: What every trained model can be told: the recipe's, over it the user's.
        options: Every option of its own that training reads, as plain values: defaults, over them the recipe's, over
            them the user's.
        sampling: Likewise those that only sampling reads.
        inputs: What the files hold that options name, by option.
    """

    spec: ModelSpec
    budget: str
    recipe: Recipe
    training: TrainingOptions
    options: Mapping[str, Any]
    sampling: Mapping[str, Any]
    inputs: Mapping[str, str]


def choose(spec: S, settings: PluginOptions) -> Chosen[S]:
    """Return a plugin with its options.

    Raises:
        ConfigError: If one does not fit, or names a file that is not there.
    """
    config = config_of(spec, settings)
    options, defaults = as_options(config), as_options(spec.config())
    changed = {name: value for name, value in options.items() if value != defaults[name]}
    return Chosen(spec, options, changed, _inputs(spec, config))


def choose_model(spec: ModelSpec, settings: PluginOptions, budget: str) -> ChosenModel:
    """Return a model with its options for a budget.

    Args:
        spec: The model.
        settings: Options by plugin name.
        budget: A recipe's name, or a length.

    Raises:
        ConfigError: If an option does not fit, or names a file that is not there.
    """
    recipe = spec.recipes.get(budget) or spec.recipes["standard"]
    shared, own = _parts(spec, settings.get(spec.name, {}))
    base = {"batch_size": recipe.batch_size, "mirror": recipe.mirror}
    training: TrainingOptions = build_config(spec.name, TrainingOptions, {**base, **shared})
    if "ema" not in shared:
        training = dataclasses.replace(training, ema=recipe.decay(training.batch_size))
    config = build_config(spec.name, spec.config, {**recipe.options, **own})
    every = as_options(config)
    options, sampling = by_stage(spec, every)
    return ChosenModel(spec.configured(every), budget, recipe, training, options, sampling, _inputs(spec, config))


def by_stage(spec: ModelSpec, options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the options of a model that training reads, and those that only sampling reads."""
    drawn = {one.name for one in options_of(spec.config) if one.stage == "sample"}
    return (
        {name: value for name, value in options.items() if name not in drawn},
        {name: value for name, value in options.items() if name in drawn},
    )


def drawn_options(spec: ModelSpec, cell: Cell, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options to draw a trained cell's samples with in the place of its own, checked with all others.

    Args:
        spec: The cell's model.
        cell: The cell.
        given: By option, as they were written.

    Raises:
        ConfigError: For every option that does not fit, or that training read.
    """
    known = {one.name: one for one in options_of(spec.config)}
    fixed = [name for name in given if name in known and known[name].stage != "sample"]
    refuse(f"{spec.name}.{name} was read by training: run the model with it, or leave it out" for name in fixed)
    config = build_config(spec.name, spec.config, {**cell.every_option, **given})
    return {name: value for name, value in as_options(config).items() if name in given}


def _inputs(spec: Spec, config: Any) -> dict[str, str]:
    """Return what the files hold that the options of a plugin name, by option.

    Raises:
        ConfigError: For every option that must be a path and names nothing; or for a file that cannot be read.
    """
    options = {item.name: getattr(config, item.name) for item in options_of(spec.config)}
    try:
        found = inputs_of(options)
    except OSError as error:
        raise ConfigError(f"{error.filename}, an option of {spec.name}, cannot be read ({error.strerror})") from error
    refuse(f"{spec.name}.{name}={options[name]} does not exist" for name, held in found.items() if not held)
    return found


def _parts(spec: Spec, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what of a plugin's settings every trained model can be told, and what is its own."""
    names = {item.name for item in _shared(spec)}
    shared = {name: value for name, value in values.items() if name in names}
    return shared, {name: value for name, value in values.items() if name not in names}


def setting_errors(settings: PluginOptions, owners: Iterable[Spec], registry: Registry) -> list[str]:
    """Return every mistake among the settings.

    Args:
        settings: Options by plugin name.
        owners: The plugins that take part, and so may be set.
        registry: What else exists.
    """
    by_name = {spec.name: spec for spec in owners}
    errors = []
    for name, values in settings.items():
        spec = by_name.get(name)
        if spec is None:
            errors.append(stray("--set", name, registry))
            continue
        fixed, several = _fixed(spec, values)
        known = [one.name for one in (*options_of(spec.config), *_shared(spec))]
        errors += [no_option(name, key, known) for key in fixed if key not in known]
        shared, own = _parts(spec, {key: value for key, value in fixed.items() if key in known})
        errors += [*several, *option_errors(name, TrainingOptions, shared), *option_errors(name, spec.config, own)]
    return list(dict.fromkeys(errors))


def _fixed(spec: Spec, values: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the settings that have one value, and what is wrong with those that have several."""
    if not isinstance(spec, ModelSpec):
        return values, ()
    try:
        return read_grid(spec, values, shared=shared_options(spec)).fixed, ()
    except ConfigError as error:
        known = {one.name: one for one in (*options_of(spec.config), *shared_options(spec))}
        return {name: one for name, one in values.items() if not has_several(known.get(name), one)}, error.lines


def _shared(spec: Spec) -> tuple[Option, ...]:
    return shared_options(spec) if isinstance(spec, ModelSpec) else ()


def shared_options(spec: ModelSpec) -> tuple[Option, ...]:
    """Return what can be set for a model beside its own options."""
    return options_of(TrainingOptions) if spec.trained else ()


def stray(where: str, name: str, registry: Registry) -> str:
    """Return why settings are of nobody.

    Args:
        where: Where they were written, such as `--set`.
        name: Whose they were to be.
        registry: What exists.
    """
    known = [each for kind in registry.kinds.values() for each in kind]
    if name in known:
        return f"{where} {name} is not part of this run"
    meant = nearest(name, known)
    return f"{where} {shown(name)}: nothing is called so{f'; did you mean {meant!r}?' if meant else ''}"
