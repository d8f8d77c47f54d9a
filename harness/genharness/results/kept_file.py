"""Files of the user's own that only save time: what is damaged, or of other code, is made anew."""

from __future__ import annotations

import zlib
from pathlib import Path

from genharness.files.atomic import write_bytes
from genharness.files.paths import printable
from genharness.files.regular import read_regular

__all__ = ["FOLDER", "read_kept", "write_kept"]

FOLDER = "tables"
"""Name of the folder of `$GENHARNESS_HOME` where they are."""

_MOST_BYTES = 1 << 31


def read_kept(path: Path) -> bytes:
    """Return what was written.

    Raises:
        OSError: If it cannot be read.
        ValueError: If it is damaged.
    """
    content = read_regular(path, _MOST_BYTES)
    body = content[content.find(b"\n") + 1 :]
    if int(content[:8], 16) != zlib.crc32(body):
        raise ValueError("it is damaged")
    return body


def write_kept(path: Path, body: bytes, of: str) -> None:
    """Write a file for `read_kept`; a full disk or another's home costs time, not a table.

    Args:
        path: The file.
        body: What it holds.
        of: What it is of, for people.
    """
    try:
        write_bytes(path, b"%08x of %s\n" % (zlib.crc32(body), printable(of).encode()) + body)
    except OSError:
        return
