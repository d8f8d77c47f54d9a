"""Has a user's own folder or file changed since it was prepared?"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["fingerprint"]


def fingerprint(path: Path) -> str:
    """Return a hash of names, sizes and times of change below `path`; contents are not read.

    Returns:
        The hash, or `""` when nothing is there.
    """
    digest = hashlib.sha256()
    if path.is_file():
        _add(digest, path, "")
    for place, folders, names in os.walk(path):
        folders.sort()
        for name in sorted(names):
            _add(digest, Path(place, name), os.path.relpath(Path(place, name), path))
    return digest.hexdigest() if path.exists() else ""


def _add(digest: hashlib._Hash, path: Path, name: str) -> None:
    state = path.lstat()
    digest.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\0".encode("utf-8", "surrogateescape"))
