"""The global random states, as one value: seeded at the start of a cell, kept in checkpoints."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch

__all__ = ["load_random_state", "random_state", "seed_everything", "undisturbed"]


def seed_everything(seed: int) -> None:
    """Seed Python, numpy and torch on every device."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # plugins may use the global generator, so it must be seeded
    torch.manual_seed(seed)


def random_state() -> dict[str, Any]:
    """Return the global random states as plain values and tensors, loadable with `weights_only`.

    Of accelerators only the current one's, which a cell makes its own: a machine with fewer of them can go on.
    """
    name, keys, position, has_gauss, gauss = cast(tuple[Any, ...], np.random.get_state(legacy=True))
    state: dict[str, Any] = {
        "python": random.getstate(),
        "numpy": (str(name), torch.from_numpy(keys.astype(np.int64)), int(position), int(has_gauss), float(gauss)),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def load_random_state(state: Mapping[str, Any]) -> None:
    """Restore what `random_state` gave."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state["torch"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave the global random states as they were, whatever the block draws."""
    state = random_state()
    try:
        yield
    finally:
        load_random_state(state)
