"""How long waiting threads of OpenMP spin before they sleep. Torch-free: it must be settled before torch is loaded.

GNU's OpenMP, with which torch comes, turns 300,000 times in a loop while a thread waits for the others. On a machine
that does nothing else that is the fastest; as soon as anything else runs, threads that wait take the time of those that
are waited for. Measured on two cores, two threads, images/s of a 32-pixel `vae` (`benchmarks/bench_waiting.py`): quiet
2,171 by default, 2,084 at 10,000 turns and 1,827 at 1,000; beside four busy processes 24, 215 and 437.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

__all__ = ["SPINNING", "settle_waiting"]

SPINNING = "GOMP_SPINCOUNT"

_QUIET, _BUSY = 10_000, 1_000
"""Turns where the machine has cores to spare, and where it has none."""


def settle_waiting(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let waiting threads of processes that load torch from now on sleep sooner, unless the user has said otherwise.

    Args:
        environment: Of this process, which the processes that it starts inherit.
    """
    if not {SPINNING, "OMP_WAIT_POLICY"} & set(environment):
        busy = os.getloadavg()[0] > (os.cpu_count() or 1) / 2
        environment[SPINNING] = str(_BUSY if busy else _QUIET)
