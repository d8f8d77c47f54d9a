"""One policy for images that must have another size: antialiased resize of the short side, then a centre crop.

Resampling is Pillow's bicubic filter, which widens with the reduction and so does not alias. Grey is ITU-R 601-2
luma, as Pillow's mode `L`; a grey image becomes RGB by repetition.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genharness.spec.dataset_name import Channels

__all__ = ["POLICY", "conform", "fit_image"]

POLICY = "short side resized (bicubic, antialiased), then centre crop"


def fit_image(image: Image.Image, size: int) -> Image.Image:
    """Return a mode `L` or `RGB` image as a square of `size` pixels: short side resized, centre cropped.

    The crop is taken in the source's coordinates, so an image is resampled once and never loses a pixel to rounding.
    """
    width, height = image.size
    if (width, height) == (size, size):
        return image
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box)


def conform(
    images: NDArray[np.uint8], size: int | None, channels: Channels | None
) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """Return images at the size and channels asked for, and how many were changed in which way.

    Args:
        images: uint8 `(n, c, h, w)` with 1 or 3 channels.
        size: Side of the square wanted, in pixels; None leaves it.
        channels: `grey` or `rgb`; None leaves them.

    Returns:
        uint8 `(n, c', h', w')` and counts of `resized`, `cropped`, `converted` images.
    """
    count, old_channels, height, width = images.shape
    new_channels = {None: old_channels, "grey": 1, "rgb": 3}[channels]
    new_size = (size or height, size or width)
    changes = {
        "resized": count if size is not None and min(height, width) != size else 0,
        "cropped": count if size is not None and height != width else 0,
        "converted": count if new_channels != old_channels else 0,
    }
    if not any(changes.values()):
        return images, changes
    fitted = np.empty((count, new_channels, *new_size), np.uint8)
    for index in range(count):
        fitted[index] = _conform_one(images[index], size, new_channels)
    return fitted, changes


def _conform_one(image: NDArray[np.uint8], size: int | None, channels: int) -> NDArray[np.uint8]:
    picture = Image.fromarray(image[0] if image.shape[0] == 1 else np.ascontiguousarray(image.transpose(1, 2, 0)))
    if channels == 1:
        picture = picture.convert("L")
    if size is not None:
        picture = fit_image(picture, size)
    pixels = np.asarray(picture)
    if pixels.ndim == 2:
        return np.broadcast_to(pixels, (channels, *pixels.shape))
    return pixels.transpose(2, 0, 1)
