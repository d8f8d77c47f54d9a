"""A temporary folder that is removed in the end, unless somebody was told of a file in it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PassingFolder", "passing_folder"]


class PassingFolder:
    """A folder that passes.

    Attributes:
        path: The folder.
        kept: Whether it stays: a message names a file in it.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.kept = path, False


@contextlib.contextmanager
def passing_folder(prefix: str) -> Iterator[PassingFolder]:
    """Make a folder among the system's temporary ones, and remove it in the end unless it is `kept`.

    Args:
        prefix: What its name begins with.

    Raises:
        OSError: If none can be made.
    """
    folder = PassingFolder(Path(tempfile.mkdtemp(prefix=prefix)))
    try:
        yield folder
    finally:
        if not folder.kept:
            shutil.rmtree(folder.path, ignore_errors=True)
