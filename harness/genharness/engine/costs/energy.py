"""Energy, as the machine's own counters have it: NVML's for a GPU, RAPL's for processor packages."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

__all__ = ["Counter", "EnergyMeter", "energy_meter", "nvml_counter", "rapl_counters"]

_POWERCAP = Path("/sys/class/powercap")
_PACKAGES = "intel-rapl:?"
"""Whole packages, of AMD's processors too; what lies below (`intel-rapl:0:0`) is a part of one."""


@dataclass(frozen=True)
class Counter:
    """A counter of energy that only goes up, and begins again where it overflows.

    Attributes:
        measurement: What it counts for: `train_energy_cpu_joules` or `train_energy_gpu_joules`.
        read: Returns joules since some moment.
        range_joules: Where it begins again at 0; None if it does not.
    """

    measurement: str
    read: Callable[[], float]
    range_joules: float | None = None


class EnergyMeter:
    """Adds up what counters count between `start` and `pause`; CPU counters count all programs of the machine.

    Args:
        counters: What is read; several of one measurement are added.
        joules: What was counted before, when a run is resumed.
    """

    def __init__(self, counters: Sequence[Counter], joules: Mapping[str, float] | None = None) -> None:
        self._counters = counters
        self._joules = {counter.measurement: 0.0 for counter in counters} | dict(joules or {})
        self._last: list[float] | None = None

    def start(self) -> None:
        """Count from here."""
        self._last = self._read()

    def pause(self) -> None:
        """Count up to here; a counter may begin again once in between."""
        begin, end = self._last, self._read() if self._last is not None else []
        for counter, before, after in zip(self._counters, begin or (), end, strict=False):
            spent = after - before
            if spent < 0 and counter.range_joules is not None:
                spent += counter.range_joules
            self._joules[counter.measurement] += max(spent, 0.0)
        self._last = None

    def _read(self) -> list[float]:
        try:
            return [counter.read() for counter in self._counters]
        except OSError:  # a driver that went away: what was counted so far is no energy of the whole
            self._counters, self._joules = (), {}
            return []

    @property
    def joules(self) -> dict[str, float]:
        """What was counted, by measurement."""
        return dict(self._joules)


def energy_meter(device: torch.device, joules: Mapping[str, float] | None = None) -> tuple[EnergyMeter, dict[str, str]]:
    """Return a meter of what training on a device takes, and for what is not counted the reason.

    Args:
        device: Where the model is trained.
        joules: What was counted before, when a run is resumed.
    """
    found = {"cpu": rapl_counters()}
    if device.type == "cuda":
        found["gpu"] = nvml_counter(f"GPU-{torch.cuda.get_device_properties(device).uuid}")
    counters = [counter for counted, _ in found.values() for counter in counted]
    known = {counter.measurement for counter in counters}
    before = {name: value for name, value in (joules or {}).items() if name in known}
    return EnergyMeter(counters, before), {name: reason for name, (_, reason) in found.items() if reason}


def rapl_counters(folder: Path = _POWERCAP) -> tuple[list[Counter], str]:
    """Return the counters of the processor packages, or none and the reason.

    Args:
        folder: Where Linux shows them.
    """
    packages = sorted(folder.glob(_PACKAGES))
    if not packages:
        return [], f"{folder} shows no processor package"
    try:
        return [_rapl(package) for package in packages], ""
    except OSError as error:
        return [], f"{packages[0]} cannot be read ({error.strerror})"


def _rapl(package: Path) -> Counter:
    energy = package / "energy_uj"
    energy.read_text()
    largest = int((package / "max_energy_range_uj").read_text())
    return Counter("train_energy_cpu_joules", lambda: int(energy.read_text()) / 1e6, largest / 1e6)


def nvml_counter(uuid: str, load: Callable[[str], ctypes.CDLL] = ctypes.CDLL) -> tuple[list[Counter], str]:
    """Return the counter of a GPU, or none and the reason; NVIDIA's have one since Volta.

    Args:
        uuid: Of the GPU, such as `GPU-5a1b...`.
        load: Opens a shared library.
    """
    try:
        nvml = load("libnvidia-ml.so.1")
    except OSError as error:
        return [], f"NVML cannot be loaded ({error})"
    handle = ctypes.c_void_p()
    failed = nvml.nvmlInit_v2() or nvml.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(handle))
    if failed:
        return [], f"NVML does not know the GPU {uuid} (error {failed})"

    def read() -> float:
        millijoules = ctypes.c_ulonglong()
        failed = nvml.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(millijoules))
        if failed:
            raise OSError(failed, "NVML gives no energy")
        return millijoules.value / 1000

    try:
        read()
    except OSError as error:
        return [], f"{error.strerror} of the GPU {uuid} (error {error.errno})"
    return [Counter("train_energy_gpu_joules", read)], ""
