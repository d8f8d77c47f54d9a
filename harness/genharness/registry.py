"""Entry points -> Registry: every plugin found, attributed to its distribution, and contained when it is broken."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pluggy

from genharness import hookspecs
from genharness.budget import parse_length
from genharness.errors import ConfigError, GenharnessError, PluginError, did_you_mean
from genharness.options import option_errors, options_of
from genharness.specs import (
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    MetricSpec,
    ModelSpec,
    ReporterSpec,
    Spec,
    TrackerSpec,
)

__all__ = ["BUDGETS", "Problem", "Provider", "Registry", "load_factory", "load_registry"]

BUDGETS = ("smoke", "standard", "paper")
"""The named recipes that every model has."""

S = TypeVar("S", bound=Spec)

_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Provider:
    """Who gave a spec: distribution, its version, and the entry point's name."""

    distribution: str
    version: str
    plugin: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A plugin that cannot be used, and why."""

    provider: Provider
    reason: str

    def __str__(self) -> str:
        return f"plugin {self.provider.plugin!r} of {self.provider} is broken: {self.reason}"


@dataclass
class Kind(Generic[S]):
    """The specs of one kind by name, and who gave them."""

    word: str
    specs: dict[str, S] = field(default_factory=dict)
    providers: dict[str, Provider] = field(default_factory=dict)

    def add(self, spec: S, provider: Provider) -> None:
        """Add a spec; a name that is taken is an error that names both distributions."""
        if spec.name in self.specs:
            raise PluginError(
                f"two plugins give a {self.word} {spec.name!r}: {self.providers[spec.name]} and {provider}; "
                "uninstall one, or ask its author to rename it"
            )
        self.specs[spec.name] = spec
        self.providers[spec.name] = provider


class Registry:
    """All usable plugins.

    Attributes:
        problems: Broken plugins; fatal only to a run that asks for what they would have given.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, Kind[Any]] = {kind: Kind(kind[:-1]) for kind in hookspecs.HOOKS}
        self.problems: list[Problem] = []

    @property
    def models(self) -> Mapping[str, ModelSpec]:
        """Generative models by name."""
        return self._kinds["models"].specs

    @property
    def datasets(self) -> Mapping[str, DatasetSpec]:
        """Datasets by name."""
        return self._kinds["datasets"].specs

    @property
    def extractors(self) -> Mapping[str, ExtractorSpec]:
        """Feature extractors by name."""
        return self._kinds["extractors"].specs

    @property
    def metrics(self) -> Mapping[str, MetricSpec]:
        """Metrics by name."""
        return self._kinds["metrics"].specs

    @property
    def executors(self) -> Mapping[str, ExecutorSpec]:
        """Executors by name."""
        return self._kinds["executors"].specs

    @property
    def reporters(self) -> Mapping[str, ReporterSpec]:
        """Reporters by name."""
        return self._kinds["reporters"].specs

    @property
    def trackers(self) -> Mapping[str, TrackerSpec]:
        """Trackers by name."""
        return self._kinds["trackers"].specs

    def model(self, name: str) -> ModelSpec:
        """Return a model, or raise ConfigError with the nearest name."""
        return self._find("models", name)

    def dataset(self, name: str) -> DatasetSpec:
        """Return a dataset, or raise ConfigError with the nearest name."""
        return self._find("datasets", name)

    def extractor(self, name: str) -> ExtractorSpec:
        """Return an extractor, or raise ConfigError with the nearest name."""
        return self._find("extractors", name)

    def metric(self, name: str) -> MetricSpec:
        """Return a metric, or raise ConfigError with the nearest name."""
        return self._find("metrics", name)

    def executor(self, name: str) -> ExecutorSpec:
        """Return an executor, or raise ConfigError with the nearest name."""
        return self._find("executors", name)

    def reporter(self, name: str) -> ReporterSpec:
        """Return a reporter, or raise ConfigError with the nearest name."""
        return self._find("reporters", name)

    def tracker(self, name: str) -> TrackerSpec:
        """Return a tracker, or raise ConfigError with the nearest name."""
        return self._find("trackers", name)

    def _find(self, kind: str, name: str) -> Any:
        specs = self._kinds[kind].specs
        if name in specs:
            return specs[name]
        broken = "".join(f"; {problem}" for problem in self.problems)
        raise ConfigError(f"unknown {kind[:-1]} {name!r}{did_you_mean(name, specs)}{broken}")

    def provider(self, kind: str, name: str) -> Provider:
        """Return who gave the spec `name` of a plural `kind` such as `models`."""
        return self._kinds[kind].providers[name]

    def of_kind(self, kind: str) -> Mapping[str, Spec]:
        """Return the specs of a plural `kind` such as `models`."""
        return self._kinds[kind].specs

    def named(self, name: str) -> list[tuple[str, Spec]]:
        """Return every (kind, spec) called `name`, whatever its kind."""
        return [(kind, group.specs[name]) for kind, group in self._kinds.items() if name in group.specs]

    def add(self, kind: str, spec: Spec, provider: Provider) -> None:
        """Add one spec; a taken name raises PluginError."""
        self._kinds[kind].add(spec, provider)


