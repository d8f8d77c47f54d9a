"""`genharness cache`: what is kept to save time, and how to be rid of it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

import click
from rich.table import Table

from genharness.cli.screen.data_views import megabytes
from genharness.cli.screen.terminal import console, echo, say
from genharness.errors import did_you_mean, refuse
from genharness.files.cached import KINDS, CacheEntry, cache_entries, clear_entry
from genharness.files.home import home
from genharness.plugin.registry import load_registry

__all__ = ["cache"]

_KIND = click.option("--kind", "kinds", multiple=True, help="Only this, such as features; repeatable.")


@click.group()
def cache() -> None:
    """List and clear what is kept to save time: features, scores, weights, and what plugins keep.

    All of it is made or downloaded again when it is needed. Datasets are under `genharness data`.

    \b
    Examples:
      genharness cache list
      genharness cache clear --kind features
    """


@cache.command(name="list")
@_KIND
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_cache(kinds: Sequence[str], as_json: bool) -> None:
    """List what is kept, with sizes and ages.

    \b
    Examples:
      genharness cache list
      genharness cache list --kind features --json
    """
    entries = cache_entries(_chosen(kinds))
    if as_json:
        echo(json.dumps([_plain(entry) for entry in entries], indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("kind", "size", "age", "what"):
        table.add_column(title, justify="right" if title in ("size", "age") else "left", overflow="fold")
    for entry in entries:
        age = _age(time.time() - entry.written_at)
        table.add_row(entry.kind, megabytes(entry.size_bytes), age, entry.text)
    if entries:
        console().print(table)
    say(f"{_total(entries)} in {home()}")


@cache.command()
@_KIND
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def clear(kinds: Sequence[str], yes: bool) -> None:
    """Delete what is kept: everything, or only some kinds.

    \b
    Examples:
      genharness cache clear
      genharness cache clear --kind features --kind classifiers --yes
    """
    entries = cache_entries(_chosen(kinds))
    if not entries:
        say("nothing is kept")
        return
    if not yes:
        kept = ", ".join(dict.fromkeys(one.kind for one in entries))
        click.confirm(f"delete {_total(entries)} ({kept})?", abort=True)
    for entry in entries:
        clear_entry(entry)
    say(f"{_total(entries)} freed")


def _chosen(kinds: Sequence[str]) -> tuple[str, ...]:
    """Return the kinds that were named, or all there are.

    Raises:
        ConfigError: For every kind that neither the harness nor a plugin has.
    """
    registry = load_registry(tolerant=True)
    specs = [spec for kind in registry.kinds.values() for spec in kind.values()]
    known = dict.fromkeys([*KINDS, *(name for spec in specs for name in spec.caches)])
    refuse(f"nothing is kept as {kind!r}{did_you_mean(kind, known)}" for kind in kinds if kind not in known)
    return tuple(dict.fromkeys(kinds or known))


def _total(entries: Sequence[CacheEntry]) -> str:
    word = "entry" if len(entries) == 1 else "entries"
    return f"{len(entries):,} {word}, {megabytes(sum(entry.size_bytes for entry in entries))}"


def _age(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _plain(entry: CacheEntry) -> dict[str, object]:
    return {
        "kind": entry.kind,
        "what": entry.text,
        "bytes": entry.size_bytes,
        "written_at": entry.written_at,
        "path": str(entry.path),
    }
