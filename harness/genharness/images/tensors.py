"""Arrays of images that anybody may have saved, as uint8 `(n, c, h, w)`: layout and range checked, never unpickled."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError, reason
from genharness.files.archives import list_members
from genharness.images.depth import FULL, Depth

__all__ = ["as_labels", "as_uint8", "load_npy", "load_npz", "named_labels"]

_CHUNK_BYTES = 1 << 26
_NPY, _ZIP, _EMPTY_ZIP = b"\x93NUMPY", b"PK\x03\x04", b"PK\x05\x06"
_OF_THE_MACHINE = (errno.ENOMEM, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE)
"""Errors that say nothing of the file."""
_HAIR = 1e-3
"""How far beyond its end a range may reach, as a share of it: what rounding and half precision add."""
_BLACK = -0.6
"""Images in [-1, 1] reach down to this value; above lie [-0.5, 0.5] and [0, 1] overshot by a resize."""
_DARKEST = 16
"""Floating-point images in 0 … 255 reach beyond this value; below, they may as well be an overshot [0, 1]."""
_PILLOWS_16_BIT = (np.dtype(np.uint16), np.dtype(np.int32))
"""What Pillow gives of pictures of 16 bits."""
_MOST_CLASSES = 1_000_000
_SAVE = "save uint8, or floating-point values in [0, 1] or [-1, 1]"
_LAYOUTS = "save images as (n, h, w), (n, h, w, c) or (n, c, h, w) with 1 or 3 channels, features as (n, d)"


def load_npy(path: Path) -> NDArray[Any]:
    """Return the array of a .npy file as a read-only memory map.

    Raises:
        DataError: If it cannot be read, is damaged, or holds pickled objects.
    """
    with _reading(path):
        _check_start(path, _NPY)
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def load_npz(path: Path) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of a .npz file by name.

    Raises:
        DataError: If it cannot be read, is damaged, a bomb, or holds pickled objects or anything but arrays.
    """
    with _reading(path):
        _check_start(path, _ZIP, _EMPTY_ZIP)
        list_members(path)  # refuses bombs before a byte is unpacked
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise DataError(f"{path}: {name!r} is no array: save it with numpy, or name a zip of pictures .zip")
    return arrays


def _check_start(path: Path, *known: bytes) -> None:
    """Refuse a file that does not begin as its name promises: numpy would take it for a pickle."""
    with path.open("rb") as file:
        start = file.read(len(_NPY))
    if not start.startswith(known):
        raise DataError(f"{path} is damaged or no array file: save it again")


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Say of an array file why it cannot be read."""
    try:
        yield
    except DataError:
        raise
    except PermissionError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    except MemoryError as error:
        raise DataError(
            f"{path} claims more than it holds, or than fits into memory ({error}): save fewer samples, or it again"
        ) from error
    except OSError as error:
        if error.errno in _OF_THE_MACHINE:
            raise DataError(f"{path} cannot be read ({error.strerror}): try again, or with fewer samples") from error
        raise DataError(f"{path} is damaged or no array file ({error}): save it again") from error
    except Exception as error:  # a damaged file may raise anything from numpy's parsers
        if any(word in str(error) for word in ("pickled", "Object arrays", "Python objects")):
            raise DataError(
                f"{path} holds pickled objects, which could run code and are never loaded: save plain arrays"
            ) from error
        raise DataError(f"{path} is damaged or no array file ({reason(error)}): save it again") from error


def as_uint8(array: NDArray[Any], where: str) -> tuple[NDArray[np.uint8], str]:
    """Return images as uint8 `(n, c, h, w)` and what was assumed to make them so.

    Args:
        array: `(n, h, w)`, `(n, h, w, c)` or `(n, c, h, w)` with 1 or 3 channels; whole numbers in 0 … 255, or
            floating-point numbers in [0, 1], [-1, 1] or 0 … 255; or 16 bits, as `genharness.images.depth` takes them.
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
    wrong = f"{where} has shape {array.shape}:"
    if array.size == 0 or array.ndim not in (3, 4):
        raise DataError(f"{wrong} {_LAYOUTS}")
    if sum(side > 1 for side in array.shape[1:]) < 2:
        raise DataError(f"{wrong} one column or row is no image: {_LAYOUTS}")
    if array.ndim == 3:
        if _may_be_one_picture(array.shape):
            raise DataError(f"{wrong} it may be one picture: save one as (1, h, w, 3), grey ones as (n, h, w, 1)")
        return array[:, None], ""
    first, last = array.shape[1] in (1, 3), array.shape[3] in (1, 3)
    if first and last:
        raise DataError(
            f"{wrong} whether axis 1 or 3 holds the channels cannot be told: save grey images as (n, h, w), "
            "colours as a folder of pictures"
        )
    if not (first or last):
        alpha = "leave alpha out; " if 4 in (array.shape[1], array.shape[3]) else ""
        raise DataError(f"{wrong} neither axis 1 nor 3 has 1 or 3 channels: {alpha}{_LAYOUTS}")
    return (array if first else array.transpose(0, 3, 1, 2)), ""


def _may_be_one_picture(shape: tuple[int, ...]) -> bool:
    """Whether three axes may be (h, w, c) or (c, h, w) rather than (n, h, w)."""
    return shape[0] == 3 or (shape[2] in (3, 4) and shape[1] != shape[2])


