"""The process of a job in which its cell is started: `python -m genharness_exec_slurm.host DESCRIPTOR`.

The executor `local` runs the cell, so that crashes, lack of memory and time limits end as they do there. When the pipe
closes or says so, the cell saves its state.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from multiprocessing.connection import Connection
from typing import Any

from genharness.plugin.execution import make_executor
from genharness.plugin.registry import load_registry

__all__ = ["main"]


def main() -> None:
    """Run the cell that comes through the pipe."""
    pipe: Connection[Any, Any] = Connection(int(sys.argv[1]))
    task = pipe.recv()
    stop = threading.Event()
    threading.Thread(target=_listen, args=(pipe, stop), daemon=True).start()
    for record in make_executor(load_registry(), "local").run([task], on_event=lambda event: None, stop=stop):
        print(f"{record.cell}: {record.status} {record.reason}".rstrip(), flush=True)


def _listen(pipe: Connection[Any, Any], stop: threading.Event) -> None:
    with contextlib.suppress(EOFError, OSError):
        pipe.recv()
    stop.set()


if __name__ == "__main__":
    main()
