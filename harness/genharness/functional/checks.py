"""Turn what a caller hands to metric maths into tensors, or say what is wrong with it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["ArrayLike", "as_features", "as_images", "check_same_width", "check_whole", "legacy_seed"]

ArrayLike = Tensor | NDArray[Any]
"""A torch tensor on any device, or a numpy array."""


def as_tensor(value: ArrayLike) -> Tensor:
    """Return a detached tensor that shares memory with `value`, which is only ever read."""
    if isinstance(value, Tensor):
        return value.detach()
    array = np.ascontiguousarray(value)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)  # torch takes the machine's byte order only
    with warnings.catch_warnings():
        # A memory-mapped array is read-only, and torch warns that writing to it would be undefined.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)


def as_features(value: ArrayLike, name: str) -> Tensor:
    """Return features as a finite float32 or float64 matrix.

    Float32 and float64 stay as they are and share memory; half precision becomes float32, whole numbers float64.

    Args:
        value: Features `(n, d)`, n and d at least 1. On a device without float64 they are moved to the CPU.
        name: What to call them in an error.

    Returns:
        The matrix `(n, d)`.

    Raises:
        ValueError: It is not a matrix, is empty, or holds NaN or infinity.
        TypeError: Its numbers are complex or no numbers.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, not {value.dtype}")
    rows = as_tensor(value)
    if rows.is_complex():
        raise TypeError(f"{name} must hold real numbers, not {rows.dtype}")
    if rows.ndim != 2 or rows.numel() == 0:
        raise ValueError(f"{name} must be a matrix (n, d) with n, d >= 1, not of shape {tuple(rows.shape)}")
    if rows.device.type not in ("cpu", "cuda"):
        rows = rows.cpu()
    if rows.dtype not in (torch.float32, torch.float64):
        rows = rows.to(torch.float32 if rows.is_floating_point() else torch.float64)
    _check_finite(rows, name)
    return rows


def _check_finite(rows: Tensor, name: str) -> None:
    # The extremes carry NaN and infinity, and need no mask as large as the features.
    if all(bool(torch.isfinite(extreme)) for extreme in torch.aminmax(rows)):
        return
    for start, part in enumerate(rows.split(1024)):
        bad = (~torch.isfinite(part)).nonzero()
        if len(bad):
            row, column = bad[0].tolist()
            raise ValueError(f"{name} holds {part[row, column].item()} at [{start * 1024 + row}, {column}]")


def as_images(value: ArrayLike, name: str) -> Tensor:
    """Return images as a uint8 tensor `(n, c, h, w)`.

    Raises:
        ValueError: It has not four dimensions, or is empty.
        TypeError: Its type is not uint8.
    """
    images = as_tensor(value)
    if images.dtype != torch.uint8:
        raise TypeError(f"{name} must be uint8 images in 0..255, not {images.dtype}")
    if images.ndim != 4 or images.numel() == 0:
        raise ValueError(f"{name} must be images (n, c, h, w), none of them 0, not of shape {tuple(images.shape)}")
    return images


def check_same_width(first: Tensor, first_name: str, second: Tensor, second_name: str) -> None:
    """Raise ValueError unless two matrices have the same number of columns and lie on the same device."""
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"{second_name} has {second.shape[1]} columns where {first_name} has {first.shape[1]}: "
            "both must come from one extractor"
        )
    if first.device != second.device:
        raise ValueError(f"{second_name} is on {second.device} where {first_name} is on {first.device}")


def check_whole(value: int, name: str, least: int = 1) -> int:
    """Return `value` where it is a whole number of at least `least`, else raise."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return int(value)


def legacy_seed(seed: int) -> int:
    """Return a seed for numpy's legacy generators, which take 32 bits: itself where it fits, else one drawn from it."""
    if 0 <= seed < 2**32:
        return seed
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
