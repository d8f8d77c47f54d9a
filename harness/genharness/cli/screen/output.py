"""The output of a command that must go on when nobody can read it any more."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from genharness.plugin.own_output import output, put_output

__all__ = [
    "discard_output",
    "escape_what_cannot_be_written",
    "lasting_output",
    "open_closed_streams",
]


def escape_what_cannot_be_written() -> None:
    """Let signs that stdout and stderr cannot encode, such as arrows in ASCII, be written as their escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":  # neither a test's nor a closed one
            stream.reconfigure(errors="backslashreplace")


def open_closed_streams() -> None:
    """Put nothing in place of stdin, stdout and stderr that were closed, as by `>&-`.

    Python has None there, and a file that is opened next gets the number on which libraries print.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):  # the lowest free number is taken first
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 -- for as long as the process lasts


def discard_output(stream: TextIO | None = None) -> None:
    """Send what is still to be written to the output, or to another stream, nowhere: Python fails at it in the end."""
    with contextlib.suppress(OSError, ValueError):
        _discard(stream or output())


def _discard(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


@contextlib.contextmanager
def lasting_output() -> Iterator[None]:
    """Let a long command go on when its reader goes away, its terminal is closed or its disk is full.

    The first write that fails is the last that is tried, and stderr says so.
    """
    out, err = output(), sys.stderr
    lasting = _Lasting(err, None)
    lasting_out = _Lasting(out, lasting)
    put_output(cast(TextIO, lasting_out))
    sys.stderr = cast(TextIO, lasting)
    try:
        yield
    finally:
        lasting_out.flush()
        lasting.flush()
        put_output(out)
        sys.stderr = err


class _Lasting:
    """A stream whose writes never fail.

    A signal may come in the middle of a write, which Python's buffers do not let begin again: what its handler says
    waits until that write is done.

    Args:
        stream: The stream.
        told: Where the loss of it is told, or None.
    """

    def __init__(self, stream: TextIO, told: _Lasting | None) -> None:
        self._stream, self._told = stream, told
        self._lost = self._busy = False
        self._later: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text, or nothing once the stream is lost."""
        if not self._lost:
            self._later.append(text)
            self._catch_up(flush=False)
        return len(text)

    def flush(self) -> None:
        """Flush the stream, unless it is lost."""
        self._catch_up(flush=True)

    def _catch_up(self, *, flush: bool) -> None:
        if self._busy or self._lost:
            return
        self._busy = True
        try:
            while self._later:
                self._stream.write(self._later.pop(0))
            if flush:
                self._stream.flush()
        except OSError as error:
            self._lose(error)
        finally:
            self._busy = False

    def _lose(self, error: OSError) -> None:
        self._lost = True
        with contextlib.suppress(OSError, ValueError):
            _discard(self._stream)
        if self._told is not None:
            self._told.write(f"the output is gone ({error.strerror}): the run goes on without it\n")
            self._told.flush()
