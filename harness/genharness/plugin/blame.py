"""What people are told of an error in somebody's code: one line that names the place, and the whole traceback."""

from __future__ import annotations

import contextlib
import signal
import sys
import sysconfig
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from genharness.errors import MORE_PROCESSES, out_of_processes

__all__ = ["is_the_users", "noting_interrupts", "one_line", "place", "text_of", "whole_traceback"]

_LONGEST = 600

_CORE = "genharness"
_BETWEEN = frozenset({_CORE, "torch", "torchvision", "numpy", "scipy", "sklearn", "PIL", "pluggy", "click", "orjson"})
"""Packages between the harness and a plugin: the harness itself, and what calls back into models."""


def one_line(error: BaseException) -> str:
    """Return the kind of an error, what it says and where it was raised, without a line break.

    Where the system refused a process or a thread, nobody's code is to blame: what helps is said.
    """
    text = " ".join(text_of(error).split())[:_LONGEST]
    told = f"{type(error).__name__}: {text}{place(error)}" if text else f"{type(error).__name__}{place(error)}"
    return f"{told}: {MORE_PROCESSES}" if out_of_processes(error) else told


def text_of(error: BaseException) -> str:
    """Return what an error says; nothing where even that raises."""
    try:
        return str(error)
    except Exception:  # somebody's __str__
        return ""


def is_the_users(error: BaseException) -> bool:
    """Whether an error is the user's Ctrl-C: only the main thread hears of that, and where a cell runs, not even it."""
    heard = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) != signal.SIG_IGN
    return isinstance(error, KeyboardInterrupt) and heard


@contextlib.contextmanager
def noting_interrupts() -> Iterator[list[int]]:
    """Note each Ctrl-C of the user within a block, and let it do what it did: whatever else interrupts is a plugin's.

    Only the main thread hears of them; in another, nothing is noted.
    """
    noted: list[int] = []
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield noted
        return

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


def place(error: BaseException) -> str:
    """Return ` (FILE:LINE)` of the author's own code behind an error, else of the innermost code; or nothing.

    The author's package is the first in the stack that is neither the harness nor a library which calls back; within
    it the innermost line counts, whatever library that called in its turn.
    """
    frames = list(_frames(error))
    own = next((_package(frame) for frame, _ in frames if _is_authors(frame)), None)
    chosen = [at for at in frames if own is not None and _package(at[0]) == own] or frames
    if not chosen:
        return ""
    frame, line = chosen[-1]
    return f" ({Path(frame.f_code.co_filename).name}:{line})"


def whole_traceback(error: BaseException) -> str:
    """Return the traceback as Python prints it, with what the error was raised from."""
    return "".join(traceback.format_exception(error))


def _frames(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame, trace.tb_lineno
        trace = trace.tb_next


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_authors(frame: FrameType) -> bool:
    name, file = _package(frame), frame.f_code.co_filename
    if name in _BETWEEN or name in sys.stdlib_module_names or file.startswith("<"):
        return False
    return "site-packages" in file or not file.startswith(sysconfig.get_path("stdlib"))
