"""A leaderboard as it was last shown, kept while everything that it was made of is the same.

That is every record (by size, times and inode of its file), the code of genharness and its plugins (likewise), and
what was asked for. Where any of it is in doubt nothing is kept: records that were written just now, that could not all
be read, and plugins of other distributions, whose code may lie anywhere.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from genharness.files.home import home
from genharness.plugin.registry import Registry, installed_plugins, load_registry
from genharness.plugin.single_files import plugin_files
from genharness.results.kept_file import FOLDER, read_kept, write_kept
from genharness.results.store import Store
from genharness.spec.protocol import canonical_json
from genharness.version import VERSION

__all__ = ["KeptText"]

_OWN = "genharness"
_MOST_TEXTS = 20


class KeptText:
    """One text, kept or not yet.

    Args:
        path: Where it is kept; None where something is in doubt, and so nothing is.
        code: Digest of the state of all code that takes part; empty where some of it may lie anywhere.
    """

    def __init__(self, path: Path | None, code: str = "") -> None:
        self._path = path
        self._code = code

    @classmethod
    def of(cls, store: Store, asked: Mapping[str, Any], plugins: Iterable[EntryPoint]) -> KeptText:
        """Return what is kept of some records; no plugin is imported for it.

        Args:
            store: The records.
            asked: All that decides how they are shown, plain values.
            plugins: Those that are installed.
        """
        code = _code(plugins)
        records = store.state() if code else ""
        if not records or not code:
            return cls(None, code)
        key = hashlib.sha256(canonical_json([VERSION, records, code, dict(asked)]).encode()).hexdigest()[:24]
        return cls(home() / FOLDER / f"{key}.txt", code)

    def registry(self, found: Sequence[EntryPoint]) -> Registry:
        """Return all plugins; where no code is other than when all of them were good, they are not checked again.

        Args:
            found: Those that are installed.
        """
        path = home() / FOLDER / "plugins"
        try:
            good = bool(self._code) and read_kept(path) == self._code.encode()
        except (OSError, ValueError):  # none, or a damaged one
            good = False
        registry = load_registry(found=found, known_good=good)
        if self._code and not good and not registry.problems:
            write_kept(path, self._code.encode(), "plugins that are good")
        return registry

    def read(self) -> str | None:
        """Return the text, None where none is kept."""
        try:
            return read_kept(self._path).decode() if self._path else None
        except (OSError, ValueError):  # none, or a damaged one
            return None

    def keep(self, text: str) -> None:
        """Keep a text, and of all that are kept the latest; a full disk costs time, not a table."""
        if self._path is None:
            return
        write_kept(self._path, text.encode(), "a leaderboard")
        try:
            texts = sorted(self._path.parent.glob("*.txt"), key=lambda path: path.stat().st_mtime)
            for path in texts[:-_MOST_TEXTS]:
                path.unlink(missing_ok=True)
        except OSError:
            return


def _code(entries: Iterable[EntryPoint]) -> str:
    """Return a digest of the state of all code that takes part, empty where some of it may lie anywhere."""
    plugins = installed_plugins(entries)
    if plugin_files() or any(provider.distribution != _OWN for provider, _ in plugins):
        return ""
    digest = hashlib.sha256()
    for package in sorted({_OWN, *(package for _, package in plugins)}):
        for name, state in _files(package):
            digest.update(f"{name} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}\n".encode())
    return digest.hexdigest()


def _files(package: str) -> Iterator[tuple[str, os.stat_result]]:
    found = importlib.util.find_spec(package)
    for root in sorted((found.submodule_search_locations or ()) if found else ()):
        for place, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name != "__pycache__")
            for name in sorted(names):
                path = os.path.join(place, name)  # noqa: PTH118
                yield path, os.stat(path)  # noqa: PTH116
