"""Arrays of images that anybody may have saved, as uint8 `(n, c, h, w)`: layout and range checked, never unpickled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError, reason
from genharness.files.archives import list_members
from genharness.files.free_memory import refuse_beyond_memory
from genharness.files.regular import what_to_do
from genharness.images.ranges import Scaling, Values

__all__ = [
    "MOST_CLASSES",
    "SIGNS",
    "as_labels",
    "as_uint8",
    "channels_first",
    "load_npy",
    "load_npz",
    "named_labels",
    "scalings_of",
]

_NPY, _ZIP, _EMPTY_ZIP = b"\x93NUMPY", b"PK\x03\x04", b"PK\x05\x06"
MOST_CLASSES = 1_000_000
"""A label beyond is a number of something else."""
SIGNS = ("-1", "1")
"""Names of the classes where labels are -1 and 1."""
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
        members = list_members(path)  # refuses bombs before a byte is unpacked
        needed = sum(member.size for member in members)
        refuse_beyond_memory(
            needed, f"{path}: its arrays", "save a .npy, which is read piece by piece, or fewer samples"
        )
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
    except MemoryError as error:
        raise DataError(
            f"{path} claims more than it holds, or than fits into memory ({error}): save fewer samples, or it again"
        ) from error
    except OSError as error:
        if advice := what_to_do(error):
            raise DataError(f"{path} cannot be read ({error.strerror}): {advice}") from error
        raise DataError(f"{path} is damaged or no array file ({error}): save it again") from error
    except Exception as error:  # a damaged file may raise anything from numpy's parsers
        if any(word in str(error) for word in ("pickled", "Object arrays", "Python objects")):
            raise DataError(
                f"{path} holds pickled objects, which could run code and are never loaded: save plain arrays"
            ) from error
        raise DataError(f"{path} is damaged or no array file ({reason(error)}): save it again") from error


def as_uint8(array: NDArray[Any], where: str, scaling: Scaling | None = None) -> tuple[NDArray[np.uint8], str]:
    """Return images as uint8 `(n, c, h, w)` and what was assumed to make them so.

    Args:
        array: `(n, h, w)`, `(n, h, w, c)` or `(n, c, h, w)` with 1 or 3 channels; whole numbers in 0 … 255, or
            floating-point numbers in [0, 1], [-1, 1] or 0 … 255; or 16 bits, as `genharness.images.depth` takes them.
        where: What to call it in messages.
        scaling: How values become bytes, where that is told by more than this array; see `scalings_of`.

    Returns:
        The images, and a note such as `values in [-1, 1] scaled`, empty when nothing was changed.

    Raises:
        DataError: If layout, type or range is none of these.
    """
    images = channels_first(array, where)
    scaling = scaling or Values.of(images, where).scaling(where)
    return np.ascontiguousarray(scaling.taken(images)), scaling.note


def scalings_of(arrays: Mapping[str, NDArray[Any]], beside: int = 0) -> dict[str, Scaling]:
    """Return how the values of arrays of images become bytes: those of one type, such as splits of a set, in one way.

    Args:
        arrays: By what to call each in messages.
        beside: White of what they are compared with, as `genharness.images.depth` has it.

    Raises:
        DataError: As `as_uint8`.
    """
    values: dict[np.dtype[Any], list[Values]] = {}
    for where, array in arrays.items():
        values.setdefault(array.dtype, []).append(Values.of(channels_first(array, where), where))
    named = {array.dtype: where for where, array in arrays.items()}
    found = {kind: Values.of_all(several).scaling(named[kind], beside) for kind, several in values.items()}
    return {where: found[array.dtype] for where, array in arrays.items()}


def channels_first(array: NDArray[Any], where: str) -> NDArray[Any]:
    """Return images `(n, c, h, w)`, whichever of the known layouts they have.

    Raises:
        DataError: If they have none, or it cannot be told which.
    """
    wrong = f"{where} has shape {array.shape}:"
    if array.size == 0 or array.ndim not in (3, 4):
        raise DataError(f"{wrong} {_LAYOUTS}")
    if sum(side > 1 for side in array.shape[1:]) < 2:
        raise DataError(f"{wrong} one column or row is no image: {_LAYOUTS}")
    if array.ndim == 3:
        if _may_be_one_picture(array.shape):
            raise DataError(f"{wrong} it may be one picture: save one as (1, h, w, 3), grey ones as (n, h, w, 1)")
        return array[:, None]
    first, last = array.shape[1] in (1, 3), array.shape[3] in (1, 3)
    if first and last:
        raise DataError(
            f"{wrong} whether axis 1 or 3 holds the channels cannot be told: save grey images as (n, h, w), "
            "colours as a folder of pictures"
        )
    if not (first or last):
        alpha = "leave alpha out; " if 4 in (array.shape[1], array.shape[3]) else ""
        raise DataError(f"{wrong} neither axis 1 nor 3 has 1 or 3 channels: {alpha}{_LAYOUTS}")
    return array if first else array.transpose(0, 3, 1, 2)


def _may_be_one_picture(shape: tuple[int, ...]) -> bool:
    """Whether three axes may be (h, w, c) or (c, h, w) rather than (n, h, w)."""
    return shape[0] == 3 or (shape[2] in (3, 4) and shape[1] != shape[2])


def named_labels(array: NDArray[Any], count: int, where: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return class indices `(n,)` and the names of the classes: of words sorted, of -1 and 1 these, else none.

    Raises:
        DataError: As `as_labels`.
    """
    if array.dtype.kind in "if" and array.size == len(array) and {*np.unique(array).tolist()} == {-1, 1}:
        return as_labels(array > 0, count, where), SIGNS
    if array.dtype.kind not in "US" or array.size == 0:
        return as_labels(array, count, where), ()
    words = array if array.dtype.kind == "U" else np.char.decode(array, "utf-8", "backslashreplace")
    if (words == "").any():
        first = int(np.flatnonzero(words.reshape(-1) == "")[0]) + 1
        raise DataError(f"{where}: entry {first} is an empty word: label all, or none")
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
    wrong = np.flatnonzero(~((values >= 0) & (values < MOST_CLASSES) & (values == np.floor(values))))
    if len(wrong):
        raise DataError(
            f"{where}: entry {wrong[0] + 1} is {array[wrong[0]]}: labels must be whole numbers from 0 below "
            f"{MOST_CLASSES:,}"
        )
    return array.astype(np.int64)
