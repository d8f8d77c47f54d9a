"""`genharness list`: what there is, and which plugins are broken."""

from __future__ import annotations

import json
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from genharness.cli.screen.terminal import console, echo, say
from genharness.errors import ConfigError, did_you_mean
from genharness.files.paths import printable
from genharness.plugin.registry import Kind, Registry, load_registry
from genharness.spec.plugins import DatasetSpec, MetricSpec, ModelSpec

__all__ = ["list_plugins"]


@click.command("list")
@click.argument("kind", required=False)
@click.option("--plugins", "by_plugin", is_flag=True, help="The plugins themselves: package, version, kinds, faults.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def list_plugins(kind: str | None, by_plugin: bool, form: str) -> None:
    """List plugins of a KIND (models, datasets, extractors, metrics, executors, reporters, trackers, figures), or all.

    \b
    Examples:
      genharness list
      genharness list models
      genharness list metrics --format json
      genharness list --plugins
    """
    registry = load_registry(tolerant=True)
    if by_plugin:
        _print_plugins(_plugins(registry), form)
        return
    kinds = _chosen(registry, kind)
    if form == "json":
        echo(json.dumps({word: _plain(group) for word, group in kinds.items()}, indent=2))
    else:
        out = console()
        for word, group in kinds.items():
            _print(out, word, group)
    for problem in registry.problems:
        say(f"broken: {problem}", fg="red", err=True)


def _plugins(registry: Registry) -> list[dict[str, Any]]:
    """Return every plugin with what it gives and what is wrong with it."""
    found = {one: {"kinds": dict[str, list[str]](), "faults": list[str]()} for one in registry.providers}
    for word, group in registry.kinds.items():
        for name in group:
            found[group.provider(name)]["kinds"].setdefault(word, []).append(name)  # type: ignore[attr-defined]
    for problem in registry.problems:
        one = found.setdefault(problem.provider, {"kinds": {}, "faults": []})
        one["faults"].append(problem.reason)  # type: ignore[attr-defined]
    return [
        {"plugin": one.plugin, "package": one.distribution, "version": one.version, **what}
        for one, what in found.items()
    ]


def _print_plugins(plugins: list[dict[str, Any]], form: str) -> None:
    if form == "json":
        echo(json.dumps(plugins, indent=2))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for word in ("plugin", "package", "version", "gives", "faults"):
        table.add_column(word)
    for one in plugins:
        gives = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in one["kinds"].items())
        cells = (one["plugin"], one["package"], one["version"], gives, "; ".join(one["faults"]))
        table.add_row(*(Text(printable(cell)) for cell in cells))
    console().print(table)


def _chosen(registry: Registry, kind: str | None) -> dict[str, Kind[Any]]:
    kinds = dict(registry.kinds)
    if kind is None:
        return {word: group for word, group in kinds.items() if group}
    plural = kind if kind in kinds else f"{kind}s"
    if plural not in kinds:
        raise ConfigError(f"unknown kind {kind!r}{did_you_mean(kind, kinds)}")
    return {plural: kinds[plural]}


def _plain(group: Kind[Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "summary": spec.summary, "about": _about(spec), "provider": str(group.provider(name))}
        for name, spec in group.items()
    ]


def _print(out: Console, word: str, group: Kind[Any]) -> None:
    table = Table(box=box.SIMPLE_HEAD, title=word, title_justify="left", title_style="bold", pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("about", style="dim")
    table.add_column("summary")
    strangers = {name for name in group if group.provider(name).distribution != "genharness"}
    if strangers:
        table.add_column("from", style="dim")
    for name, spec in group.items():
        provider = [str(group.provider(name)) if name in strangers else ""] if strangers else []
        table.add_row(name, _about(spec), spec.summary, *provider)
    out.print(table)


def _about(spec: Any) -> str:
    """Return the few words that matter most of a spec."""
    if isinstance(spec, ModelSpec):
        return spec.family
    if isinstance(spec, DatasetSpec):
        return _dataset_words(spec)
    if isinstance(spec, MetricSpec):
        return ", ".join(column.key for column in spec.columns)
    return ""


def _dataset_words(spec: DatasetSpec) -> str:
    if spec.shape is None:
        return spec.modality
    size = f"{spec.shape[0]} columns" if spec.modality == "tabular" else f"{spec.shape[1]}x{spec.shape[2]}"
    total = sum(spec.counts.values())
    return f"{size}, {total:,}" if total else size
