"""What is measured."""

from __future__ import annotations

from typing import Any

import torch

from genharness.engine.environment import environment


def stamp(device: str) -> dict[str, Any]:
    """Return the environment of a device.

    Raises:
        RuntimeError: If there is no such device.
    """
    place = torch.device(device)
    if place.type == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("there is no CUDA device; --small tries the script itself on the CPU")
    found = environment(place, deterministic=False)
    return found | {"device": found["gpu"] or "cpu"}
