"""Entry points -> Registry: every plugin found, attributed to its distribution, and contained when it is broken."""

from __future__ import annotations

import fnmatch
import functools
import importlib
import importlib.metadata
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pluggy

from genharness.errors import ConfigError, GenharnessError, PluginError, did_you_mean, nearest, shown
from genharness.plugin import hooks as hookspecs
from genharness.plugin.checked import BUDGETS, checked
from genharness.plugin.containment import contained, leaving_the_process_alone, reason_of
from genharness.plugin.own_output import leave_stdout
from genharness.plugin.single_files import content_digest, import_file, plugin_files
from genharness.spec.dataset_name import as_reference
from genharness.spec.options import PluginOptions, build_config
from genharness.spec.plugins import (
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    FigureSpec,
    MetricSpec,
    ModelSpec,
    ReporterSpec,
    Spec,
    TrackerSpec,
)

__all__ = [
    "BUDGETS",
    "Kind",
    "Problem",
    "Provider",
    "Registry",
    "config_of",
    "entry_points",
    "installed_plugins",
    "load_factory",
    "load_registry",
]

S = TypeVar("S", bound=Spec)


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


def _is_package(folder: str) -> bool:
    try:
        return bool(folder) and (Path(folder) / "pyproject.toml").is_file()
    except OSError:  # too long
        return False


