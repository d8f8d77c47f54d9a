"""The latent codes of the training split, for models whose prior is fitted to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["MAX_CODES", "straight_lines", "training_codes"]

MAX_CODES = 20_000
"""Codes that a prior is fitted to, at most: encoding all of a large split would take longer than fitting."""
_BATCH = 500


@torch.no_grad()
def training_codes(
    encode: Callable[[Tensor], Tensor], data: PreparedData, device: torch.device
) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Encode the training split, or `MAX_CODES` random samples of it.

    Args:
        encode: From samples `(n, ...)` as a model gets them to codes `(n, latent)`.
        data: The dataset.
        device: Where `encode` works.

    Returns:
        Codes `(n, latent)` and labels `(n,)`, or None for unlabelled data.
    """
    samples, labels = data.samples("train"), data.labels("train")
    chosen = torch.randperm(len(samples))[:MAX_CODES].sort().values.numpy()
    codes = []
    for start in range(0, len(chosen), _BATCH):
        x = torch.from_numpy(np.array(samples[chosen[start : start + _BATCH]])).to(device)
        codes.append(encode(x * (2 / 255) - 1 if x.dtype == torch.uint8 else x).double().cpu().numpy())
    return np.concatenate(codes), None if labels is None else np.asarray(labels[chosen])


def straight_lines(ends: Tensor, columns: int) -> Tensor:
    """Return paths of `columns` points between consecutive pairs of codes.

    Args:
        ends: Codes `(2 * rows, latent)`.
        columns: Points of each path, both ends included.

    Returns:
        Codes `(rows * columns, latent)`, path after path.
    """
    start, end = ends[0::2, None], ends[1::2, None]
    t = torch.linspace(0, 1, columns, device=ends.device)[:, None]
    return torch.lerp(start, end, t).flatten(0, 1)
