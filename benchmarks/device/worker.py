"""A process that does steps one after another; what one breaks, or takes too long for, costs only itself."""

from __future__ import annotations

import importlib
import multiprocessing
import time
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any
from unittest import SkipTest

from journal import Outcome

_CONTEXT = multiprocessing.get_context("spawn")


class Worker:
    """Calls functions in a process of its own, which is started when it is needed."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def call(self, work: str, arguments: Mapping[str, Any], seconds: float) -> Outcome:
        """Return what became of `module:function` with keyword arguments, which takes so many seconds at most."""
        start = time.monotonic()
        pipe = self._pipe or self._start()
        pipe.send((work, dict(arguments)))
        try:
            if not pipe.poll(seconds):
                self._end()
                return Outcome("timeout", f"it took longer than {seconds:.0f} s", time.monotonic() - start)
            status, reason, figures = pipe.recv()
        except (EOFError, OSError):
            code = self._end()
            return Outcome("failed", f"its process ended with {code}", time.monotonic() - start)
        if status == "failed":  # what follows must not inherit a broken CUDA context
            self._end()
        return Outcome(status, reason, time.monotonic() - start, figures)

    def _start(self) -> Connection:
        pipe, theirs = _CONTEXT.Pipe()
        self._pipe = pipe
        self._process = _CONTEXT.Process(target=_serve, args=(theirs,), daemon=False)
        self._process.start()
        theirs.close()
        return pipe

    def _end(self) -> int | None:
        process, self._process, self._pipe = self._process, None, None
        if process is None:
            return None
        process.join(0.2)
        if process.is_alive():
            process.kill()
            process.join()
        return process.exitcode


def _serve(pipe: Connection) -> None:
    while True:
        try:
            work, arguments = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            module, _, function = work.partition(":")
            answer = ("ok", "", getattr(importlib.import_module(module), function)(**arguments))
        except SkipTest as skip:
            answer = ("skipped", str(skip), {})
        except KeyboardInterrupt:
            return
        except Exception as error:
            answer = ("failed", f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", {})
        pipe.send(answer)
