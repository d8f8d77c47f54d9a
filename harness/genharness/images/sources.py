"""Where many pictures lie: a folder or a zip, read alike."""

from __future__ import annotations

import contextlib
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from genharness.errors import DataError
from genharness.files.archives import UnreadableError, open_zip

__all__ = ["FileSource", "open_source"]

MAX_FILE_BYTES = 1 << 30
"""Twice the largest picture that is decoded, uncompressed with four channels of 16 bits."""


@dataclass(frozen=True)
class FileSource:
    """Files by their names.

    Attributes:
        where: The folder or zip, for messages.
        names: Relative paths with slashes, sorted. A linked folder that was read already, under another name, is one
            name with a slash at its end.
        read: Returns a file's content; may be called from several threads. Raises `UnreadableError` or OSError.
    """

    where: str
    names: tuple[str, ...]
    read: Callable[[str], bytes]


@contextlib.contextmanager
def open_source(path: Path) -> Iterator[FileSource]:
    """Give the files of a folder or a zip.

    Raises:
        DataError: If it is neither, a folder in it cannot be read, or the zip is damaged or hostile.
    """
    if path.is_dir():
        yield FileSource(str(path), tuple(sorted(_walk(path))), partial(_read_file, path))
    elif path.exists() and not path.is_file():  # a pipe would be waited for
        raise DataError(f"{path} is no regular file: give a folder or a zip")
    elif zipfile.is_zipfile(path):
        with open_zip(path) as (members, read):
            sizes = {member.name: member.size for member in members}
            yield FileSource(str(path), tuple(sorted(sizes)), partial(_read_member, path, sizes, read))
    else:
        damaged = f"{path} is no zip, or is cut off or damaged: give a folder, or pack it again"
        raise DataError(damaged if path.exists() else f"{path} does not exist")


def _read_file(root: Path, name: str) -> bytes:
    path = f"{root}{os.sep}{name}"  # of many small files, pathlib's parsing would cost half of what decoding does
    info = os.stat(path)  # noqa: PTH116
    if not stat.S_ISREG(info.st_mode):  # a pipe is waited for and a device never ends
        raise UnreadableError(str(root), name, "it is no regular file")
    _check_size(root, name, info.st_size)
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read(info.st_size)


def _read_member(path: Path, sizes: Mapping[str, int], read: Callable[[str], bytes], name: str) -> bytes:
    _check_size(path, name, sizes[name])
    return read(name)


def _check_size(where: Path, name: str, size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise UnreadableError(str(where), name, f"its {size:,} bytes are more than any picture has")


def _walk(root: Path) -> Iterator[str]:
    """Yield files below a folder; linked folders are followed, but none twice."""
    seen = set()
    for place, folders, names in os.walk(root, followlinks=True, onerror=_refuse):
        real, relative = Path(place).resolve(), Path(place).relative_to(root).as_posix()
        if real in seen:
            folders.clear()
            yield f"{relative}/"
            continue
        seen.add(real)
        folders.sort()
        yield from names if relative == "." else (f"{relative}/{name}" for name in names)


def _refuse(error: OSError) -> None:
    raise DataError(f"{error.filename} cannot be read ({error.strerror}): check its permissions, or move it") from error
