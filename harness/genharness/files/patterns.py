"""Many files under one name: `shards/*.tar`, `train-{000..009}.tar`, a folder of them. Standard library only."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

from genharness.errors import DataError
from genharness.files.paths import printable

__all__ = ["files_below", "paths_of"]

MOST_FILES = 1_000_000
_RANGE = re.compile(r"\{(\d{1,9})\.\.(\d{1,9})\}", re.ASCII)


def paths_of(text: str) -> list[Path]:
    """Return what a path names: itself where it exists, else all that its braces and wildcards stand for, sorted.

    Args:
        text: A path; `{000..009}` stands for ten numbers, `*`, `?` and `[...]` for what the shell takes them for.

    Returns:
        Existing files and folders, none where the path holds neither and does not exist.

    Raises:
        DataError: If one that braces name is missing, or they name more than a million.
    """
    if os.path.lexists(text):
        return [Path(text)]
    if not _RANGE.search(text) and not glob.has_magic(text):
        return []
    found = [path for pattern in _spelt_out(text) for path in _matches(pattern)]
    return list(dict.fromkeys(found))


def _matches(pattern: str) -> list[Path]:
    if glob.has_magic(pattern):
        return [Path(name) for name in sorted(glob.glob(pattern))]  # noqa: PTH207 -- patterns are absolute
    if not os.path.lexists(pattern):
        raise DataError(f"{printable(pattern)} does not exist, and the braces name it: give those that are there")
    return [Path(pattern)]


def _spelt_out(text: str) -> Iterator[str]:
    """Yield a text with every range in braces spelt out, numbers as long as the first one's digits."""
    span = _RANGE.search(text)
    if span is None:
        yield text
        return
    first, last = int(span[1]), int(span[2])
    if not 0 <= last - first < MOST_FILES:
        raise DataError(f"{printable(text)}: {span[0]} is no range of at most {MOST_FILES:,} numbers from low to high")
    for number in range(first, last + 1):
        yield from _spelt_out(f"{text[: span.start()]}{number:0{len(span[1])}}{text[span.end() :]}")


def files_below(path: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Return a file itself, or the files of some suffixes below a folder, sorted; links to folders are not followed.

    Raises:
        DataError: If the path is neither file nor folder.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{printable(path)} is neither a file nor a folder: give one of these")
    below = (Path(place, name) for place, _, names in os.walk(path) for name in names)
    return sorted(one for one in below if one.name.lower().endswith(suffixes) and not one.name.startswith("."))
