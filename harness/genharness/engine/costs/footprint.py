"""What a model costs beside time: parameters and memory; and measuring that never loses a cell."""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from torch import nn

from genharness.kit.model import GenerativeModel

__all__ = ["attempted", "parameters", "peak_memory", "reset_peak"]

T = TypeVar("T")

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def attempted(what: str, measure: Callable[[], T], nothing: T) -> tuple[T, tuple[str, ...]]:
    """Return measurements, or `nothing` and a note why: what a model costs must never lose what it is worth.

    Args:
        what: What is measured, for the note.
        measure: Gives the measurements; it may raise anything, lack of memory included.
        nothing: What stands for measurements that cannot be had.
    """
    try:
        return measure(), ()
    except Exception as error:  # a plugin's code runs in here, with arguments that nothing else gives it
        reason = " ".join(str(error).split())[:200]
        return nothing, (f"{what} not measured: {type(error).__name__}: {reason}",)


def parameters(model: GenerativeModel) -> dict[str, float]:
    """Return how many parameters are trained, and how many samples are drawn from."""
    return {
        "parameters": _count(model),
        "generator_parameters": _count(model.averaged_module()),
    }


def _count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def reset_peak(device: torch.device) -> None:
    """Begin new peaks of memory, of the process (where Linux allows it) and of the accelerator."""
    with contextlib.suppress(OSError):
        _CLEAR.write_text("5")  # Linux: forget the peak of resident memory
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory(device: torch.device) -> dict[str, float]:
    """Return peak memory of this process in MiB since `reset_peak`, and of the accelerator where there is one."""
    peaks = {"peak_memory_mib": _peak_resident_mib()}
    if device.type == "cuda":
        peaks["peak_accelerator_mib"] = torch.cuda.max_memory_allocated(device) / 2**20
        peaks["peak_accelerator_reserved_mib"] = torch.cuda.max_memory_reserved(device) / 2**20
    return peaks


def _peak_resident_mib() -> float:
    with contextlib.suppress(OSError):
        lines = _STATUS.read_text().splitlines()
        peak = next((line for line in lines if line.startswith("VmHWM:")), None)
        if peak is not None:
            return int(peak.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024  # a peak that cannot be forgotten, of the whole process
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
