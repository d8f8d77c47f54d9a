"""How images become squares of another size: antialiased resize of the short side and a centre crop, or as is asked.

Resampling is Pillow's bicubic filter, which widens with the reduction and so does not alias. Grey is ITU-R 601-2
luma, as Pillow's mode `L`; a grey image becomes RGB by repetition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from genharness.spec.dataset_name import Channels, Fit

__all__ = ["POLICIES", "POLICY", "changes_of", "conform", "fit_image"]

POLICY = "short side resized (bicubic, antialiased), then centre crop"
POLICIES: Mapping[Fit | None, str] = {
    None: POLICY,
    "crop": POLICY,
    "pad": "long side resized (bicubic, antialiased), the rest black",
    "stretch": "both sides resized (bicubic, antialiased), which changes proportions",
}
"""What is done, by the fit that was asked for."""


def fit_image(image: Image.Image, size: int, fit: Fit | None = None) -> Image.Image:
    """Return a mode `L` or `RGB` image as a square of `size` pixels, by `POLICIES`.

    The crop is taken in the source's coordinates, so an image is resampled once and never loses a pixel to rounding.
    """
    width, height = image.size
    if (width, height) == (size, size):
        return image
    if fit == "stretch":
        return image.resize((size, size), Image.Resampling.BICUBIC)
    if fit == "pad":
        return _padded(image, size)
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.BICUBIC, box=box)


def _padded(image: Image.Image, size: int) -> Image.Image:
    """Return an image with its long side resized to `size`, in the middle of a black square."""
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    square = Image.new(image.mode, (size, size))
    inner = image if image.size == (width, height) else image.resize((width, height), Image.Resampling.BICUBIC)
    square.paste(inner, ((size - width) // 2, (size - height) // 2))
    return square


def changes_of(height: int, width: int, size: int, fit: Fit | None) -> tuple[bool, bool]:
    """Return whether an image is resampled, and whether it loses its edges, where it becomes a square of `size`."""
    if fit == "stretch":
        return (height, width) != (size, size), False
    if fit == "pad":
        return max(height, width) != size, False
    return min(height, width) != size, height != width


def conform(
    images: NDArray[np.uint8], size: int | None, channels: Channels | None, fit: Fit | None = None
) -> tuple[NDArray[np.uint8], dict[str, int]]:
    """Return images at the size and channels asked for, and how many were changed in which way.

    Args:
        images: uint8 `(n, c, h, w)` with 1 or 3 channels.
        size: Side of the square wanted, in pixels; None leaves it.
        channels: `grey` or `rgb`; None leaves them.
        fit: How images that are no squares become some.

    Returns:
        uint8 `(n, c', h', w')` and counts of `resized`, `cropped`, `converted` images.
    """
    count, old_channels, height, width = images.shape
    new_channels = {None: old_channels, "grey": 1, "rgb": 3}[channels]
    new_size = (size or height, size or width)
    resized, cropped = changes_of(height, width, size, fit) if size is not None else (False, False)
    changes = {
        "resized": count if resized else 0,
        "cropped": count if cropped else 0,
        "converted": count if new_channels != old_channels else 0,
    }
    if not any(changes.values()) and new_size == (height, width):
        return images, changes
    fitted = np.empty((count, new_channels, *new_size), np.uint8)
    for index in range(count):
        fitted[index] = _conform_one(images[index], size, new_channels, fit)
    return fitted, changes


def _conform_one(image: NDArray[np.uint8], size: int | None, channels: int, fit: Fit | None) -> NDArray[np.uint8]:
    picture = Image.fromarray(image[0] if image.shape[0] == 1 else np.ascontiguousarray(image.transpose(1, 2, 0)))
    if channels == 1:
        picture = picture.convert("L")
    if size is not None:
        picture = fit_image(picture, size, fit)
    pixels = np.asarray(picture)
    if pixels.ndim == 2:
        return np.broadcast_to(pixels, (channels, *pixels.shape))
    return pixels.transpose(2, 0, 1)
