"""Of several processes that want to make the same file, one makes it and the others wait."""

from __future__ import annotations

import contextlib
import errno
import functools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from genharness.errors import RunError

__all__ = ["entry_turn", "is_taken", "made_once", "refuse_without_locks", "take"]

T = TypeVar("T")

_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


def made_once(entry: Path, *, read: Callable[[], T | None], make: Callable[[], T], write: Callable[[T], None]) -> T:
    """Return an entry of a cache: read where it is kept, else made and written, by one process while others wait.

    A cache costs time and no result: where the entry cannot be written, what was made is returned all the same.

    Args:
        entry: Where it is kept.
        read: Gives what is kept, or None where that is missing or damaged.
        make: Makes it.
        write: Keeps what was made, whole or not at all; it may raise OSError.
    """
    found = read()
    if found is not None:
        return found
    with entry_turn(entry) as writable:
        found = read()  # another process may have made it meanwhile
        if found is None:
            found = make()
            with contextlib.suppress(OSError):
                if writable:
                    write(found)
    return found


def take(lock: FileLock, timeout_seconds: float = -1) -> bool:
    """Acquire a lock and return True, or False where another process holds it for so long; below 0 waits for ever.

    Raises:
        RunError: If the file system has no locks: without them two processes would write the same files.
    """
    refuse_without_locks(Path(lock.lock_file).parent)
    try:
        lock.acquire(timeout=timeout_seconds)
    except Timeout:
        return False
    except OSError as error:
        raise _explained(error, Path(lock.lock_file)) from error
    return True


def is_taken(lock_file: Path) -> bool:
    """Whether a process holds a lock now, on this machine or another; the file is only read, so anybody may look.

    Raises:
        RunError: If the file system has no locks.
    """
    import fcntl

    try:
        with lock_file.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _explained(error, lock_file) from error
    return False


@functools.cache
def refuse_without_locks(folder: Path) -> None:
    """Refuse a folder whose file system has no locks.

    Looked at by ourselves: in the place of some, `FileLock` writes files that a killed process leaves for ever.

    Raises:
        RunError: If it has none.
    """
    try:
        import fcntl
    except ImportError:  # another system, which locks otherwise
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _WITHOUT_LOCKS:
            raise _explained(error, folder / "lock") from error


def _explained(error: OSError, lock_file: Path) -> Exception:
    """Return what to raise: an error that says what to do where the file system has no locks."""
    if error.errno not in _WITHOUT_LOCKS:
        return error
    return RunError(
        f"{lock_file.parent} lies on a file system without locks ({error.strerror}): mount it with "
        "flock, or put results (--results) and $GENHARNESS_HOME on another"
    )


@contextmanager
def entry_turn(entry: Path) -> Iterator[bool]:
    """Hold the lock of an entry of a cache; tell whether its folder can be written at all."""
    lock = FileLock(entry.with_name(f".{entry.name}.lock"))
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        take(lock)
    except (OSError, RunError):  # a cache that cannot be written costs time, not a result
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
