"""Writing without half-written results: a temporary neighbour, fsync, rename.

A reader sees the old content or the new, never a part. What fails leaves the old content and no temporary.
`OSError` (disk full, read-only, no permission) is left to callers, who know what the file is for.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

__all__ = ["TEMPORARY", "delete", "publish", "remove_temporaries", "replace_file", "replace_folder", "write_bytes"]

TEMPORARY = re.compile(r"\.\d+-[0-9a-f]{8}\.(.+)")


def write_bytes(path: Path, data: bytes) -> None:
    """Make `path` hold `data`; its folder is created where it is missing.

    Raises:
        OSError: If it cannot be written; `path` is then as it was.
    """
    with replace_file(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; it becomes `path` when the block ends without an exception.

    The temporary keeps the suffix, because writers such as `numpy.save` add theirs where it is missing.

    Example:
        ```python
        with replace_file(folder / "features.npy") as temporary:
            np.save(temporary, features)
        ```

    Raises:
        OSError: If it cannot be written; `path` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    try:
        yield temporary
        publish(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def replace_folder(path: Path) -> Iterator[Path]:
    """Give a new, empty folder to fill; it becomes `path` when the block ends without an exception.

    A folder cannot be renamed over a full one: an earlier `path` steps aside for a moment, comes back if
    the renaming fails, and is deleted if it succeeds. Writers of one `path` exclude each other with a lock.

    Raises:
        OSError: If it cannot be written; `path` is then as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
        _sync_tree(temporary)
        _swap(temporary, path)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    _sync_folder(path.parent)


def remove_temporaries(folder: Path, name: str = "") -> None:
    """Delete what writers that were killed left in a folder; the caller knows that none of them is alive.

    Args:
        folder: Where they wrote; need not exist.
        name: Only what was to become this file or folder; anything when empty.
    """
    for path in folder.iterdir() if folder.is_dir() else ():
        match = TEMPORARY.fullmatch(path.name)
        if match and name in ("", match[1]):
            delete(path)


def delete(path: Path, *, ignore_errors: bool = False) -> None:
    """Delete a file, a link or a folder with all that is in it; what a link leads to stays. None there is fine.

    Args:
        path: What to delete.
        ignore_errors: Leave what cannot be deleted.

    Raises:
        OSError: If it cannot be deleted.
    """
    with contextlib.suppress(OSError) if ignore_errors else contextlib.nullcontext():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=ignore_errors)
        else:
            path.unlink(missing_ok=True)


def publish(temporary: Path, path: Path) -> None:
    """Rename a finished file over `path`, its content on the disk before its name.

    Raises:
        OSError: If it cannot be synced or renamed.
    """
    _sync_file(temporary)
    temporary.replace(path)
    _sync_folder(path.parent)


def _temporary(path: Path) -> Path:
    return path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.{path.name}")


def _swap(temporary: Path, path: Path) -> None:
    if not path.exists():
        temporary.rename(path)
        return
    aside = _temporary(path)
    path.rename(aside)
    try:
        temporary.rename(path)
    except BaseException:
        aside.rename(path)
        raise
    with contextlib.suppress(OSError):  # the new folder stands; a leftover harms nobody
        delete(aside)


def _sync_tree(folder: Path) -> None:
    for place, _, names in os.walk(folder):
        for name in names:
            _sync_file(Path(place, name))
        _sync_folder(Path(place))


def _sync_file(path: Path) -> None:
    mode = "rb" if os.name == "posix" else "rb+"  # Windows syncs only what was opened for writing
    with path.open(mode) as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
