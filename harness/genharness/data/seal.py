"""The seal of prepared arrays: what tells cheaply, at every opening, whether they are still those that were hashed.

`sealed.json` beside them holds size, times of change and a hash of some blocks of each file, taken when all of it was
last read. Where one differs, or after a month, all values are hashed again: who changes an array by hand changes the
time of its last change too, and who sets that back is found by the blocks or in the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from genharness.files.atomic import write_bytes
from genharness.files.regular import read_regular

__all__ = ["is_sealed", "seal"]

_FILE = "sealed.json"
_LASTS_SECONDS = 30 * 86_400
_BLOCKS = 16
_BLOCK_BYTES = 4096


def seal(folder: Path, arrays: Iterable[str]) -> None:
    """Write the seal of arrays that were just read or written; where that cannot be, they are read again next time.

    Args:
        folder: Of the prepared dataset.
        arrays: Their paths in it.
    """
    try:
        files = {name: _state(folder / name) for name in arrays}
        write_bytes(folder / _FILE, json.dumps({"checked_at": time.time(), "files": files}, indent=1).encode())
    except OSError:  # a folder that only others may write
        return


def is_sealed(folder: Path, arrays: Iterable[str]) -> bool:
    """Whether arrays are as they were when they were sealed, less than a month ago."""
    try:
        kept: Any = json.loads(read_regular(folder / _FILE, 1 << 20))
        age = time.time() - kept["checked_at"]
        files = {name: _state(folder / name) for name in arrays}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):  # none, or a damaged one
        return False
    same: bool = kept.get("files") == files
    return same and -86_400 < age < _LASTS_SECONDS  # a clock may be set back by hours


def _state(path: Path) -> list[Any]:
    """Return size, times and a hash of evenly spread blocks of a file, the first and the last among them."""
    with path.open("rb", buffering=0) as file:
        state = os.fstat(file.fileno())
        digest = hashlib.sha256()
        last = max(state.st_size - _BLOCK_BYTES, 0)
        for place in sorted({last * step // (_BLOCKS - 1) for step in range(_BLOCKS)}):
            file.seek(place)
            digest.update(file.read(_BLOCK_BYTES))
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns, digest.hexdigest()]
