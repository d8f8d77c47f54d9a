"""The pictures of a cell's folder as tiles: what a model draws, how that grew, what it makes of held-out samples.

A picture is a grid of tiles with a white pixel between them, enlarged by a whole factor; both are found from its size,
so that a published picture is as good as the samples themselves.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Tiles", "read_tiles", "tile_size"]

Tiles = NDArray[np.uint8]
"""`(n, h, w, c)`, one grey or three colour channels."""

_LEAST = 512
"""Pixels up to which a picture is enlarged; see `genharness.images.grid.save_grid`."""
_MOST_PIXELS = 1 << 26


def read_tiles(path: Path, columns: int) -> Tiles | None:
    """Return the tiles of a picture in reading order, None where it is missing or no grid of so many columns.

    Args:
        path: A PNG that `save_grid` wrote.
        columns: Tiles in a row.
    """
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _MOST_PIXELS or picture.mode not in ("L", "RGB"):
                return None
            pixels = np.asarray(picture)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    pixels = pixels[:, :, None] if pixels.ndim == 2 else pixels
    size = tile_size(pixels.shape[1], pixels.shape[0], columns)
    return None if size is None else _cut(pixels, columns, *size)


def tile_size(width: int, height: int, columns: int) -> tuple[int, int, int] | None:
    """Return factor, height and width of the tiles of a picture of some size, or None where it is no such grid.

    Images are as high as wide, or else the picture holds one row of them.
    """
    for side in range(1, width // columns + 1):
        plain = columns * (side + 1) + 1
        factor = max(1, _LEAST // plain)
        if factor * plain == width:
            rows, left = divmod(height // factor - 1, side + 1)
            if height % factor == 0 and left == 0 and rows > 0:
                return factor, side, side
    return None


def _cut(pixels: Tiles, columns: int, factor: int, height: int, width: int) -> Tiles:
    small = pixels[::factor, ::factor]
    rows = (small.shape[0] - 1) // (height + 1)
    inner = small[1 : 1 + rows * (height + 1), 1 : 1 + columns * (width + 1)]
    tiles = inner.reshape(rows, height + 1, columns, width + 1, -1).transpose(0, 2, 1, 3, 4)
    return tiles.reshape(rows * columns, height + 1, width + 1, -1)[:, :height, :width]