class Kind(Mapping[str, S]):
    """The specs of one kind by name, in the order of their plugins, and who gave them."""

    def __init__(self, word: str, record: type[S], problems: list[Problem]) -> None:
        self.word = word
        self.record = record
        self._problems = problems
        self._specs: dict[str, S] = {}
        self._providers: dict[str, Provider] = {}
        self._columns: dict[str, str] = {}

    def __getitem__(self, name: str) -> S:
        return self._specs[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def find(self, name: str) -> S:
        """Return the spec `name`.

        Raises:
            ConfigError: If there is none; the message gives the nearest name and the broken plugins.
        """
        if name in self._specs:
            return self._specs[name]
        raise ConfigError(f"unknown {self.word} {shown(name)!r}{self.hint(name)}")

    def hint(self, name: str) -> str:
        """Return the tail of a message that there is no `name`, or nothing that fits it as a pattern.

        A broken plugin that is called so is what was meant, however near another name lies; so is what lies here by
        that name.
        """
        for problem in self._problems:
            called = (problem.provider.plugin, problem.provider.distribution, *re.findall(r"[\w-]+", problem.reason))
            if any(fnmatch.fnmatchcase(one, name) for one in called):
                return f"; {problem}"
        if _is_package(name):
            return f"; if the package in the folder {name} is meant: pip install -e {name}"
        if self.word == "dataset" and (meant := as_reference(name)):
            return f"; if what lies here is meant: {meant}"
        broken = self._broken() if nearest(name, self._specs) is None else ""
        return f"{did_you_mean(name, self._specs)}{broken}"

    def _broken(self) -> str:
        """Return which plugins may have given what is missing."""
        if not self._problems:
            return ""
        first = self._problems[0]
        if len(self._problems) == 1:
            return f"; {first}"
        names = ", ".join(sorted({problem.provider.plugin for problem in self._problems}))
        return f"; broken plugins ({names}) may have given it: see `genharness doctor`"

    def provider(self, name: str) -> Provider:
        """Return who gave the spec `name`."""
        return self._providers[name]

    def add(self, spec: S, provider: Provider) -> None:
        """Add a spec.

        Raises:
            PluginError: If the name is taken, or a column of it; the message names both distributions.
        """
        if spec.name in self._specs:
            raise PluginError(
                f"two plugins give a {self.word} {spec.name!r}: {self._providers[spec.name]} and {provider}; "
                "uninstall one, or ask its author to rename it"
            )
        keys = [column.key for column in spec.columns] if isinstance(spec, MetricSpec) else []
        for key in filter(self._columns.__contains__, keys):  # it would stand in the other's place, unseen
            owner = self._columns[key]
            raise PluginError(
                f"two metrics give a column {key!r}: {owner} of {self._providers[owner]} and {spec.name} of "
                f"{provider}; uninstall one, or ask its author to rename it"
            )
        self._columns |= dict.fromkeys(keys, spec.name)
        self._specs[spec.name] = spec
        self._providers[spec.name] = provider


class Registry:
    """All usable plugins, by kind.

    Attributes:
        problems: Broken plugins; fatal only to a run that asks for what they would have given.
        providers: Every plugin that was found, broken or not.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.providers: list[Provider] = []
        self.models = Kind("model", ModelSpec, self.problems)
        self.datasets = Kind("dataset", DatasetSpec, self.problems)
        self.extractors = Kind("extractor", ExtractorSpec, self.problems)
        self.metrics = Kind("metric", MetricSpec, self.problems)
        self.executors = Kind("executor", ExecutorSpec, self.problems)
        self.reporters = Kind("reporter", ReporterSpec, self.problems)
        self.trackers = Kind("tracker", TrackerSpec, self.problems)
        self.figures = Kind("figure", FigureSpec, self.problems)

    @property
    def kinds(self) -> Mapping[str, Kind[Any]]:
        """The kinds by plural name, such as `models`."""
        return {kind: getattr(self, kind) for kind in hookspecs.HOOKS}


def load_registry(
    *,
    tolerant: bool = False,
    found: Sequence[importlib.metadata.EntryPoint] | None = None,
    known_good: bool = False,
) -> Registry:
    """Find, import and check every plugin in the entry-point group `genharness`, and files that are named for a trial.

    Args:
        tolerant: Note a duplicated name among the problems instead of raising, for `list` and `doctor`.
        found: What `entry_points` has just returned, to whom asked it; else they are looked for.
        known_good: Whether the same code passed every check before: specs are not checked again.

    Raises:
        PluginError: If two distributions give one name, or there is no plugin at all.
    """
    leave_stdout()
    registry = Registry()
    manager = pluggy.PluginManager("genharness")
    manager.add_hookspecs(hookspecs)
    providers = dict(_import_plugins(manager, registry, entry_points() if found is None else found))
    believed = known_good and not plugin_files()
    for plural, kind in registry.kinds.items():
        _collect(manager, hookspecs.HOOKS[plural], kind, registry.problems, providers, tolerant, believed)
    if not providers and not registry.problems:
        raise PluginError("no plugins are installed, not even the built-in ones: run `pip install -e .` again")
    return registry


def _import_plugins(
    manager: pluggy.PluginManager, registry: Registry, entries: Iterable[importlib.metadata.EntryPoint]
) -> Iterable[tuple[str, Provider]]:
    """Register every plugin as `distribution:name`, and note those that cannot be imported."""
    for provider, load in _found(registry, entries):
        plugin_name = f"{provider.distribution}:{provider.plugin}"
        registry.providers.append(provider)
        try:
            with contained():
                module = load()
                manager.register(module, plugin_name)
                _refuse_misspelt(manager, module)
        except GenharnessError as error:
            registry.problems.append(Problem(provider, reason_of(error)))
            if manager.has_plugin(plugin_name):
                manager.unregister(name=plugin_name)
            continue
        yield plugin_name, provider


def _found(
    registry: Registry, entries: Iterable[importlib.metadata.EntryPoint]
) -> Iterator[tuple[Provider, Callable[[], object]]]:
    """Yield every plugin, and what imports it; a file that cannot be read is a problem."""
    for entry in entries:
        yield Provider(*_named(entry.dist), entry.name), entry.load
    for path in plugin_files():
        try:
            provider = Provider(path.name, content_digest(path), path.stem)
        except PluginError as error:
            registry.problems.append(Problem(Provider(path.name, "unread", path.stem), str(error)))
            continue
        yield provider, functools.partial(import_file, path)


@functools.cache
def _named(distribution: importlib.metadata.Distribution | None) -> tuple[str, str]:
    """Return name and version; reading them parses the distribution's metadata each time."""
    return (distribution.name, distribution.version) if distribution else ("unknown", "0")


def installed_plugins(entries: Iterable[importlib.metadata.EntryPoint]) -> list[tuple[Provider, str]]:
    """Return every plugin of some entry points and the package that it is in, and import none of them."""
    return [(Provider(*_named(entry.dist), entry.name), entry.module.partition(".")[0]) for entry in entries]


def entry_points() -> list[importlib.metadata.EntryPoint]:
    """Return entry points in a stable order, the project's own distribution first."""
    found = importlib.metadata.entry_points(group=hookspecs.ENTRY_POINT_GROUP)
    unique = {(_named(entry.dist)[0], entry.name): entry for entry in found}
    return [unique[key] for key in sorted(unique, key=lambda key: (key[0] != "genharness", key))]


def _refuse_misspelt(manager: pluggy.PluginManager, module: object) -> None:
    known = set(hookspecs.HOOKS.values())
    for caller in manager.get_hookcallers(module) or []:
        if caller.name not in known:
            raise PluginError(f"{caller.name} is not a hook of genharness{did_you_mean(caller.name, known)}")
    if not manager.get_hookcallers(module):
        raise PluginError("it implements no hook: decorate its functions with @hookimpl")


def _collect(
    manager: pluggy.PluginManager,
    hook_name: str,
    kind: Kind[Any],
    problems: list[Problem],
    providers: Mapping[str, Provider],
    tolerant: bool,
    believed: bool,
) -> None:
    """Call one hook of every plugin and add what it returns."""
    order = list(providers)
    implementations = getattr(manager.hook, hook_name).get_hookimpls()
    for implementation in sorted(implementations, key=lambda item: order.index(item.plugin_name)):
        provider = providers[implementation.plugin_name]
        try:
            with contained():
                specs = [spec if believed else checked(spec, kind.record) for spec in implementation.function()]
        except GenharnessError as error:
            problems.append(Problem(provider, f"{hook_name}: {reason_of(error)}"))
            continue
        for spec in specs:
            try:
                kind.add(spec, provider)
            except PluginError as error:
                if not tolerant:
                    raise
                problems.append(Problem(provider, str(error)))


def config_of(spec: Spec, settings: PluginOptions) -> Any:
    """Return the Config of a plugin, with what the settings say of it.

    Args:
        spec: The plugin.
        settings: Options by plugin name; those of other plugins are passed over.

    Raises:
        ConfigError: For the first option that does not fit.
    """
    return build_config(spec.name, spec.config, settings.get(spec.name, {}))


def load_factory(spec: Spec) -> Any:
    """Import and return the heavy part of a spec.

    Raises:
        PluginError: If the module or the attribute cannot be loaded; the message names the spec.
    """
    module_name, _, attribute = spec.factory.partition(":")
    try:
        with leaving_the_process_alone():
            target: Any = importlib.import_module(module_name)
            for part in attribute.split("."):
                target = getattr(target, part)
    except PluginError as error:
        raise PluginError(f"{spec.name}: {spec.factory!r}: {error}") from error
    except (GenharnessError, KeyboardInterrupt, MemoryError):
        raise
    except BaseException as error:  # whatever a stranger's module raises while it is imported
        raise PluginError(f"{spec.name}: cannot load {spec.factory!r}: {reason_of(error)}") from error
    return target
