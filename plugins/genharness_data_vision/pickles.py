"""Official pickles (CIFAR-10, ImageNet 32x32) read without executing anything that they name.

A pickle is a program that may call any importable function. This reader knows the names that arrays of numbers
need, answers them with its own stand-ins, and refuses every other one before it is even imported.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from genharness import DataError

__all__ = ["load_pickle", "read_batch"]

_DAMAGED = (pickle.UnpicklingError, EOFError, MemoryError)
_FORGED = (ValueError, LookupError, AttributeError, TypeError, OverflowError)


class _StoredType:
    """Stands for `numpy.dtype`: a code such as `u1`, then the byte order as state."""

    def __init__(self, code: bytes | str) -> None:
        self.dtype = np.dtype(code.decode("ascii") if isinstance(code, bytes) else code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order: Any = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        self.dtype = self.dtype.newbyteorder("=" if order == "|" else order)


class _StoredArray:
    """Stands for `numpy.ndarray`: its state is (version, shape, type, is Fortran-ordered, bytes)."""

    values: npt.NDArray[Any]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, stored, fortran, raw = state
        if stored.dtype.kind not in "biuf":
            raise pickle.UnpicklingError(f"an array of type {stored.dtype} is not one of numbers")
        flat = np.frombuffer(raw if isinstance(raw, bytes) else raw.encode("latin1"), stored.dtype)
        self.values = flat.reshape(shape, order="F" if fortran else "C")


def _new_array(_kind: object, _shape: object, _code: object) -> _StoredArray:
    return _StoredArray()


def _new_type(code: bytes | str, _align: object = False, _copy: object = False) -> _StoredType:
    return _StoredType(code)


def _latin1(text: str, _encoding: str) -> bytes:
    """Return the bytes that Python 3 writes as text into a protocol 2 pickle."""
    return text.encode("latin1")


_ALLOWED: dict[tuple[str, str], Callable[..., Any] | None] = {
    ("numpy.core.multiarray", "_reconstruct"): _new_array,
    ("numpy._core.multiarray", "_reconstruct"): _new_array,
    ("numpy", "ndarray"): None,
    ("numpy", "dtype"): _new_type,
    ("_codecs", "encode"): _latin1,
}


class _NumbersOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only arrays of numbers are read")
        return _ALLOWED[module, name]


def load_pickle(file: IO[bytes], name: str) -> dict[str, Any]:
    """Return the dictionary in a pickle of Python 2 or 3 with its keys as text; nothing in it is executed.

    Args:
        file: Open for reading bytes.
        name: What error messages call it.

    Returns:
        Values are arrays (read-only), numbers, bytes, text and containers of them.

    Raises:
        DataError: If it is damaged, is no dictionary, or asks for anything but arrays of numbers.
    """
    try:
        content = _NumbersOnly(file, encoding="bytes").load()
    except (*_DAMAGED, *_FORGED) as error:
        raise DataError(f"{name} was refused as a pickle: {error or type(error).__name__}") from error
    if not isinstance(content, dict):
        raise DataError(f"{name} holds a {type(content).__name__}, not the dictionary of an official batch")
    return {_text(key): _plain(value) for key, value in content.items()}


def _text(key: object) -> str:
    return key.decode("latin1") if isinstance(key, bytes) else str(key)


def _plain(value: Any) -> Any:
    return getattr(value, "values", None) if isinstance(value, _StoredArray) else value


def read_batch(
    content: dict[str, Any], name: str, *, side: int, classes: int, first_label: int = 0
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return images and labels of an official batch: planar rows `data` and a list `labels`.

    Args:
        content: `data` of shape (n, 3 side side) or (n, 3, side, side) uint8, and n `labels`.
        name: What error messages call it.
        side: Image side in pixels.
        classes: Number of classes.
        first_label: Number of the first class in the file.

    Returns:
        Images (n, 3, side, side) uint8 and labels (n,) from 0.

    Raises:
        DataError: If a part is missing, of another shape or type, of different length, or a label out of range.
    """
    missing = {"data", "labels"} - content.keys()
    if missing:
        raise DataError(f"{name} has no {' and no '.join(sorted(missing))}: it is no official batch")
    data, labels = content["data"], np.asarray(content["labels"])
    fits = isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.ndim in (2, 4)
    if not fits or data.size != len(data) * 3 * side * side:
        raise DataError(f"{name} holds no uint8 images of 3x{side}x{side}")
    if labels.shape != (len(data),):
        raise DataError(f"{name} has {len(data)} images but {labels.size} labels")
    if not np.issubdtype(labels.dtype, np.integer):
        raise DataError(f"{name} has labels that are not whole numbers")
    shifted = labels.astype(np.int64) - first_label
    if len(shifted) and not (shifted.min() >= 0 and shifted.max() < classes):
        last = first_label + classes - 1
        raise DataError(f"{name} has labels {labels.min()} to {labels.max()}, not {first_label} to {last}")
    return data.reshape(-1, 3, side, side), shifted
