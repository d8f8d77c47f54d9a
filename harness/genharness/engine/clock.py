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
    """

    def __init__(self, device: torch.device, seconds: float = 0.0) -> None:
        self._device = device
        self.seconds = seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time of this block."""
        synchronise(self._device)
        start = time.perf_counter()
        yield
        synchronise(self._device)
        self.seconds += time.perf_counter() - start
