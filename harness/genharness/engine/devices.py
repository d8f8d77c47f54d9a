"""Which devices a name means, and making one of them the current one."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

__all__ = ["meant_devices", "on_device"]


def meant_devices(device: torch.device) -> list[torch.device]:
    """Return the devices that a name means: `cuda` all CUDA devices there are, any other name the one it says."""
    if device.type != "cuda" or device.index is not None:
        return [device]
    return [torch.device("cuda", index) for index in range(torch.cuda.device_count())] or [device]


def on_device(device: torch.device) -> AbstractContextManager[object]:
    """Make a CUDA device the current one of this thread: streams and events are those of the current device."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()
