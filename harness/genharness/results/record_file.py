"""One file of a record, opened without trust.

What is no regular file is not waited for, and what is damaged is told apart from what cannot be read just now.
"""

from __future__ import annotations

import os
from typing import Any

import orjson

from genharness.errors import RunError
from genharness.files.regular import read_regular
from genharness.spec.record import Record

__all__ = ["DamagedRecordError", "UnreadableRecordError", "as_bytes", "read_record"]

MAX_BYTES = 256 << 20
"""A hundred times the largest record with curves over training; others would fill the memory."""


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
        UnreadableRecordError: If it cannot be read, is no regular file, or its schema is newer or older than this
            genharness reads.
    """
    name = os.path.basename(path)  # noqa: PTH119  # ten thousand Paths cost .2 s
    try:
        content = read_regular(path, MAX_BYTES, follow=False)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "it is a link" if os.path.islink(path) else error.strerror  # noqa: PTH114
        raise UnreadableRecordError(f"record {name} cannot be read ({reason})") from error
    try:
        return Record.from_plain(orjson.loads(content if history else _without_history(content)), name=name)
    except (ValueError, RecursionError) as error:
        raise DamagedRecordError(str(error).partition("\n")[0]) from error
    except RunError as error:
        raise UnreadableRecordError(str(error)) from error


def _without_history(content: bytes) -> bytes:
    """Return a record's JSON with an empty history, where it is laid out as `Store.save` lays it out.

    A JSON string holds no line break, so a line that starts so is the record's own key and nothing else.
    """
    start, end = content.find(b'\n  "history": {'), content.rfind(b'\n  "artefacts": {')
    if not 0 < start < end:
        return content
    return content[:start] + b'\n  "history": {},' + content[end:]


def as_bytes(record: Record) -> bytes:
    """Return what is written of a record: indented JSON in UTF-8."""
    plain = record.as_plain()
    option = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY
    try:
        return orjson.dumps(plain, option=option)
    except TypeError:  # perhaps text with bytes that are no UTF-8, such as an error that quotes a file's name
        return orjson.dumps(_as_utf8(plain), option=option)


def _as_utf8(value: Any) -> Any:
    """Return plain values with what UTF-8 cannot hold of their text escaped."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_as_utf8(key): _as_utf8(item) for key, item in value.items()}
    return [_as_utf8(item) for item in value] if isinstance(value, (list, tuple)) else value
