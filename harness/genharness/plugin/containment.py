"""Running a stranger's code while plugins are found: whatever it does, it is that plugin's fault and nobody else's."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NoReturn

from genharness.errors import GenharnessError, PluginError
from genharness.plugin.blame import text_of

__all__ = ["IMPORT_SECONDS", "contained", "leaving_the_process_alone", "reason_of"]

IMPORT_SECONDS = 60
"""Seconds in which a plugin must be imported and say what it has; `$GENHARNESS_PLUGIN_SECONDS` sets another limit."""


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """Run a plugin's code: what it prints goes to stderr, and what it raises comes out as a `PluginError`.

    Results for programs go to stdout, so nothing else may. A plugin that does not return within the limit is
    interrupted where the system can do that. Threads that it starts do not hold the process when that ends.

    Raises:
        PluginError: What the code raised, `SystemExit` and errors without a text included, or that it took too long.
    """
    try:
        with _printing_to_stderr(), leaving_the_process_alone(), _staying(), _limited():
            yield
    except (GenharnessError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a stranger's module may raise anything
        raise PluginError(reason_of(error)) from error


@contextlib.contextmanager
def leaving_the_process_alone(who: str = "it") -> Iterator[None]:
    """Run code that may change nothing which the whole process shares and somebody relies on; it is changed back.

    In another working directory results would be written elsewhere, under another umask for other people, and with
    other handlers of signals nobody could stop a run.

    Args:
        who: Whose code it is, for the message.

    Raises:
        PluginError: If the code changed any of it and raised nothing itself.
    """
    before = _shared()
    try:
        yield
    finally:
        changed = [name for name, (value, _) in _shared().items() if value != before[name][0]]
        for name in changed:
            value, restore = before[name]
            with contextlib.suppress(OSError):  # a folder that is gone
                restore(value)
    if changed:
        raise PluginError(f"{who} changed {' and '.join(changed)} of the whole process: set it back, or do without")


def _shared() -> dict[str, tuple[Any, Callable[[Any], object]]]:
    """Return what the process shares by what to call it, each with what sets it back."""
    shared: dict[str, tuple[Any, Callable[[Any], object]]] = {
        "the working directory": (_folder(), _enter),
        "the umask": (_umask(), os.umask),
        "sys.stderr": (sys.stderr, lambda stream: setattr(sys, "stderr", stream)),
        "variables GENHARNESS_*": (_own_variables(), _set_own_variables),
        "the recursion limit": (min(sys.getrecursionlimit(), _RECURSION), sys.setrecursionlimit),  # lower than it was
    }
    if threading.current_thread() is threading.main_thread():  # no other may set handlers
        shared["handlers of signals"] = ({one: signal.getsignal(one) for one in _STOPS}, _handle)
    return shared


_RECURSION = 1000
"""What Python begins with; some libraries need more, and nothing works with much less."""

_STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE") if hasattr(signal, name)]


def _handle(handlers: dict[signal.Signals, Any]) -> None:
    for one, handler in handlers.items():
        if handler is not None:  # None: not set by Python, which cannot set it back
            signal.signal(one, handler)


def _folder() -> str | None:
    try:
        return os.getcwd()  # noqa: PTH109 -- a Path is not what is compared
    except OSError:  # somebody deleted it
        return None


def _enter(folder: str | None) -> None:
    if folder is not None:
        os.chdir(folder)


def _own_variables() -> dict[str, str]:
    return {name: os.environ[name] for name in os.environ if name.startswith("GENHARNESS_")}  # others' are not decoded


def _set_own_variables(variables: dict[str, str]) -> None:
    for name in _own_variables().keys() - variables.keys():
        del os.environ[name]
    os.environ.update(variables)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def reason_of(error: BaseException) -> str:
    """Return what an error of a plugin says, with its kind unless it is one of genharness's own."""
    text = " ".join(text_of(error).split())
    kind = type(error).__name__
    if isinstance(error, GenharnessError):
        return text
    return f"{kind}: {text}" if text else kind


@contextlib.contextmanager
def _printing_to_stderr() -> Iterator[None]:
    """Send stdout to stderr: Python's own, and the descriptor that libraries in C and child processes print to."""
    try:
        sys.stdout.flush()
        kept = os.dup(1)
    except (OSError, ValueError, AttributeError):  # there is no stdout, or it is closed
        kept = None
    try:
        if kept is not None:
            with contextlib.suppress(OSError):
                os.dup2(2, 1)
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


@contextlib.contextmanager
def _staying() -> Iterator[None]:
    """Let `os._exit`, which ends a process without a word, be an error, and threads end with the process."""
    leave, own, thread = os._exit, os.getpid(), threading.current_thread()

    def refuse(code: int) -> NoReturn:
        if os.getpid() != own:  # a process that the code has forked
            leave(code)
        raise SystemExit(f"it calls os._exit({code})")

    daemonic = thread.daemon
    os._exit = refuse  # type: ignore[assignment]
    thread._daemonic = True  # type: ignore[attr-defined]  # what new threads inherit
    try:
        yield
    finally:
        if os.getpid() != own:  # a copy that the code has forked and not ended: it is not to go on as this process
            leave(1)
        os._exit = leave
        thread._daemonic = daemonic  # type: ignore[attr-defined]


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """Interrupt what takes too long; only the main thread of a POSIX system can be interrupted."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    seconds = _seconds()

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"it did not return within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, interrupt)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again and again: it may swallow the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


def _seconds() -> float:
    try:
        return max(1.0, float(os.environ.get("GENHARNESS_PLUGIN_SECONDS", IMPORT_SECONDS)))
    except ValueError:
        return IMPORT_SECONDS
