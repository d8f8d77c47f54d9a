"""A whole package checked: what it registers, and whether each of it keeps its contract."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
import time
import tomllib
import unittest
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from genharness.errors import ConfigError, PluginError, did_you_mean, shown
from genharness.plugin.blame import noting_interrupts, one_line
from genharness.plugin.containment import contained
from genharness.plugin.hooks import ENTRY_POINT_GROUP, HOOKS
from genharness.plugin.single_files import import_file
from genharness.spec.plugins import Spec
from genharness.testing.check import Check, ConformanceError
from genharness.testing.datasets import dataset_checks
from genharness.testing.executors import executor_checks
from genharness.testing.extractors import extractor_checks
from genharness.testing.figures import figure_checks
from genharness.testing.metrics import metric_checks
from genharness.testing.models import model_checks
from genharness.testing.reporters import reporter_checks
from genharness.testing.trackers import tracker_checks

__all__ = ["CheckResult", "modules_of", "package_checks", "registered", "run_checks"]

_SUITES: Mapping[str, Callable[..., list[Check]]] = {
    "models": model_checks,
    "datasets": dataset_checks,
    "extractors": extractor_checks,
    "metrics": metric_checks,
    "executors": executor_checks,
    "reporters": reporter_checks,
    "trackers": tracker_checks,
    "figures": figure_checks,
}
_EXHAUSTIVE = ("models", "executors")


@dataclass(frozen=True)
class CheckResult:
    """What came of one check.

    Attributes:
        name: What was checked of whom.
        outcome: Whether it held, was broken, or could not be checked here.
        reason: How it was broken, or why it was not checked.
        contract: What the contract says, in a line.
        seconds: How long it took.
    """

    name: str
    outcome: Literal["ok", "failed", "skipped"]
    reason: str = ""
    contract: str = ""
    seconds: float = 0.0


def modules_of(where: str) -> list[str]:
    """Return the modules that a package registers with genharness.

    Args:
        where: A folder with a pyproject.toml (it need not be installed), a file of plugins, or the name of an installed
            distribution.

    Raises:
        ConfigError: If there is no such package, or it registers nothing.
    """
    folder = Path(where).expanduser()
    if folder.suffix == ".py" and folder.is_file():
        return [_of_file(folder.absolute())]
    found = _of_folder(folder) if folder.is_dir() else _of_distribution(where)
    if not found:
        raise ConfigError(
            f"{where} registers no plugin: name its module in pyproject.toml under "
            f'[project.entry-points.{ENTRY_POINT_GROUP}], such as my-model = "my_model"'
        )
    return found


def _of_file(path: Path) -> str:
    try:
        with contained():
            return import_file(path).__name__
    except PluginError as error:
        raise PluginError(f"{path.name} cannot be imported: {error}") from error


def _of_folder(folder: Path) -> list[str]:
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8"))
        points = project.get("project", {}).get("entry-points", {}).get(ENTRY_POINT_GROUP, {})
        modules = [str(point).partition(":")[0] for point in points.values()]
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}): give the folder of a package") from error
    except (ValueError, AttributeError) as error:
        raise ConfigError(f"{file} is no project file that pip could read: {one_line(error)}") from error
    for source in (folder / "src", folder):
        if source.is_dir() and str(source.resolve()) not in sys.path:
            sys.path.insert(0, str(source.resolve()))
    return modules


def _of_distribution(name: str) -> list[str]:
    points = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    known = {point.dist.name for point in points if point.dist is not None}
    if name not in known:
        raise ConfigError(
            f"no package {shown(name)!r} with plugins is installed, and no folder here is called so"
            f"{did_you_mean(name, known)}"
        )
    return [point.module for point in points if point.dist is not None and point.dist.name == name]


def registered(modules: Iterable[str]) -> dict[str, list[Spec]]:
    """Return the specs that modules register, by the kind's plural.

    Raises:
        PluginError: If a module cannot be imported, registers nothing, or a hook does not give specs.
    """
    found: dict[str, list[Spec]] = {}
    for name in modules:
        module = _imported(name)
        hooks = {kind: getattr(module, hook) for kind, hook in HOOKS.items() if hasattr(module, hook)}
        if not hooks:
            raise PluginError(f"{name} has none of the hooks {', '.join(HOOKS.values())}: see genharness.plugin.hooks")
        for kind, hook in hooks.items():
            found.setdefault(kind, []).extend(_specs(name, hook))
    return found


def _imported(name: str) -> ModuleType:
    try:
        with contained():
            return importlib.import_module(name)
    except PluginError as error:
        raise PluginError(f"{name} cannot be imported: {error}") from error


def _specs(module: str, hook: Callable[[], Any]) -> list[Spec]:
    try:
        with contained():
            specs = list(hook())
    except PluginError as error:
        raise PluginError(f"{module}.{hook.__name__} fails: {error}") from error
    wrong = next((spec for spec in specs if not isinstance(spec, Spec)), None)
    if wrong is not None:
        raise PluginError(f"{module}.{hook.__name__} gives {type(wrong).__name__}: it must give specs")
    return specs


def package_checks(specs: Mapping[str, Iterable[Spec]], *, exhaustive: bool = False) -> list[Check]:
    """Return every check of some specs, by the kind's plural."""
    checks: list[Check] = []
    for kind, some in specs.items():
        more = {"exhaustive": True} if exhaustive and kind in _EXHAUSTIVE else {}
        checks += _SUITES[kind](some, **more)
    return checks


def run_checks(checks: Iterable[Check]) -> Iterator[CheckResult]:
    """Run checks one after the other, whatever they raise, and yield what came of each."""
    for check in checks:
        begun = time.monotonic()
        try:
            with noting_interrupts() as interrupts:
                check()
            outcome: Literal["ok", "failed", "skipped"] = "ok"
            reason = ""
        except unittest.SkipTest as skip:
            outcome, reason = "skipped", str(skip)
        except KeyboardInterrupt as error:
            if interrupts or type(error) is not KeyboardInterrupt:  # the user's, or SIGTERM
                raise
            outcome, reason = "failed", one_line(error)
        except ConformanceError as error:
            outcome, reason = "failed", str(error)
        except BaseException as error:  # a plugin may raise anything, SystemExit too
            outcome, reason = "failed", one_line(error)
        yield CheckResult(check.name, outcome, reason, check.contract, time.monotonic() - begun)
