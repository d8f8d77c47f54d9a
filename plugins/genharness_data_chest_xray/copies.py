"""Finding pictures that stand in a collection twice, re-compressed or under another name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genharness.images.resize import conform

__all__ = ["SAME_PICTURE", "near_copies"]

SAME_PICTURE = 0.995
"""Correlation of two thumbnails from which on they show one picture. In the public collection copies under two
patients reach 0.9999, and the nearest pictures of two people stay below 0.985."""

THUMBNAIL = 24


def near_copies(images: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Return pairs of indices, the lower first, of grey images that show one picture.

    Args:
        images: uint8 `(n, 1, s, s)`; takes `8 n^2` bytes, so for collections of thousands.
    """
    thumbnails, _ = conform(images, THUMBNAIL, None)
    flat = thumbnails.reshape(len(images), -1).astype(np.float64)
    flat -= flat.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = np.divide(flat, norms, out=np.zeros_like(flat), where=norms > 0)  # a blank picture is like no other
    first, second = np.nonzero(np.triu(unit @ unit.T, 1) > SAME_PICTURE)
    return list(zip(first.tolist(), second.tolist(), strict=True))
