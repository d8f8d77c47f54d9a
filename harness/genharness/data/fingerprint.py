"""Has a user's own folder or file changed since it was prepared?"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from genharness.errors import DataError
from genharness.files.patterns import paths_of

__all__ = ["fingerprint", "is_at_hand"]


def fingerprint(source: str | Path) -> str:
    """Return a hash of names, sizes and times of change below a path, or all that a pattern names; no contents.

    Returns:
        The hash, or `""` when nothing is there.
    """
    digest, paths = hashlib.sha256(), _paths(source)
    for path in paths:
        _add_all(digest, path, "" if len(paths) == 1 else str(path))
    return digest.hexdigest() if paths else ""


def is_at_hand(source: str) -> bool:
    """Return whether what a reference names is on this machine: its path, or all of its pattern."""
    return bool(_paths(source))


def _paths(source: str | Path) -> list[Path]:
    """Return the paths of a source; none of a name in a library, nor where some of a pattern are missing."""
    try:
        return [path for path in paths_of(str(source)) if path.exists()] if Path(source).is_absolute() else []
    except DataError:
        return []


def _add_all(digest: hashlib._Hash, path: Path, prefix: str) -> None:
    if path.is_file():
        _add(digest, str(path), prefix)
    for place, folders, names in os.walk(path):
        folders.sort()
        inside = os.path.relpath(place, path)
        for name in sorted(names):
            _add(digest, f"{place}{os.sep}{name}", name if inside == os.curdir else f"{inside}{os.sep}{name}")


def _add(digest: hashlib._Hash, path: str, name: str) -> None:
    state = os.lstat(path)
    digest.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
