"""A command that is ended by a signal cleans up as after Ctrl-C: no temporary stays, and one line says why."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from os import _exit  # a plugin that is being imported finds another
from types import FrameType

__all__ = ["Ended", "exit_code", "later_endings", "line_of", "tidy_endings"]

_ENDINGS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_USUAL = 128
"""What a shell adds to the number of a signal that ended a command."""


class Ended(KeyboardInterrupt):
    """The command was told to end.

    Attributes:
        number: Of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextlib.contextmanager
def tidy_endings() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end a block as Ctrl-C does; what is ignored, as under `nohup`, stays so.

    The second of them ends the process at once. A run that has records to save handles signals itself while it lasts.
    """
    ours = [number for number in _ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def later_endings() -> Iterator[None]:
    """Hold signals that end a command back until a block is over, such as one that imports.

    What their handlers raise in the middle of an import goes through code that was not written for it: orjson
    imports `json` as it is loaded, and crashes the process where that raises.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, *_ENDINGS])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def exit_code(error: BaseException) -> int:
    """Return the code to end with after an interruption, or what was raised from one."""
    return _USUAL + _number(error)


def line_of(error: BaseException) -> str:
    """Return what is to be said of an interruption."""
    number = _number(error)
    return "aborted" if number == signal.SIGINT else f"ended by {signal.Signals(number).name}"


def _number(error: BaseException) -> int:
    for one in (error, error.__cause__, error.__context__):
        if isinstance(one, Ended):
            return one.number
    return signal.SIGINT


def _end(number: int, _frame: FrameType | None) -> None:
    for one in _ENDINGS:
        if signal.getsignal(one) is _end:
            signal.signal(one, _end_at_once)
    raise Ended(number)


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    _exit(_USUAL + number)
