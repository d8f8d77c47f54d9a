"""Where many pictures lie: a folder or a zip, read alike."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from genharness.archives import open_zip
from genharness.errors import DataError

__all__ = ["FileSource", "open_source"]


@dataclass(frozen=True)
class FileSource:
    """Files by their names.

    Attributes:
        where: The folder or zip, for messages.
        names: Relative paths with slashes, sorted.
        read: Returns a file's content; may be called from several threads.
    """

    where: str
    names: tuple[str, ...]
    read: Callable[[str], bytes]


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[FileSource]:
    """Give the files of a folder or a zip.

    Raises:
        DataError: If it is neither, or the zip is damaged or hostile.
    """
    if path.is_dir():
        yield FileSource(str(path), tuple(sorted(_walk(path))), lambda name: (path / name).read_bytes())
    elif zipfile.is_zipfile(path):
        with open_zip(path) as (members, read):
            yield FileSource(str(path), tuple(sorted(member.name for member in members)), read)
    else:
        damaged = f"{path} is no zip, or is cut off or damaged: give a folder, or pack it again"
        raise DataError(damaged if path.exists() else f"{path} does not exist")


def _walk(root: Path) -> Iterator[str]:
    """Yield files below a folder; linked folders are followed, but none twice."""
    seen = set()
    for place, folders, names in os.walk(root, followlinks=True):
        real = Path(place).resolve()
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders.sort()
        relative = Path(place).relative_to(root)
        yield from ((relative / name).as_posix() for name in names)
