"""Which device `auto` means here, and whether the one that was asked for is there."""

from __future__ import annotations

import os
from pathlib import Path

from genharness.errors import ConfigError, shown
from genharness.study.suite import read_device

__all__ = ["resolve_device"]


def resolve_device(wanted: str) -> str:
    """Return the device that `auto` means here, or check the one that was asked for; imports torch only for CUDA.

    Raises:
        ConfigError: If the device is unknown or not there.
    """
    try:
        kind, _, index = read_device(wanted).partition(":")
    except ConfigError as error:
        raise ConfigError(f"--device={shown(wanted)} {error}") from None
    if kind == "cpu" or (kind == "auto" and not _may_have_cuda()):
        return "cpu"
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if kind == "auto":
        return "cuda" if count else "cpu"
    if not count:
        raise ConfigError(f"device {wanted!r} is not there: torch sees no CUDA device; use --device cpu, or see doctor")
    if index and int(index) >= count:
        raise ConfigError(f"device {wanted!r} is not there: torch sees {count}")
    return wanted


def _may_have_cuda() -> bool:
    """Whether a CUDA device is possible, judged without the cost of importing torch."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0") in ("", "-1")
    return not hidden and (Path("/proc/driver/nvidia").exists() or os.name == "nt" or Path("/dev/nvidiactl").exists())
