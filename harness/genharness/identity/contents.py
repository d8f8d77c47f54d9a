"""What files and folders hold, as digests: a path that is given as an option stands for its content."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genharness.files.atomic import write_bytes
from genharness.files.checksums import file_digest
from genharness.files.home import home
from genharness.files.paths import expanded
from genharness.spec.protocol import with_contents

__all__ = ["content_of", "identified", "inputs_of"]

_DIGITS = 32
_SMALL = 1 << 20
"""Bytes up to which a file is rather read again than remembered."""

_SETTLED_SECONDS = 2.0
"""Age from which a file's time of change tells it from a later content; file systems count in seconds at worst."""

_MOST = 1000


def content_of(path: Path) -> str:
    """Return a digest of what a file, or every file below a folder, holds; empty where there is nothing.

    Names within a folder count, those of the path itself do not: it may be moved. What is no file, such as a link that
    leads nowhere, counts by its name. The digest of a large file is remembered with its size, times and inode.

    Raises:
        OSError: If something cannot be read.
    """
    if path.is_file():
        return _file(path)
    if not path.is_dir():
        return ""
    digest = hashlib.sha256()
    for file in _below(path):
        content = _file(file) if file.is_file() else ""
        digest.update(f"{file.relative_to(path).as_posix()}\0{content}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:_DIGITS]


def inputs_of(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the content of every option that names a file or folder, by the option's name.

    A `Path` does so always. Text does so where it is written as a path (absolute, with a separator, from `~` or `.`
    on) and something is there, or where it is the name of a file with a suffix; `FILE.py:NAME` stands for the file.

    Raises:
        OSError: If something cannot be read.
    """
    named = {name: path for name, value in options.items() if (path := _path(value)) is not None}
    return {name: content_of(path) for name, path in named.items()}


def identified(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with the content of files in the place of their paths, which tells them apart.

    Raises:
        OSError: If something cannot be read.
    """
    return with_contents(options, inputs_of(options))


def _path(value: Any) -> Path | None:
    if isinstance(value, Path):
        return expanded(value)
    if not isinstance(value, str) or not value or "\0" in value or len(value) > 4096:
        return None
    file, _, name = value.rpartition(":")
    if name.isidentifier() and file.endswith(".py"):
        value = file
    path = expanded(value)
    try:
        if value.startswith(("~", ".")) or os.sep in value:
            return path if path.exists() else None
        return path if path.suffix and path.is_file() else None
    except OSError:  # no name of a file
        return None


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names))


def _file(path: Path) -> str:
    state = path.stat()
    stamp = [state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
    settled = time.time() - max(state.st_mtime, state.st_ctime) > _SETTLED_SECONDS
    if state.st_size <= _SMALL or not settled:
        return file_digest(path, "sha256")[:_DIGITS]
    known = _remembered()
    entry = known.get(str(path.resolve()))
    if entry is not None and entry[:-1] == stamp:
        return str(entry[-1])
    found = file_digest(path, "sha256")[:_DIGITS]
    _remember({**known, str(path.resolve()): [*stamp, found]})
    return found


def _memory() -> Path:
    return home() / "code" / "contents.json"


def _remembered() -> dict[str, list[Any]]:
    try:
        kept = json.loads(_memory().read_bytes())
        return {str(path): list(entry) for path, entry in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # missing or damaged: files are read again
        return {}


def _remember(known: Mapping[str, list[Any]]) -> None:
    try:
        write_bytes(_memory(), json.dumps(dict(list(known.items())[-_MOST:])).encode())
    except OSError:  # a full disk costs time, not a result
        return
