"""Arrays of images that anybody may have saved, as uint8 `(n, c, h, w)`: layout and range checked, never unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.archives import list_members
from genharness.errors import DataError

__all__ = ["as_labels", "as_uint8", "load_npy", "load_npz"]

_CHUNK_BYTES = 1 << 26
_MAGIC = b"\x93NUMPY"
_DARKEST = 16
"""Floating-point images in 0 … 255 reach at least this value; below, they may as well be an overshot [0, 1]."""
_SAVE = "save uint8, or floating-point values in [0, 1] or [-1, 1]"


def load_npy(path: Path) -> NDArray[Any]:
    """Return the array of a .npy file as a read-only memory map.

    Raises:
        DataError: If it is damaged or holds pickled objects.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:  # numpy would take it for a pickle
                raise DataError(f"{path} is damaged or no array file")
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _unusable(str(path), error) from error
    return array


def load_npz(path: Path) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of a .npz file by name.

    Raises:
        DataError: If it is damaged, a bomb, or holds pickled objects or anything but arrays.
    """
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is damaged or no .npz file")
    list_members(path)  # refuses bombs before a byte is unpacked
    arrays = {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            for name in archive.files:
                arrays[name] = archive[name]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _unusable(str(path), error) from error
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path}: {name} is no array")
    return arrays


def _unusable(where: str, error: Exception) -> DataError:
    if any(word in str(error) for word in ("pickle", "Python objects")):
        return DataError(f"{where} holds pickled objects, which could run code and are never loaded: save plain arrays")
    return DataError(f"{where} is damaged or no array file ({error})")


def as_uint8(array: NDArray[Any], where: str) -> tuple[NDArray[np.uint8], str]:
    """Return images as uint8 `(n, c, h, w)` and what was assumed to make them so.

    Args:
        array: `(n, h, w)`, `(n, h, w, c)` or `(n, c, h, w)` with 1 or 3 channels; whole numbers in 0 … 255, or
            floating-point numbers in [0, 1], [-1, 1] or 0 … 255.
        where: What to call it in messages.

    Returns:
        The images, and a note such as `values in [-1, 1] scaled`, empty when nothing was changed.

    Raises:
        DataError: If layout, type or range is none of these.
    """
    images, layout = _channels_first(array, where)
    values, scaled = _bytes(images, where)
    return np.ascontiguousarray(values), "; ".join(note for note in (layout, scaled) if note)


def _channels_first(array: NDArray[Any], where: str) -> tuple[NDArray[Any], str]:
    shape = array.shape
    if 0 in shape or array.ndim not in (3, 4):
        raise DataError(f"{where} has shape {shape}: images must be (n, h, w), (n, h, w, c) or (n, c, h, w)")
    if array.ndim == 3:
        return array[:, None], ""
    first, last = shape[1] in (1, 3), shape[3] in (1, 3)
    if first and last:
        raise DataError(f"{where} has shape {shape}: whether axis 1 or 3 holds the channels cannot be told")
    if first:
        return array, ""
    if last:
        return array.transpose(0, 3, 1, 2), ""
    raise DataError(f"{where} has shape {shape}: neither axis 1 nor 3 has 1 or 3 channels")


def _bytes(images: NDArray[Any], where: str) -> tuple[NDArray[np.uint8], str]:
    if images.dtype == np.uint8:
        return images, ""
    if images.dtype.kind not in "iuf":
        raise DataError(f"{where} holds {images.dtype}: images must be numbers: {_SAVE}")
    low, high = float(images.min()), float(images.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        first = next(place for place, image in enumerate(images) if not np.isfinite(image).all())
        raise DataError(f"{where} holds NaN or infinity, first in image {first}: leave such images out")
    scale, shift, note = _scaling(images, low, high, where)
    result = np.empty(images.shape, np.uint8)
    step = max(1, _CHUNK_BYTES // max(images[:1].nbytes, 1))
    for start in range(0, len(images), step):
        part = images[start : start + step].astype(np.float64) * scale + shift
        result[start : start + step] = np.rint(part).clip(0, 255).astype(np.uint8)
    return result, note


def _scaling(images: NDArray[Any], low: float, high: float, where: str) -> tuple[float, float, str]:
    """Return (scale, shift, note) that take the values to 0 … 255."""
    if images.dtype.kind != "f":
        if low < 0 or high > 255:
            raise DataError(f"{where} holds values from {low:g} to {high:g}: whole numbers must be 0 to 255: {_SAVE}")
        if high == 1:
            raise DataError(f"{where} holds only 0 and 1 as {images.dtype}: whether 1 is white cannot be told: {_SAVE}")
        return 1.0, 0.0, f"{images.dtype} taken as 0 … 255"
    if low >= 0 and high <= 1:
        return 255.0, 0.0, "values in [0, 1] scaled"
    if low >= -1.001 and high <= 1.001:  # a sampler that ends with a clamp in half precision passes 1 by a hair
        return 127.5, 127.5, "values in [-1, 1] scaled"
    if low >= 0 and high < _DARKEST:
        raise DataError(
            f"{where} holds values from {low:g} to {high:g}: whether they end at 1 or at 255 cannot be told: {_SAVE}"
        )
    if low >= 0 and high <= 255:
        return 1.0, 0.0, "floating-point values taken as 0 … 255"
    raise DataError(f"{where} holds values from {low:g} to {high:g}: use [0, 1], [-1, 1] or 0 to 255")


def as_labels(array: NDArray[Any], count: int, where: str) -> NDArray[np.int64]:
    """Return class indices `(n,)`, from 0; one-hot rows `(n, classes)` and a column `(n, 1)` are taken as such.

    Raises:
        DataError: If there are not `count` of them or they are no whole numbers from 0.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 2 and np.isin(array, (0, 1)).all() and (array.sum(1) == 1).all():
        array = array.argmax(1)
    if array.shape != (count,):
        raise DataError(f"{where} has shape {array.shape} for {count:,} images")
    whole = array.dtype.kind in "iu" or (array.dtype.kind == "f" and bool((array == np.floor(array)).all()))
    if not whole or array.min() < 0:
        raise DataError(f"{where} must be whole numbers from 0, not {array.dtype} from {array.min()}")
    return array.astype(np.int64)
