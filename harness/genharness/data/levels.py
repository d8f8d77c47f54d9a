"""How many grey levels a dataset's images really have."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["grey_levels"]

_BLOCK_BYTES = 1 << 20


def grey_levels(images: NDArray[Any]) -> int:
    """Return the smallest number of evenly spaced levels from 0 to 255 (rounded) that holds all values.

    Pictures that were counted or binarised have few (scikit-learn's digits have 17), photographs 256. A density that is
    fitted to few levels as if they were 256 falls into spikes at them.

    Args:
        images: `(n, ...)` uint8; read until all 256 levels are needed.

    Returns:
        From 2 to 256.
    """
    seen = np.zeros(256, dtype=bool)
    levels = 2
    flat = images.reshape(-1)
    for start in range(0, len(flat), _BLOCK_BYTES):
        seen[flat[start : start + _BLOCK_BYTES]] = True
        while levels < 256 and not _hold(levels, seen):
            levels += 1
        if levels == 256:
            break
    return levels


def _hold(levels: int, seen: NDArray[np.bool_]) -> bool:
    missing = seen.copy()
    missing[np.rint(np.arange(levels) * (255 / (levels - 1))).astype(np.int64)] = False
    return not missing.any()
