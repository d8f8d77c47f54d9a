"""What a user gives with `--from` may be a re-packed copy of the official file: taken, and said so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from genharness.arrays import PrepareRequest

__all__ = ["accept_unofficial"]


def accept_unofficial(request: PrepareRequest) -> Callable[[Path], bool]:
    """Return a test for `PrepareRequest.fetch` that takes any file and notes that it is not the official one."""

    def accept(path: Path) -> bool:
        request.writer.note(f"{path.name} has not the checksum of the official file: compare scores with care")
        return True

    return accept
