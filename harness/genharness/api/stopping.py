"""How a run is stopped: cleanly at the first signal, at once at the second."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["stopping"]

_STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What asks a run to stop; SIGHUP is a terminal that was closed, which may be told more than once."""

_AT_ONCE = (signal.SIGINT, signal.SIGTERM)
"""What stops it at once when it comes while it is stopping."""


@contextmanager
def stopping(stop: threading.Event, say: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Set `stop` at the first Ctrl-C, SIGTERM or closed terminal; the second Ctrl-C or SIGTERM ends it at once.

    Outside the main thread, which alone is told of signals, nothing is changed.

    Args:
        stop: What the executor looks at.
        say: Called when a stop was asked for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, _frame: Any) -> None:
        if stop.is_set():
            if number in _AT_ONCE:
                raise KeyboardInterrupt
            return
        stop.set()
        say()

    before = {number: signal.signal(number, handle) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
