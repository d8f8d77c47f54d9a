"""Reading a file that somebody else may have put there: a regular one, of bounded size, never a pipe or a device."""

from __future__ import annotations

import errno
import os
import stat

__all__ = ["read_regular", "what_to_do"]

_OF_THE_MACHINE = frozenset(
    (errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.EINTR)
)
_OF_RIGHTS = frozenset((errno.EACCES, errno.EPERM))


def what_to_do(error: OSError) -> str:
    """Return what to do about an error of the operating system that says nothing of the file: it may be good.

    Empty where the file, or that there is none, may be the reason.
    """
    if error.errno in _OF_RIGHTS:
        return "check its permissions"
    return "it may be good: try again when the machine can read it" if error.errno in _OF_THE_MACHINE else ""


_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_regular(path: str | os.PathLike[str], most_bytes: int, *, follow: bool = True) -> bytes:
    """Return the content of a regular file.

    Args:
        path: The file.
        most_bytes: Larger files are refused.
        follow: Whether a link is followed.

    Raises:
        OSError: If it cannot be read, is a link that is not to be followed, no regular file, or too large; `strerror`
            is the reason.
    """
    handle = os.open(path, _FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if state.st_size > most_bytes:
            raise OSError(errno.EFBIG, f"it has {state.st_size:,} bytes, more than {most_bytes:,}")
        with open(handle, "rb", buffering=0, closefd=False) as file:
            return file.read(state.st_size) or b""
    except OSError as error:
        if error.errno == errno.EISDIR:
            raise OSError(errno.EISDIR, "it is a folder") from error
        raise
    finally:
        os.close(handle)
