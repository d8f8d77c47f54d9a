"""`genharness doctor`: devices, versions, caches, weights, plugins."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import shutil
import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from genharness.cli.options import AnyPath
from genharness.cli.screen.terminal import console, say
from genharness.errors import GenharnessError, PluginError
from genharness.files.home import home
from genharness.files.weights import locate_weights
from genharness.plugin.registry import Registry, load_registry
from genharness.spec.plugins import ExtractorSpec, MetricSpec

__all__ = ["doctor"]

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)[^;]*(;\s*extra == ['\"](?P<extra>[^'\"]+)['\"])?")


@click.command()
@click.option("--results", type=AnyPath(), default=Path("results"), show_default=True)
def doctor(results: Path) -> None:
    """Check this installation and say what is missing; exit code 1 when something is broken.

    \b
    Example:
      genharness doctor
    """
    out = console()
    registry = load_registry(tolerant=True)
    sections = [
        ("versions", _versions()),
        ("packages of plugins", _plugin_packages(registry)),
        ("devices", _devices()),
        ("storage", _storage(results)),
        ("weights", _weights(registry)),
        ("plugins", _plugins(registry)),
    ]
    for title, rows in sections:
        _print(out, title, rows)
    problems = [str(problem) for problem in registry.problems] + _duplicates()
    for problem in dict.fromkeys(problems):
        say(f"broken: {problem}", fg="red")
    if problems:
        sys.exit(1)
    out.print("nothing is broken", style="green")


def _print(out: Console, title: str, rows: list[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(f"  {name}", value)
    out.print(title, style="bold")
    out.print(table)


def _versions() -> list[tuple[str, str]]:
    rows = [("python", platform.python_version())]
    needed = ["genharness", *_requirements()]
    rows += [(name, _version(name) or "missing: run pip install -e . again") for name in needed]
    absent = [name for name in _requirements("verify") if _version(name) is None]
    hint = f"missing {', '.join(absent)}: pip install 'genharness[verify]'" if absent else "all there"
    return [*rows, ("to verify with", hint)]


def _requirements(extra: str = "") -> list[str]:
    """Return the distributions that genharness asks for: always, or for one of its extras."""
    needed = []
    for line in importlib.metadata.requires("genharness") or ():
        form = _REQUIREMENT.fullmatch(line)
        if form is not None and (form["extra"] or "") == extra:
            needed.append(form["name"])
    return needed


def _plugin_packages(registry: Registry) -> list[tuple[str, str]]:
    """Return what plugins need beside what genharness installs, and whether it is here."""
    wanted: dict[str, list[str]] = {}
    for kind in registry.kinds.values():
        for spec in kind.values():
            for package in spec.packages:
                wanted.setdefault(package, []).append(f"{kind.word} {spec.name}")
    return [
        (package, f"{_version(package) or f'missing: pip install {package}'} ({', '.join(users)})")
        for package, users in wanted.items()
    ]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _devices() -> list[tuple[str, str]]:
    rows = [("cpu", f"{os.cpu_count()} cores, {platform.machine()}")]
    try:
        import torch
    except Exception as error:  # a broken torch is what doctor is for
        return [*rows, ("torch", f"cannot be imported: {type(error).__name__}: {error}")]
    if not torch.cuda.is_available():
        return [*rows, ("cuda", "none that torch sees")]
    names = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return rows + [(f"cuda:{index}", f"{one.name}, {one.total_memory >> 20:,} MiB") for index, one in enumerate(names)]


def _storage(results: Path) -> list[tuple[str, str]]:
    return [("home ($GENHARNESS_HOME)", _place(home())), ("results", _place(results))]


def _place(path: Path) -> str:
    """Return a folder, whether it can be written, and the space there."""
    existing = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    free = f"{shutil.disk_usage(existing).free >> 30:,} GiB free"
    state = "" if os.access(existing, os.W_OK) else ", NOT WRITABLE"
    made = "" if existing == path else ", not made yet"
    return f"{path}{made}{state}, {free}"


def _weights(registry: Registry) -> list[tuple[str, str]]:
    rows = []
    needing: list[ExtractorSpec | MetricSpec] = [*registry.extractors.values(), *registry.metrics.values()]
    for spec in needing:
        if spec.weights is None:
            continue
        try:
            found = locate_weights(spec.weights)
            absent = f"not here; {spec.weights.filename} is fetched on first use"
            rows.append((spec.name, str(found) if found else absent))
        except GenharnessError as error:
            rows.append((spec.name, str(error)))
    return rows


def _plugins(registry: Registry) -> list[tuple[str, str]]:
    return [(word, ", ".join(kind)) for word, kind in registry.kinds.items() if kind]


def _duplicates() -> list[str]:
    """Return the error that a run would stop at, if two distributions give one name."""
    try:
        load_registry()
    except PluginError as error:
        return [str(error)]
    return []
