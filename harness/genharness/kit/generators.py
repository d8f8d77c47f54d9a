"""Seeded generators of random numbers, on any device."""

from __future__ import annotations

import torch

__all__ = ["seeded_generator"]


def seeded_generator(device: torch.device, seed: int = 0) -> torch.Generator:
    """Return a generator whose `device` is the one given.

    The `meta` device, on which shapes and devices are checked and operations counted without computing anything, has
    none of its own: there a generator of the CPU stands in, which nothing is drawn from.

    Args:
        device: Where numbers are wanted.
        seed: Any whole number that torch takes.
    """
    generator = _MetaGenerator() if device.type == "meta" else torch.Generator(device)
    return generator.manual_seed(seed)


class _MetaGenerator(torch.Generator):
    @property
    def device(self) -> torch.device:  # type: ignore[override]  # torch's stub calls it an attribute
        """The meta device."""
        return torch.device("meta")
