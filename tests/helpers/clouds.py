"""Points on which exact searches are tried: with ties, without, far from the origin, and with many copies."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["collapsed", "far_off", "lattice", "normal", "root"]


def lattice(n, seed):
    """Whole numbers in three dimensions: most distances occur many times, and rows repeat."""
    return torch.randint(0, 4, (n, 3), generator=torch.Generator().manual_seed(seed)).double()


def normal(n, seed):
    return torch.randn(n, 6, generator=torch.Generator().manual_seed(seed))


def far_off(n, seed):
    """A cloud so far from the origin that its float32 distances would all be alike."""
    return normal(n, seed).double() * 1e-3 + 1e4


def collapsed(n, seed):
    return normal(1 + n // 50, seed).repeat(50, 1)[:n]


def root(squares):
    """Return square roots rounded as IEEE 754 has them: torch's are not, on some processors."""
    return torch.from_numpy(np.sqrt(squares.numpy()))
