"""Which samples of an array are taken: all, or of one that memory cannot hold those that are wanted."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.files.free_memory import free_memory, refuse_beyond_memory

__all__ = ["FEWER", "SeededDraw", "chosen_of"]

FEWER = "give fewer of them, or say with count (--count) how many are to be drawn"


@dataclass(frozen=True, slots=True)
class SeededDraw:
    """How many samples of a set are wanted, drawn with a seed, in their order.

    Attributes:
        count: How many.
        seed: The seed.
    """

    count: int
    seed: int

    def chosen(self, have: int) -> NDArray[np.int64]:
        """Return the places of those that are drawn of so many as there are, `count` at least."""
        return np.sort(np.random.default_rng([self.seed, 37]).choice(have, self.count, replace=False))

    def note(self, have: int) -> str:
        """Return what is to be said of it."""
        return f"{self.count:,} of {have:,} samples, drawn with seed {self.seed}"


def chosen_of(array: NDArray[Any], where: str, draw: SeededDraw | None) -> NDArray[np.int64] | None:
    """Return which samples are taken of an array that memory cannot hold; None where it can.

    Args:
        array: Images or rows, which may be a file that is mapped, or one sample that is spread out to many.
        where: What to call it in messages.
        draw: Which samples are wanted, if not all.

    Raises:
        DataError: If memory cannot hold what is wanted either.
    """
    if array.ndim == 0 or array.size == 0 or _is_held(array) or _bytes_of(array) <= free_memory():
        return None
    have = len(array)
    some = draw if draw is not None and 0 < draw.count < have else None
    count = have if some is None else some.count
    refuse_beyond_memory(_bytes_of(array) // have * count, f"{where}: {count:,} samples", FEWER)
    return None if some is None else some.chosen(have)


_COPIES = 3
"""Copies in float64 that scoring makes of rows: whole numbers, standardised ones, features."""


def _bytes_of(array: NDArray[Any]) -> int:
    """Return what an array takes once it is read: bytes of images; numbers of rows, and what is made of them."""
    return int(array.size) * (1 if array.ndim > 2 else max(4, array.dtype.itemsize) + 8 * _COPIES)


def _is_held(array: NDArray[Any]) -> bool:
    """Whether an array is in memory as it is taken: no file that is mapped, and nothing that is spread out."""
    base: Any = array
    while base is not None:
        if isinstance(base, mmap.mmap | np.memmap):
            return False
        base = getattr(base, "base", None)
    as_taken = array.dtype == np.uint8 if array.ndim > 2 else array.dtype.kind == "f" and array.dtype.isnative
    return bool(array.flags.c_contiguous and as_taken)
