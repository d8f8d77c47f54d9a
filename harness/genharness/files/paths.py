"""Paths that users type: found, or refused in one line. Standard library only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from genharness.errors import ConfigError, DataError

__all__ = ["expanded", "input_path", "printable", "read_path"]


def expanded(path: str | Path) -> Path:
    """Return a path with `~` resolved; `~nobody` stays as it is, and is then no file."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 -- Path.expanduser raises for a user who does not exist


def read_path(value: object) -> Path:
    """Return the path that an option names, `~` resolved; like a command's it is seen from the current folder.

    Raises:
        TypeError: If it is no path.
        ConfigError: If nothing can be called so; the rest of a sentence that begins with what was given.
    """
    if not isinstance(value, str | os.PathLike):
        raise TypeError
    text = os.fspath(value)
    if not isinstance(text, str) or not text:
        raise TypeError
    if "\0" in text:
        raise ConfigError("holds a NUL character")
    return expanded(text)


def input_path(word: str) -> Path | None:
    """Return the file or folder that a word names, `~` resolved, or None where there is nothing of that name.

    Raises:
        DataError: The word is empty or no possible name, or names something that cannot be looked at, or that is
            neither file nor folder and might be waited for without end.
    """
    if not word:
        raise DataError("a path is empty: name a file or folder (. is the current one)")
    try:
        path = Path(word).expanduser()
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, RuntimeError, ValueError) as error:  # too long, no permission, ~nobody, a NUL byte
        reason = getattr(error, "strerror", None) or error
        text = f"{printable(word)} cannot be looked at ({reason}): check the path and its permissions"
        raise DataError(text) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(f"{printable(word)} is neither a file nor a folder: give one of these")
    return path


def printable(text: object) -> str:
    """Return text, such as a file's name, on one line that UTF-8 can hold, with what cannot be printed escaped.

    What a terminal obeys (escape sequences, C1 controls, changes of direction) or hides is none of it printed.
    """
    plain = str(text)
    if plain.isprintable():
        return plain
    return "".join(sign if sign.isprintable() else _escape(sign) for sign in plain)


def _escape(sign: str) -> str:
    """Return such as `\\x1b`; a byte of a file's name that is no UTF-8 shows as that byte."""
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode()
