"""What a shell offers after TAB: names of plugins, of cells and rows of the results, and of columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from genharness.errors import GenharnessError
from genharness.plugin.registry import Registry, load_registry
from genharness.spec.options import options_of
from genharness.spec.record import MEASUREMENTS

__all__ = ["BY_OPTION", "cells", "cells_or_files", "columns", "names_of", "options", "plugins", "rows"]

Complete = Callable[[click.Context, click.Parameter, str], list[str]]

_WORDS = {"models": ("all",), "metrics": ("default", "all"), "extractors": ("auto",)}
"""What may stand beside names."""


def names_of(kind: str) -> Complete:
    """Return what completes names of a kind of plugin, such as `models`, also behind a comma."""

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        return _offered(lambda: [*_registry().kinds[kind], *_WORDS.get(kind, ())], incomplete)

    return complete


def plugins(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a plugin of any kind."""
    return _offered(lambda: [name for kind in _registry().kinds.values() for name in kind], incomplete)


def options(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete `NAME.OPTION=` of `--set`."""
    owner = incomplete.partition(".")[0]

    def known() -> Iterable[str]:
        specs = [spec for kind in _registry().kinds.values() for spec in kind.values()]
        if "." not in incomplete:
            return [f"{spec.name}." for spec in specs if options_of(spec.config)]
        return [f"{owner}.{one.name}=" for spec in specs if spec.name == owner for one in options_of(spec.config)]

    return [word for word in _silently(known) if word.startswith(incomplete)]


def columns(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete keys of columns: of metrics, and of what a run measures."""

    def known() -> list[str]:
        of_metrics = [column.key for spec in _registry().metrics.values() for column in spec.columns]
        return list(dict.fromkeys([*of_metrics, *MEASUREMENTS]))

    return _offered(known, incomplete)


def cells(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete ids of cells of the results folder."""
    return _offered(lambda: _ids(context), incomplete)


def cells_or_files(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete samples: files, and where cells may stand for them, their ids."""
    known = cells(context, parameter, incomplete) if context.info_name == "verify" else []
    return [*map(CompletionItem, known), CompletionItem(incomplete, type="file")]


def rows(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Complete models of which the results folder has cells, and ids of these."""

    def known() -> list[str]:
        ids, models = _ids(context), list(_registry().models)
        return [*(_model_of(one, models) for one in ids), *ids]

    return _offered(known, incomplete)


def _model_of(cell_id: str, models: Iterable[str]) -> str:
    """Return the longest name of a model that an id begins with; the id where there is none."""
    return max((name for name in models if cell_id.startswith(f"{name}-")), key=len, default=cell_id)


def _ids(context: click.Context) -> list[str]:
    """Return the ids of cells, by the names of the files of their records: thousands need not be read."""
    folder = Path(context.params.get("results") or "results") / "records"
    return sorted(path.stem for path in folder.glob("*.json"))


def _registry() -> Registry:
    return load_registry(tolerant=True)


def _offered(known: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    """Return the words that go on what was typed, behind its last comma."""
    before, comma, last = incomplete.rpartition(",")
    taken = set(before.split(","))
    return [f"{before}{comma}{word}" for word in _silently(known) if word.startswith(last) and word not in taken]


def _silently(known: Callable[[], Iterable[str]]) -> Sequence[str]:
    """Return words, or none where they cannot be had: a shell has no place for a message."""
    try:
        return sorted(set(known()))
    except (GenharnessError, OSError):
        return []


BY_OPTION: dict[str, Any] = {
    "models": names_of("models"),
    "datasets": names_of("datasets"),
    "dataset": names_of("datasets"),
    "metrics": names_of("metrics"),
    "score_metrics": names_of("metrics"),
    "features": names_of("extractors"),
    "executor": names_of("executors"),
    "trackers": names_of("trackers"),
}
"""What completes the options that several commands declare, by their field."""
