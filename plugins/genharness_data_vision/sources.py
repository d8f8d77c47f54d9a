"""Opening what a user gave with `--from`."""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from genharness import Remote
from genharness.data import PrepareRequest
from genharness.files.archives import is_archive, read_members
from genharness.files.checksums import mismatch
from genharness.images import FileSource, open_source

__all__ = ["accept_unofficial", "note_unofficial", "open_small"]


def accept_unofficial(request: PrepareRequest) -> Callable[[Path], bool]:
    """Return a test for `PrepareRequest.fetch` that takes a re-packed copy, and notes that it is one."""

    def accept(path: Path) -> bool:
        request.writer.note(f"{path.name} has not the checksum of the official file: compare scores with care")
        return True

    return accept


def note_unofficial(request: PrepareRequest, path: Path, official: Remote) -> None:
    """Note that a file is a re-packed copy where it has another checksum than the official one."""
    if mismatch(path, official):
        accept_unofficial(request)(path)


@contextlib.contextmanager
def open_small(path: Path) -> Iterator[FileSource]:
    """Give the files of a folder, a zip, or a tar that fits into memory: a tar has to be read from its beginning.

    Raises:
        DataError: If it is none of these, damaged or hostile.
    """
    if path.is_file() and is_archive(path) and tarfile.is_tarfile(path):
        contents = {member.name: data for member, data in read_members(path)}
        yield FileSource(str(path), tuple(sorted(contents)), contents.__getitem__)
    else:
        with open_source(path) as source:
            yield source
