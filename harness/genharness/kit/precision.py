"""Where a training step computes in bfloat16, and where it must not."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import torch

__all__ = ["autocast", "no_autocast"]


def autocast(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Return the context in which forward passes run: bfloat16 autocast for `bf16`, nothing for the others.

    Torch's cache of weights that were cast is off. It would serve a whole step of a model, in which an optimiser moves
    weights that are used again; and copies made under `no_grad`, as of the generator that only feeds a critic, through
    which (until torch 2.7 or so) no gradient reaches the weights any more.

    Args:
        device: Where the tensors are.
        precision: `fp32`, `tf32` or `bf16`.
    """
    if precision == "bf16" and torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=False)
    return contextlib.nullcontext()


def no_autocast(device: torch.device) -> AbstractContextManager[Any]:
    """Return a context in which operations compute in the precision of their arguments, whatever is set around it.

    For what bfloat16 would spoil, and for backward passes, which have the precision of their forward pass without it.
    """
    if torch.amp.is_autocast_available(device.type):
        return torch.autocast(device.type, enabled=False)
    return contextlib.nullcontext()
