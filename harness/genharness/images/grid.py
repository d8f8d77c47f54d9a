"""Sample grids, interpolations and strips as PNG files."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genharness.files.atomic import replace_file

__all__ = ["save_grid", "tile"]


def tile(images: NDArray[np.uint8], columns: int, *, gap: int = 1) -> NDArray[np.uint8]:
    """Return images `(n, c, h, w)` as one picture `(height, width, c)`, row by row, with a white gap."""
    n, channels, height, width = images.shape
    rows = math.ceil(n / columns)
    canvas = np.full((rows * (height + gap) + gap, columns * (width + gap) + gap, channels), 255, np.uint8)
    for index, image in enumerate(images):
        top = gap + (index // columns) * (height + gap)
        left = gap + (index % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = image.transpose(1, 2, 0)
    return canvas


def save_grid(path: Path, images: NDArray[Any], columns: int, *, least: int = 512) -> None:
    """Write a grid as PNG, small images enlarged by a whole factor until it is about `least` pixels wide."""
    canvas = tile(images, columns)
    factor = max(1, least // canvas.shape[1])
    canvas = canvas.repeat(factor, 0).repeat(factor, 1)
    picture = Image.fromarray(canvas[:, :, 0] if canvas.shape[2] == 1 else canvas)
    with replace_file(path) as temporary:
        picture.save(temporary, format="PNG")
