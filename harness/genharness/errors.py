"""What can go wrong, as one tree.

    GenharnessError        caught once, by the command line: a line for each mistake, exit code 2
    |-- PluginError        a plugin is broken, misspelt, or clashes with another
    |-- ConfigError        what was asked for does not exist, does not fit, or is out of range
    |-- DataError          a dataset, archive, image or sample set is unusable
    |-- NotDefinedError    a score does not exist for what there is, such as too few samples
    `-- RunError           a cell or a results folder failed while in use

Anything else is a defect of genharness or of a plugin and keeps its traceback.
"""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = [
    "MORE_PROCESSES",
    "MOST_MISTAKES",
    "ConfigError",
    "DataError",
    "GenharnessError",
    "NotDefinedError",
    "PluginError",
    "RunError",
    "attempt",
    "did_you_mean",
    "nearest",
    "out_of_processes",
    "reason",
    "refuse",
    "shown",
]

MOST_MISTAKES = 100
"""Lines of one error that are told; nobody reads more."""

MORE_PROCESSES = "allow more processes and threads (ulimit -u), or end others"
"""What to do where `out_of_processes`."""

_LONGEST_REASON = 300

T = TypeVar("T")


class GenharnessError(Exception):
    """A mistake that the user can mend; the message names it and says what to do next.

    Args:
        lines: The message; of several mistakes a line each.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each mistake."""
        return tuple(map(str, self.args))

    def __str__(self) -> str:
        return "\n".join(self.lines)


class PluginError(GenharnessError):
    """A plugin is broken, misspelt, or clashes with another."""


class ConfigError(GenharnessError):
    """What was asked for does not exist, does not fit, or is out of range."""


class DataError(GenharnessError):
    """A dataset, archive, image or sample set is unusable."""


class NotDefinedError(GenharnessError, ValueError):
    """A score does not exist for what there is: too few samples for its definition, say, or a set that is not there.

    A metric that raises it is passed over with this reason. It is a `ValueError` too: to whoever calls a function of
    `genharness.functional`, an argument is out of range.
    """


class RunError(GenharnessError):
    """A cell or a results folder failed while in use."""


def shown(value: object, most: int = 60) -> str:
    """Return a value as it was written, on one line and cut where it is long."""
    try:
        text = str(value)
    except RecursionError:
        return "tables in tables, thousands deep"
    except Exception:  # an object of others may raise anything; Python writes no number of more than 4,300 digits
        return "a number of thousands of digits" if isinstance(value, int) else f"what {type(value).__name__} is"
    text, length = text[:most], len(text)
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in text)
    return text if length <= most else f"{text[: most - 20]}... ({length:,} characters)"


def reason(error: BaseException) -> str:
    """Return what somebody else's error says, in one line of bounded length; its kind where it says nothing.

    Parsers put whole files into their messages.
    """
    return shown(str(error).strip().partition("\n")[0].rstrip(":") or type(error).__name__, _LONGEST_REASON)


def out_of_processes(error: BaseException) -> bool:
    """Whether the system refused another process or thread, as beyond `ulimit -u` or the limit of a container."""
    if isinstance(error, OSError):  # the text tells it from a pipe that is full
        return error.errno == errno.EAGAIN and error.strerror == os.strerror(errno.EAGAIN) and not error.filename
    return isinstance(error, RuntimeError) and "can't start new thread" in str(error)


def refuse(mistakes: Iterable[str]) -> None:
    """Raise one error for all mistakes, each told once.

    Raises:
        ConfigError: If there is any.
    """
    lines = tuple(dict.fromkeys(mistakes))
    if lines:
        raise ConfigError(*lines)


def attempt(function: Callable[[], T]) -> tuple[T | None, tuple[str, ...]]:
    """Return what a function gives, or None and its mistakes, so that they can be told with others."""
    try:
        return function(), ()
    except GenharnessError as error:
        return None, error.lines


def nearest(word: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """Return the known name that is spelt most like a word, or None where none is like it.

    Args:
        word: What the user wrote.
        known: What exists.
        alike: How much, from 0 to 1.
    """
    names = sorted(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=alike)
    near = near or difflib.get_close_matches(word.lower(), names, n=1, cutoff=alike)  # FID is spelt fid
    return near[0] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the tail of an error message: the nearest known name, else all of them.

    Args:
        word: What the user wrote.
        known: What exists.

    Returns:
        `"; did you mean 'dcgan'?"`, or `"; known: a, b"`, or `""` when nothing is known.
    """
    names = sorted(set(known))
    near = nearest(word, names)
    if near is not None:
        return f"; did you mean {near!r}?"
    return f"; known: {', '.join(names)}" if names else ""
