"""What training has cost so far, over all attempts at it: time, processor time, energy, memory, load."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from genharness.engine.costs.clock import Clock, synchronise
from genharness.engine.costs.energy import energy_meter
from genharness.engine.costs.footprint import peak_memory, reset_peak

__all__ = ["Ledger"]


class Ledger:
    """Keeps the measurements of a training.

    Args:
        device: Where the model is trained.
        before: What earlier attempts cost, as `measurements` gave it.

    Attributes:
        clock: Training seconds.
        energy: Joules, counted while the trainer says so.
        uncounted: Reasons why energy is not counted, by `cpu` and `gpu`.
    """

    def __init__(self, device: torch.device, before: Mapping[str, float] | None = None) -> None:
        self._device = device
        self._noted = dict(before or {})
        self.clock = Clock(device, self._noted.get("train_seconds", 0.0), self._noted.get("train_cpu_seconds", 0.0))
        self.energy, self.uncounted = energy_meter(device, self._noted)
        self._load_before = os.getloadavg()[0]
        reset_peak(device)

    def measurements(self) -> dict[str, float]:
        """Return what training has cost up to now."""
        self._note_peaks()
        self._noted |= {"train_seconds": self.clock.seconds, "train_cpu_seconds": self.clock.cpu_seconds}
        self._noted["train_load_average"] = (self._load_before + os.getloadavg()[0]) / 2
        return {**self._noted, **self.energy.joules}

    @contextmanager
    def aside(self, measurement: str = "") -> Iterator[None]:
        """Do something that is not training: what memory it takes is not training's.

        Args:
            measurement: What its seconds are added to; empty where nobody asks for them.
        """
        self._note_peaks()
        start = time.perf_counter()
        try:
            yield
        finally:
            synchronise(self._device)
            reset_peak(self._device)
        if measurement:
            self._noted[measurement] = self._noted.get(measurement, 0.0) + time.perf_counter() - start

    def _note_peaks(self) -> None:
        for name, value in peak_memory(self._device).items():
            self._noted[name] = max(value, self._noted.get(name, 0.0))
