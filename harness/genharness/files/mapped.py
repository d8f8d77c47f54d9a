"""Arrays in files that are larger than the memory a process should take: read as if they were in memory.

A memory map costs no memory that others could not have, and yet every page that was looked at counts as the process's
own until the system wants it back, with many around it. So that what a process is said to take does not grow with its
data, pages are let go again while an array is read, and rows that are picked here and there are read instead.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from genharness.errors import DataError

__all__ = ["Mapped", "empty_on_disk", "let_go", "load_mapped"]

_HELD_BYTES = 64 << 20
"""What may have been handed out before pages are let go."""


class _Source:
    """The file behind a map and all views of it.

    Attributes:
        number: Of the open file.
        handed: Bytes that were handed out since pages were let go.
    """

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_RDONLY)
        self.handed = 0

    def __del__(self) -> None:
        os.close(self.number)


class Mapped(np.memmap):
    """A read-only memory map that lets its pages go while it is read by parts.

    Slices are views as ever; rows that are picked by their numbers are copied, and never mapped.
    """

    _mmap: mmap.mmap | None  # of numpy: None of what is a copy
    _source: _Source | None = None
    _place: int = 0  # of the first byte of the map in the file

    def __array_finalize__(self, obj: Any) -> None:
        super().__array_finalize__(obj)
        if self._mmap is not None:
            self._source, self._place = getattr(obj, "_source", None), getattr(obj, "_place", 0)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        plain = np.asarray(array)  # what is computed from a map is none
        return plain if plain.ndim else plain[()]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, np.ndarray) and index.ndim == 1 and self.ndim and self._source is not None:
            if index.dtype == np.bool_ and len(index) == len(self):
                index = np.flatnonzero(index)
            if index.dtype.kind in "iu" and self.flags.c_contiguous and self._mmap is not None:
                return self._picked(index, self._source, self._mmap)
        found = super().__getitem__(index)
        if self._source is not None:
            self._source.handed += found.nbytes if isinstance(found, np.ndarray) else self.itemsize
            if self._source.handed > _HELD_BYTES:  # of what was handed out before, most has been read
                let_go(self)
                self._source.handed = 0
        return found if getattr(found, "_mmap", None) is not None else np.asarray(found)[()]

    def _picked(self, rows: NDArray[Any], source: _Source, mapped: mmap.mmap) -> NDArray[Any]:
        places = np.arange(len(self))[rows]  # as numpy counts from the end, and refuses what is not there
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        each = found.nbytes // max(1, len(rows))
        if not each:
            return found
        start = self._place + self.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
        flat = found.reshape(-1).view(np.uint8).data
        for at, row in enumerate(places.tolist()):
            if os.preadv(source.number, [flat[at * each : (at + 1) * each]], start + row * each) != each:
                raise DataError(f"{self.filename} shrank while it was read: run `genharness data verify`")
        return found


def load_mapped(path: Path) -> NDArray[Any]:
    """Return the array of a `.npy` file, read-only, as a map whose pages do not stay; an empty one as it is.

    Raises:
        OSError: It cannot be read.
        ValueError: It is damaged; numpy raises other things too, see `genharness.files.array_files.parsing_arrays`.
    """
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(array, np.memmap):
        return array
    found = array.view(Mapped)
    found._source = _Source(path)
    found._place = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    return found


def let_go(array: NDArray[Any]) -> None:
    """Let go of the pages of a map in a file, whose content the file keeps; other arrays are left alone."""
    mapped = getattr(array, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)


def empty_on_disk(shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Return an array to be written to, in a temporary file without a name that is gone with it.

    Args:
        shape: Of the array.
        dtype: Of the array.

    Raises:
        OSError: There is not so much space: it is taken at once, as a write to a full disk later ends the process.
    """
    size = max(1, int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize)
    with tempfile.TemporaryFile() as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            file.truncate(size)
        return np.memmap(file, dtype=dtype, mode="r+", shape=shape)