def _bytes(images: NDArray[Any], where: str) -> tuple[NDArray[np.uint8], str]:
    if images.dtype.kind not in "iuf":
        raise DataError(f"{where} holds {images.dtype}: images must be numbers: {_SAVE}")
    peaks = images.max(axis=(1, 2, 3))
    low, high = float(images.min()), float(peaks.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        first = next(place for place, image in enumerate(images) if not np.isfinite(image).all())
        raise DataError(f"{where} holds NaN or infinity, first in image {first}: leave such images out")
    _refuse_two_ranges(images, peaks, where)
    if images.dtype.kind == "f":
        scale, shift, note = _scaling(low, high, where)
    elif images.dtype.newbyteorder("=") in _PILLOWS_16_BIT and low >= 0 and 255 < high <= FULL:
        depth = Depth(int(low), int(high))
        scale, shift, note = 255 / depth.white, 0.0, f"16 bit brought to 8, {depth}"
    else:
        _check_whole(images.dtype, low, high, where)
        scale, shift, note = 1.0, 0.0, f"{images.dtype} taken as 0 … 255"
    if images.dtype == np.uint8:
        return images, ""
    return _scaled(images, scale, shift), note


def _scaled(images: NDArray[Any], scale: float, shift: float) -> NDArray[np.uint8]:
    result = np.empty(images.shape, np.uint8)
    step = max(1, _CHUNK_BYTES // max(images[:1].nbytes, 1))
    for start in range(0, len(images), step):
        part = images[start : start + step].astype(np.float64) * scale + shift
        result[start : start + step] = np.rint(part).clip(0, 255).astype(np.uint8)
    return result


def _refuse_two_ranges(images: NDArray[Any], peaks: NDArray[Any], where: str) -> None:
    """Refuse images in 0 … 255 some of which are in [0, 1]: those would be black.

    Of whole numbers, that is one in ten that ends at 1: a black image may hold a single 1.

    Args:
        images: `(n, c, h, w)`.
        peaks: The largest value of each `(n,)`.
        where: What to call them.
    """
    small = np.flatnonzero((peaks > 0) & (peaks <= 1 + _HAIR))
    if peaks.max() <= _DARKEST or not len(small):
        return
    if images.dtype.kind == "f":
        small = np.array([place for place in small if (images[place] != np.rint(images[place])).any()])
    if len(small) >= (1 if images.dtype.kind == "f" else max(2, 0.1 * len(images))):
        raise DataError(
            f"{where} holds values up to {peaks.max():g}, and {len(small):,} images that end at 1 or below "
            f"(first image {small[0]}): two ranges in one array: {_SAVE}"
        )


def _check_whole(kind: np.dtype[Any], low: float, high: float, where: str) -> None:
    if low < 0 or high > 255:
        raise DataError(f"{where} holds values from {low:g} to {high:g}: whole numbers must be 0 to 255: {_SAVE}")
    if high == 1:
        raise DataError(f"{where} holds only 0 and 1 as {kind}: whether 1 is white cannot be told: {_SAVE}")


def _scaling(low: float, high: float, where: str) -> tuple[float, float, str]:
    """Return (scale, shift, note) that take floating-point values to 0 … 255."""
    found = f"values from {low:g} to {high:g}"
    if low >= -_HAIR and high <= 1 + _HAIR:
        return 255.0, 0.0, f"values in [0, 1] scaled{_clipped(low, high, 0, 1)}"
    if -1 - _HAIR <= low <= _BLACK and high <= 1 + _HAIR:
        return 127.5, 127.5, f"values in [-1, 1] scaled{_clipped(low, high, -1, 1)}"
    if low >= -_HAIR and high <= _DARKEST:
        raise DataError(f"{where} holds {found}: whether they end at 1 or at 255 cannot be told: {_SAVE}")
    if low >= -255 * _HAIR and high <= 255 * (1 + _HAIR) and high > _DARKEST:
        return 1.0, 0.0, f"floating-point values taken as 0 … 255{_clipped(low, high, 0, 255)}"
    if low >= -1 - _HAIR and high <= 1 + _HAIR:
        raise DataError(f"{where} holds {found}: whether -1 or 0 is black cannot be told: {_SAVE}, clipped to it")
    raise DataError(f"{where} holds {found}: use [0, 1], [-1, 1] or 0 to 255, clipped to it")


def _clipped(low: float, high: float, least: int, most: int) -> str:
    return "" if least <= low and high <= most else f", those from {low:.7g} to {high:.7g} clipped to it"


def named_labels(array: NDArray[Any], count: int, where: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return class indices `(n,)` and the names of the classes: sorted ones where labels are words, else none.

    Raises:
        DataError: As `as_labels`.
    """
    if array.dtype.kind not in "US" or array.size == 0:
        return as_labels(array, count, where), ()
    words = array if array.dtype.kind == "U" else np.char.decode(array, "utf-8", "replace")
    names, indices = np.unique(words, return_inverse=True)
    return as_labels(indices.reshape(words.shape), count, where), tuple(map(str, names))


def as_labels(array: NDArray[Any], count: int, where: str) -> NDArray[np.int64]:
    """Return class indices `(n,)`, from 0; one-hot rows `(n, classes)` and a column `(n, 1)` are taken as such.

    Raises:
        DataError: If there are not `count` of them, or they are no whole numbers from 0 or above a million.
    """
    if array.dtype.kind not in "iufb":
        raise DataError(f"{where} holds {array.dtype}: labels must be whole numbers from 0")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    elif array.ndim == 2 and array.size and np.isin(array, (0, 1)).all() and (array.sum(1) == 1).all():
        array = array.argmax(1)
    if array.shape != (count,):
        raise DataError(f"{where} has shape {array.shape} for {count:,} images: give one label for each")
    values = array.astype(np.float64)
    wrong = np.flatnonzero(~((values >= 0) & (values < _MOST_CLASSES) & (values == np.floor(values))))
    if len(wrong):
        raise DataError(
            f"{where}: entry {wrong[0] + 1} is {array[wrong[0]]}: labels must be whole numbers from 0 below "
            f"{_MOST_CLASSES:,}"
        )
    return array.astype(np.int64)
