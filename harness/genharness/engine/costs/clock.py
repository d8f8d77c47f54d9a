"""Clocks that wait for the device, and stop while nothing is to be timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["Clock", "synchronise"]


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class Clock:
    """Seconds of the work between `running()` blocks; what is outside them is not counted.

    Args:
        device: Device to wait for at both ends of a block.
        seconds: Seconds on the clock already, when a run is resumed.
        cpu_seconds: Processor seconds on it already.

    Attributes:
        seconds: Wall-clock seconds.
        cpu_seconds: Processor seconds of all threads of this process: on one thread fewer than `seconds` where another
            program had the processor.
    """

    def __init__(self, device: torch.device, seconds: float = 0.0, cpu_seconds: float = 0.0) -> None:
        self._device = device
        self.seconds, self.cpu_seconds = seconds, cpu_seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of this block."""
        synchronise(self._device)
        start, cpu_start = time.perf_counter(), time.process_time()
        yield
        synchronise(self._device)
        self.seconds += time.perf_counter() - start
        self.cpu_seconds += time.process_time() - cpu_start
