"""How `genharness data` shows datasets and its own progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from genharness.cli.screen.terminal import console, say
from genharness.files.paths import printable
from genharness.plugin.registry import Registry
from genharness.spec.dataset_name import DatasetReference
from genharness.spec.plugins import DatasetSpec, DataShape

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["InfoView", "PrepareProgress", "dataset_plain", "dataset_table", "info_view", "megabytes"]


def megabytes(size_bytes: int) -> str:
    """Return bytes for people: `12 MB`, `0.4 MB`, `3.9 GB`."""
    if size_bytes >= 1e9:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.{0 if size_bytes >= 1e7 else 1}f} MB"


def _state(spec: DatasetSpec) -> str:
    """Return what it takes to have a dataset that is not prepared."""
    if spec.parametric:
        return f"{spec.name}:PATH"
    if spec.bundled:
        return "bundled"
    if not spec.remotes or not all(remote.urls for remote in spec.remotes):
        return "needs --from"
    size = sum(remote.size for remote in spec.remotes)
    return f"download {megabytes(size)}" if size else "download"


def _shape_words(shape: tuple[int, ...] | None, modality: str) -> str:
    if shape is None:
        return "its own"
    return str(DataShape("tabular" if modality == "tabular" else "image", shape))


def _counts_words(counts: Mapping[str, int]) -> str:
    return " / ".join(f"{count:,}" for count in counts.values())


def dataset_table(registry: Registry, prepared: Sequence[PreparedData]) -> Table:
    """Return all datasets, with the variants that are prepared below each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("dataset", overflow="fold", min_width=max(map(len, registry.datasets), default=0))
    table.add_column("samples", no_wrap=True)
    table.add_column("split sizes", justify="right")
    table.add_column("classes", justify="right")
    table.add_column("state", no_wrap=True)
    left = list(prepared)
    for name, spec in sorted(registry.datasets.items()):
        own = [item for item in left if item.name == name]
        state = _prepared(own[0]) if own else Text(_state(spec))
        shape, counts, classes = spec.shape, spec.counts, len(spec.class_names)
        if own:
            shape, counts, classes = own[0].meta.shape, own[0].meta.counts, len(own[0].class_names)
        words = _shape_words(shape, spec.modality)
        table.add_row(Text(name, "bold"), words, _counts_words(counts), str(classes or ""), state)
        for item in left:
            if item.name != name and _plugin_of(item) == name:
                table.add_row(*_variant_row(item))
    for item in left:
        if _plugin_of(item) not in registry.datasets:
            table.add_row(*_variant_row(item))
    return table


def _plugin_of(item: PreparedData) -> str:
    from genharness.spec.dataset_name import parse_reference

    return parse_reference(item.name).name


def _variant_row(item: PreparedData) -> tuple[str | Text, ...]:
    words = _shape_words(item.meta.shape, item.meta.modality)
    classes = str(len(item.class_names) or "")
    return f"  {item.name}", words, _counts_words(item.meta.counts), classes, _prepared(item)


def _prepared(item: PreparedData) -> Text:
    return Text("prepared", "green") + f" {megabytes(item.size_bytes)}"


def dataset_plain(registry: Registry, prepared: Sequence[PreparedData], damaged: Mapping[Path, str]) -> dict[str, Any]:
    """Return the same as plain values."""
    return {
        "datasets": [
            {
                "name": name,
                "summary": spec.summary,
                "modality": spec.modality,
                "shape": spec.shape,
                "counts": dict(spec.counts),
                "classes": len(spec.class_names),
                "licence": spec.licence,
                "state": _state(spec),
            }
            for name, spec in sorted(registry.datasets.items())
        ],
        "prepared": [_prepared_plain(item) for item in prepared],
        "damaged": {str(folder): reason for folder, reason in damaged.items()},
    }


def _prepared_plain(item: PreparedData) -> dict[str, Any]:
    return {
        "name": item.name,
        "shape": item.meta.shape,
        "counts": dict(item.meta.counts),
        "classes": len(item.class_names),
        "content_hash": item.content_hash,
        "bytes": item.size_bytes,
        "folder": str(item.folder),
    }


@dataclass(frozen=True)
class InfoView:
    """What is known of one dataset, to print or as plain values."""

    plain: dict[str, Any]

    @property
    def table(self) -> Table:
        """Two columns."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for key, value in self.plain.items():
            if value not in ("", None, [], {}):
                table.add_row(key.replace("_", " "), _words(value))
        return table


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "\n".join(map(str, value)) if any(" " in str(item) for item in value) else ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def info_view(spec: DatasetSpec, reference: DatasetReference, prepared: PreparedData | None) -> InfoView:
    """Return what is known of a dataset; more once it is prepared."""
    plain: dict[str, Any] = {
        "name": str(reference),
        "summary": spec.summary,
        "modality": spec.modality,
        "samples": _shape_words(spec.shape, spec.modality),
        "splits": dict(spec.counts),
        "classes": list(spec.class_names),
        "licence": spec.licence,
        "homepage": spec.homepage,
        "files": [remote.filename for remote in spec.remotes],
        "state": _state(spec),
    }
    if prepared is None:
        return InfoView(plain)
    meta = prepared.meta
    return InfoView(
        {
            **plain,
            "samples": str(prepared.shape),
            "splits": dict(meta.counts),
            "classes": list(meta.class_names),
            "class_counts": {split: prepared.class_counts(split) for split in prepared.splits},
            "licence": meta.licence,
            "source": meta.source,
            "touched": dict(meta.touched),
            "notes": list(meta.notes),
            "state": f"prepared, {megabytes(prepared.size_bytes)}",
            "folder": str(prepared.folder),
            "content_hash": prepared.content_hash,
        }
    )


class PrepareProgress:
    """A progress bar on a terminal, a line for each stage elsewhere; written to standard error."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._said = ""
        out = console(stderr=True)
        words = TextColumn("{task.description}", markup=False)
        columns = (words, BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=out, transient=True) if out.is_terminal else None
        self._task = self._bar.add_task(printable(name), total=None) if self._bar else None

    def report(self, done: int, total: int, text: str) -> None:
        """Show how far one stage is."""
        if self._bar is not None and self._task is not None:
            if text != self._said:
                self._bar.reset(self._task)
            description = printable(f"{self._name}: {text}")
            self._bar.update(self._task, description=description, completed=done, total=total if total else None)
        elif text != self._said:
            say(f"{self._name}: {text}", err=True)
        self._said = text

    def __enter__(self) -> PrepareProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
