"""One file of a record, opened without trust.

What is no regular file is not waited for, and what is damaged is told apart from what cannot be read just now.
"""

from __future__ import annotations

import os
import stat

import orjson

from genharness.errors import RunError
from genharness.spec.record import Record

__all__ = ["DamagedRecordError", "UnreadableRecordError", "read_record"]

MAX_BYTES = 256 << 20
"""A hundred times the largest record with curves over training; others would fill the memory."""

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


class DamagedRecordError(ValueError):
    """What is in the file is no record: the same bytes will never be one."""


class UnreadableRecordError(RunError):
    """The file may hold a good record, but it cannot be judged here and now."""


def read_record(path: str, *, history: bool = True) -> Record:
    """Return the record of a file.

    Args:
        path: The file.
        history: Whether the curves over training are wanted.

    Raises:
        FileNotFoundError: If there is none.
        DamagedRecordError: If its content is no record; the message is the reason.
        UnreadableRecordError: If it cannot be read, or is no regular file.
        RunError: If its schema is newer or older than this genharness reads.
    """
    name = os.path.basename(path)  # noqa: PTH119  # ten thousand Paths cost .2 s
    try:
        content = _content(path, name)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "it is a link" if os.path.islink(path) else error.strerror  # noqa: PTH114
        raise UnreadableRecordError(f"record {name} cannot be read ({reason})") from error
    try:
        return Record.from_plain(orjson.loads(content if history else _without_history(content)), name=name)
    except (ValueError, RecursionError) as error:
        raise DamagedRecordError(str(error).partition("\n")[0]) from error


def _content(path: str, name: str) -> bytes:
    handle = os.open(path, _FLAGS)
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            raise UnreadableRecordError(f"record {name} is no regular file")
        if state.st_size > MAX_BYTES:
            raise UnreadableRecordError(f"record {name} has {state.st_size:,} bytes, more than any record")
        with open(handle, "rb", buffering=0, closefd=False) as file:
            return file.read(state.st_size) or b""
    finally:
        os.close(handle)


def _without_history(content: bytes) -> bytes:
    """Return a record's JSON with an empty history, where it is laid out as `Store.save` lays it out.

    A JSON string holds no line break, so a line that starts so is the record's own key and nothing else.
    """
    start, end = content.find(b'\n  "history": {'), content.rfind(b'\n  "artefacts": {')
    if not 0 < start < end:
        return content
    return content[:start] + b'\n  "history": {},' + content[end:]
