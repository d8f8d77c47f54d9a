"""Plugins in one file: a decorator says what a class or function is, and writes the hook of its module.

    import genharness

    @genharness.model("my-gan")
    class MyGan(genharness.kit.GenerativeModel): ...

A file of them is named by `genharness --plugin FILE.py`. A package does better with the two halves that
`genharness new` writes: this one imports all that it needs, torch too, wherever plugins are listed.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from genharness.errors import PluginError
from genharness.plugin.hooks import HOOKS, hookimpl
from genharness.spec.columns import Column
from genharness.spec.options import NoOptions
from genharness.spec.plugins import (
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    MetricSpec,
    ModelSpec,
    Recipe,
    ReporterSpec,
    Spec,
    TrackerSpec,
)

__all__ = ["dataset", "executor", "extractor", "metric", "model", "reporter", "tracker"]

T = TypeVar("T")

RECIPES: Mapping[str, Recipe] = {
    "smoke": Recipe(length="200steps"),
    "standard": Recipe(length="20epochs"),
    "paper": Recipe(length="100epochs"),
}
"""How long a model trains that says nothing of it."""

_SPECS = "__genharness_specs__"


def model(
    name: str, *, recipes: Mapping[str, Recipe] = RECIPES, family: str = "trial", config: type = NoOptions, **more: Any
) -> Callable[[T], T]:
    """Make a class a model.

    Args:
        name: Of the plugin.
        recipes: How it is trained for each budget.
        family: Such as `gan`.
        config: Frozen dataclass of `option` fields.
        more: Other fields of `genharness.ModelSpec`; without a `summary`, the first line of the docstring is it.

    Raises:
        PluginError: If the class is none of a module that can be imported.
    """
    return _decorator(ModelSpec, "models", name, {"recipes": recipes, "family": family, "config": config, **more})


def dataset(name: str, **fields: Any) -> Callable[[T], T]:
    """Make a function `prepare(request)` a dataset; fields are those of `genharness.DatasetSpec`."""
    return _decorator(DatasetSpec, "datasets", name, fields)


def extractor(name: str, **fields: Any) -> Callable[[T], T]:
    """Make a class a feature extractor; fields are those of `genharness.ExtractorSpec`."""
    return _decorator(ExtractorSpec, "extractors", name, fields)


def metric(name: str, columns: Sequence[Column | str], **fields: Any) -> Callable[[T], T]:
    """Make a class a metric.

    Args:
        name: Of the plugin.
        columns: What `compute` returns, as `genharness.Column` or by their keys.
        fields: Others of `genharness.MetricSpec`.
    """
    made = tuple(Column(key=one, title=one) if isinstance(one, str) else one for one in columns)
    return _decorator(MetricSpec, "metrics", name, {"columns": made, **fields})


def executor(name: str, **fields: Any) -> Callable[[T], T]:
    """Make a class an executor; fields are those of `genharness.ExecutorSpec`."""
    return _decorator(ExecutorSpec, "executors", name, fields)


def reporter(name: str, **fields: Any) -> Callable[[T], T]:
    """Make a function `render(board, options)` a reporter; fields are those of `genharness.ReporterSpec`."""
    return _decorator(ReporterSpec, "reporters", name, fields)


def tracker(name: str, **fields: Any) -> Callable[[T], T]:
    """Make a class a tracker; fields are those of `genharness.TrackerSpec`."""
    return _decorator(TrackerSpec, "trackers", name, fields)


def _decorator(record: type[Spec], kind: str, name: str, fields: Mapping[str, Any]) -> Callable[[T], T]:
    def add(target: T) -> T:
        factory = _factory(target, name)
        documented = (inspect.getdoc(target) or name).partition("\n")[0]
        try:
            spec = record(**{"name": name, "summary": documented, **fields}, factory=factory)
        except TypeError as error:
            raise PluginError(f"{name}: {error}") from error
        _add(factory.partition(":")[0], HOOKS[kind], spec)
        return target

    return add


def _factory(target: Any, name: str) -> str:
    module, place = getattr(target, "__module__", ""), getattr(target, "__qualname__", "")
    if module == "__main__":
        raise PluginError(f"{name} stands in a script, which cells cannot import: name its file with --plugin instead")
    if not place.isidentifier():
        raise PluginError(f"{name}: only a class or function at the top of a module can be a plugin")
    return f"{module}:{place}"


def _add(module_name: str, hook: str, spec: Spec) -> None:
    """Add a spec to the hook of a module, which is written with the first."""
    module = sys.modules[module_name]
    specs: dict[str, list[Spec]] = module.__dict__.setdefault(_SPECS, {})
    if hook not in specs and hasattr(module, hook):
        raise PluginError(f"{spec.name}: {module_name} has a {hook} of its own: add the spec there")
    mine = specs.setdefault(hook, [])
    mine.append(spec)

    def give() -> Sequence[Spec]:
        return list(mine)

    give.__name__ = hook
    setattr(module, hook, hookimpl(give))