def load_registry(*, tolerant: bool = False) -> Registry:
    """Find, import and check every plugin in the entry-point group `genharness`.

    Args:
        tolerant: Note a duplicated name among the problems instead of raising, for `list` and `doctor`.

    Raises:
        PluginError: If two distributions give one name, or there is no plugin at all.
    """
    registry = Registry()
    manager = pluggy.PluginManager("genharness")
    manager.add_hookspecs(hookspecs)
    providers = dict(_import_plugins(manager, registry.problems))
    for kind in hookspecs.HOOKS:
        _collect(manager, registry, kind, providers, tolerant)
    if not providers and not registry.problems:
        raise PluginError("no plugins are installed, not even the built-in ones: run `pip install -e .` again")
    return registry


def _import_plugins(manager: pluggy.PluginManager, problems: list[Problem]) -> Iterable[tuple[str, Provider]]:
    """Register every plugin as `distribution:name`, and note those that cannot be imported."""
    for entry in _entry_points():
        distribution = entry.dist
        provider = Provider(
            distribution.name if distribution else "unknown", distribution.version if distribution else "0", entry.name
        )
        plugin_name = f"{provider.distribution}:{entry.name}"
        try:
            module = entry.load()
            manager.register(module, plugin_name)
            _refuse_misspelt(manager, module)
        except Exception as error:  # a stranger's module may raise anything while it is imported
            problems.append(Problem(provider, _one_line(error)))
            if manager.has_plugin(plugin_name):
                manager.unregister(name=plugin_name)
            continue
        yield plugin_name, provider


def _entry_points() -> list[importlib.metadata.EntryPoint]:
    """Return entry points in a stable order, the project's own distribution first."""
    found = importlib.metadata.entry_points(group=hookspecs.ENTRY_POINT_GROUP)
    unique = {(entry.dist.name if entry.dist else "", entry.name): entry for entry in found}
    return [unique[key] for key in sorted(unique, key=lambda key: (key[0] != "genharness", key))]


def _refuse_misspelt(manager: pluggy.PluginManager, module: object) -> None:
    known = {hook for hook, _ in hookspecs.HOOKS.values()}
    for caller in manager.get_hookcallers(module) or []:
        if caller.name not in known:
            raise PluginError(f"{caller.name} is not a hook of genharness{did_you_mean(caller.name, known)}")
    if not manager.get_hookcallers(module):
        raise PluginError("it implements no hook: decorate its functions with @hookimpl")


def _collect(
    manager: pluggy.PluginManager, registry: Registry, kind: str, providers: Mapping[str, Provider], tolerant: bool
) -> None:
    """Call one hook of every plugin and add what it returns."""
    hook_name, record = hookspecs.HOOKS[kind]
    implementations = getattr(manager.hook, hook_name).get_hookimpls()
    for implementation in sorted(implementations, key=lambda item: list(providers).index(item.plugin_name)):
        provider = providers[implementation.plugin_name]
        try:
            specs = [_checked(spec, record) for spec in implementation.function()]
        except Exception as error:  # a stranger's hook may raise anything
            registry.problems.append(Problem(provider, f"{hook_name}: {_one_line(error)}"))
            continue
        for spec in specs:
            try:
                registry.add(kind, spec, provider)
            except PluginError as error:
                if not tolerant:
                    raise
                registry.problems.append(Problem(provider, str(error)))


def _checked(spec: Any, record: type) -> Any:
    """Return a spec after checking all that can be checked without importing its factory."""
    if not isinstance(spec, record):
        raise PluginError(f"it returned {type(spec).__name__} where {record.__name__} is expected")
    if not _NAME.fullmatch(spec.name):
        raise PluginError(f"the name {spec.name!r} must be lower-case letters and digits joined by hyphens")
    if not re.fullmatch(r"[\w.]+:[\w.]+", spec.factory):
        raise PluginError(f"{spec.name}: factory {spec.factory!r} must read 'module:attribute'")
    options_of(spec.config)
    if isinstance(spec, ModelSpec):
        _check_recipes(spec)
    return spec


def _check_recipes(spec: ModelSpec) -> None:
    missing = [budget for budget in BUDGETS if budget not in spec.recipes]
    if missing:
        raise PluginError(f"{spec.name}: no recipe for {', '.join(missing)}")
    for budget, recipe in spec.recipes.items():
        parse_length(recipe.length)
        errors = option_errors(spec.name, spec.config, recipe.options)
        if errors:
            raise PluginError(f"recipe {budget}: {errors[0]}")


def load_factory(spec: Spec) -> Any:
    """Import and return the heavy part of a spec.

    Raises:
        PluginError: If the module or the attribute cannot be loaded; the message names the spec.
    """
    module_name, _, attribute = spec.factory.partition(":")
    try:
        target: Any = importlib.import_module(module_name)
        for part in attribute.split("."):
            target = getattr(target, part)
    except GenharnessError:
        raise
    except Exception as error:  # whatever a stranger's module raises while it is imported
        raise PluginError(f"{spec.name}: cannot load {spec.factory!r}: {_one_line(error)}") from error
    return target


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, GenharnessError) else f"{type(error).__name__}: {text}"
