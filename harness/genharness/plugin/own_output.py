"""Stdout is a command's alone: from when plugins are let in, what anybody else prints goes to stderr."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TextIO

__all__ = ["give_output_back", "keep_output", "leave_stdout", "output", "put_output"]

_kept: list[TextIO] = []
"""The stream that a command keeps for itself; empty where stdout is everybody's, as in a notebook."""

_before: list[TextIO] = []
"""The stdout that it took the place of."""


def keep_output() -> None:
    """Keep stdout for what is written to `output()`, for as long as the process lasts.

    Its descriptor becomes that of stderr, for libraries in C, child processes and threads; Python's `sys.stdout` stays
    until `leave_stdout`, as a parser of commands prints its help there. Where stdout is no file of its own, as in a
    test, nothing is changed.
    """
    stdout = sys.stdout
    try:
        if not isinstance(stdout, io.TextIOWrapper) or stdout.fileno() != 1:
            return
        stdout.flush()
        own = io.TextIOWrapper(
            os.fdopen(os.dup(1), "wb"),
            encoding=stdout.encoding,
            errors=stdout.errors,
            line_buffering=stdout.line_buffering,
            write_through=stdout.write_through,
        )
        os.dup2(2, 1)
    except (OSError, ValueError):  # a closed stream, or no descriptor left
        return
    _kept[:], _before[:] = [own], [stdout]
    sys.stdout = own


def output() -> TextIO:
    """Return the stream for what a command says."""
    return _kept[0] if _kept else sys.stdout


def put_output(stream: TextIO) -> None:
    """Put another stream in place of the command's."""
    if sys.stdout is output():
        sys.stdout = stream
    if _kept:
        _kept[:] = [stream]


def leave_stdout() -> None:
    """Let what is printed from now on go to stderr, where a command has kept its output."""
    if _kept and sys.stdout is _kept[0]:
        sys.stdout = sys.stderr


def give_output_back() -> None:
    """Let everybody print to stdout again, once a command is done that a Python program has called."""
    if not _kept:
        return
    own, sys.stdout = _kept.pop(), _before.pop()
    with contextlib.suppress(OSError, ValueError):  # closed in the meantime, or put in its place by a test
        own.flush()
        os.dup2(own.fileno(), 1)
