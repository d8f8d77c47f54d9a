"""Which code stands behind what: a plugin's part, training, drawing samples, scoring, preparing data.

| digest | of | a change means |
|---|---|---|
| `part_code(model)` and `core_code("training")` | the model's modules; how cells are trained | training again |
| `drawing_code(model)` and `core_code("sampling")` | what only draws samples | drawing and scoring again |
| `part_code(extractor)` | the extractor's modules | extracting and scoring again |
| `part_code(metric)` | the metric's modules, and what it is given | scoring again |
| `part_code(dataset)` | the modules that prepare it, and what they write with | preparing again |

What steers, counts or shows (checkpoints, clocks, costs, commands, records, boards) is behind none of them.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable
from typing import Any, Literal

from genharness.errors import PluginError
from genharness.identity.closure import Code, Reach, SourceTree, code_of
from genharness.plugin.registry import Kind, Registry
from genharness.spec.plugins import DatasetSpec, MetricSpec, ModelSpec, Spec

__all__ = [
    "Core",
    "code_behind",
    "core_code",
    "drawing_code",
    "part_code",
    "registered_code",
    "training_code",
    "training_codes",
]

Core = Literal["training", "sampling", "decoding"]

_COMPUTE = ("genharness.functional", "genharness.kit", "genharness.engine")
_PREPARE = ("genharness.data", "genharness.images", *_COMPUTE)

STEERING = frozenset(
    {
        "genharness.data.catalog",
        "genharness.data.facts",
        "genharness.data.fingerprint",
        "genharness.data.meta",
        "genharness.data.prepare",
        "genharness.data.prepared",
        "genharness.data.recorded",
        "genharness.data.request",
        "genharness.engine.checkpoint",
        "genharness.engine.costs.clock",
        "genharness.engine.costs.energy",
        "genharness.engine.costs.footprint",
        "genharness.engine.costs.guarded",
        "genharness.engine.costs.latency",
        "genharness.engine.costs.ledger",
        "genharness.engine.costs.operations",
        "genharness.engine.costs.shapes",
        "genharness.engine.devices",
        "genharness.engine.elsewhere",
        "genharness.engine.environment",
        "genharness.engine.held_out",  # it leaves no trace: that is what its tests say
        "genharness.engine.memory",
        "genharness.engine.start",  # what is done there is the own code of a model that asks for it
        "genharness.engine.threads",
        "genharness.engine.undone",
        "genharness.engine.waiting",
        "genharness.engine.warm_up",  # it leaves no trace: that is what its tests say
        "genharness.images.grid",
        "genharness.kit.evaluation",  # a contract: it computes nothing
    }
)
"""Modules in rooms that compute whose changes change no result."""

_CORE: dict[Core, tuple[str, ...]] = {
    "training": (
        "genharness.engine.arithmetic",
        "genharness.engine.average",
        "genharness.engine.build",
        "genharness.engine.feed",
        "genharness.engine.loop",
        "genharness.engine.random_state",
        "genharness.spec.length",
    ),
    "sampling": ("genharness.engine.sampler", "genharness.engine.source"),
    "decoding": ("genharness.images.samples", "genharness.files.archives"),
}

_BESIDE: dict[type[Spec], tuple[str, ...]] = {
    DatasetSpec: ("genharness.data.variants", "genharness.data.writer"),
    MetricSpec: ("genharness.measure.capabilities", "genharness.measure.evaluation"),
}
"""What a part of a kind is built into, which its own imports do not name."""


def part_code(spec: Spec, distribution: str = "", tree: SourceTree | None = None) -> Code:
    """Return the code behind a plugin's part.

    Args:
        spec: The part.
        distribution: Name of the distribution that gave it.
        tree: What was read of sources already.

    Raises:
        PluginError: If its module cannot be found.
    """
    draws = frozenset(spec.draws) if isinstance(spec, ModelSpec) else frozenset()
    reach = Reach(_PREPARE if isinstance(spec, DatasetSpec) else _COMPUTE, STEERING | draws, distribution)
    modules = [spec.factory.partition(":")[0], *_BESIDE.get(type(spec), ())]
    if _computes(spec.config):
        modules.append(spec.config.__module__)
    try:
        return code_of(modules, reach, tree)
    except ModuleNotFoundError as error:
        raise PluginError(f"{spec.name}: cannot load {spec.factory!r}: {error}") from error


def drawing_code(registry: Registry, model: str, tree: SourceTree | None = None) -> str:
    """Return the digest of a model's own code that only draws samples; empty where it names none.

    Raises:
        ConfigError: If there is no such model.
        PluginError: If a module of it cannot be found.
    """
    spec = registry.models.find(model)
    if not spec.draws:
        return ""
    try:
        return code_of(spec.draws, Reach(_COMPUTE, STEERING, registry.models.provider(model).distribution), tree).digest
    except ModuleNotFoundError as error:
        raise PluginError(f"{model}: what it draws samples with cannot be found: {error}") from error


def registered_code(kind: Kind[Any], name: str, tree: SourceTree | None = None) -> Code:
    """Return the code behind a part that is installed.

    Args:
        kind: Such as `registry.models`.
        name: Of the part.
        tree: What was read of sources already.

    Raises:
        ConfigError: If there is none of that name.
        PluginError: If its module cannot be found.
    """
    return part_code(kind.find(name), kind.provider(name).distribution, tree)


def training_code(registry: Registry, model: str) -> dict[str, str]:
    """Return digests of the code that decides what is trained, by what they are of.

    Raises:
        PluginError: If the model's module cannot be found.
    """
    return training_codes(registry, [model])[model]


def training_codes(registry: Registry, models: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what `training_code` gives of several models, by their names.

    Raises:
        PluginError: If a model's module cannot be found.
    """
    tree = SourceTree()
    training = core_code("training", tree).digest
    return {
        name: {"model": registered_code(registry.models, name, tree).digest, "training": training} for name in models
    }


def core_code(what: Core, tree: SourceTree | None = None) -> Code:
    """Return the code of genharness's own that trains models, draws samples from them, or decodes pictures."""
    rooms = _PREPARE if what == "decoding" else _COMPUTE
    return code_of(_CORE[what], Reach(rooms, STEERING), tree)


def code_behind(module: str) -> str:
    """Return the digest of the code that a module stands on, for what it keeps by its own means.

    Args:
        module: Such as the `__name__` of the caller.

    Raises:
        ModuleNotFoundError: If there is none of that name.
    """
    return code_of([module], Reach(_COMPUTE, STEERING)).digest


def _computes(config: type) -> bool:
    """Whether a Config does more than hold options, whose values stand in cells and protocols themselves."""
    kinds = (types.FunctionType, property, classmethod, staticmethod, functools.cached_property)
    return any(
        isinstance(value, kinds) and (not name.startswith("__") or name == "__post_init__")
        for base in config.__mro__
        for name, value in vars(base).items()
    )
