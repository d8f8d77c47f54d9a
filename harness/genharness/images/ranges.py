"""Which values of an array of images are black and white: told of the whole set, which may be seen piece by piece."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.images.depth import FULL, Depth

__all__ = ["Scaling", "Values"]

_CHUNK_BYTES = 1 << 26
_HAIR = 1e-3
"""How far beyond its end a range may reach, as a share of it: what rounding and half precision add."""
_BLACK = -0.6
"""Images in [-1, 1] reach down to this value; above lie [-0.5, 0.5] and [0, 1] overshot by a resize."""
_DARKEST = 16
"""Floating-point images in 0 … 255 reach beyond this value; below, they may as well be an overshot [0, 1]."""
_PILLOWS_16_BIT = (np.dtype(np.uint16), np.dtype(np.int32))
"""What Pillow gives of pictures of 16 bits."""
_SAVE = "save uint8, or floating-point values in [0, 1] or [-1, 1]"


@dataclass(frozen=True, slots=True)
class Scaling:
    """How values become bytes.

    Attributes:
        factor: What they are multiplied by.
        shift: What is added then.
        note: What was assumed; empty where nothing changes.
        white: The value that becomes 255 where they have more than 8 bits, else 0.
    """

    factor: float
    shift: float
    note: str
    white: int = 0

    def taken(self, images: NDArray[Any]) -> NDArray[np.uint8]:
        """Return images `(n, ...)` as bytes; those that are bytes already as they are."""
        if images.dtype == np.uint8:
            return images
        result = np.empty(images.shape, np.uint8)
        step = max(1, _CHUNK_BYTES // max(images[:1].nbytes, 1))
        for start in range(0, len(images), step):
            part = images[start : start + step].astype(np.float64) * self.factor + self.shift
            result[start : start + step] = np.rint(part).clip(0, 255).astype(np.uint8)
        return result


@dataclass(frozen=True, slots=True)
class Values:
    """The values of some images.

    Attributes:
        dtype: Their type.
        count: How many images.
        low: The smallest.
        high: The largest.
        small: How many images end at 1 or below, and are not black; of floating point, not of whole numbers either.
        first_small: The first of them.
    """

    dtype: np.dtype[Any]
    count: int
    low: float
    high: float
    small: int
    first_small: int

    @classmethod
    def of(cls, images: NDArray[Any], where: str, start: int = 0) -> Values:
        """Look at images `(n, c, h, w)`.

        Args:
            images: One at least.
            where: What to call them in messages.
            start: How many came before.

        Raises:
            DataError: If they are no numbers, or some are not finite.
        """
        if images.dtype.kind not in "iuf":
            raise DataError(f"{where} holds {images.dtype}: images must be numbers: {_SAVE}")
        peaks = images.max(axis=(1, 2, 3))
        low, high = float(images.min()), float(peaks.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            first = start + next(place for place, image in enumerate(images) if not np.isfinite(image).all())
            raise DataError(f"{where} holds NaN or infinity, first in image {first}: leave such images out")
        small = np.flatnonzero((peaks > 0) & (peaks <= 1 + _HAIR))
        if images.dtype.kind == "f":  # a peak tells at once, where it is no whole number
            whole = peaks == np.rint(peaks)
            small = np.array([one for one in small if not whole[one] or (images[one] != np.rint(images[one])).any()])
        return cls(images.dtype, len(images), low, high, len(small), start + int(small[0]) if len(small) else 0)

    @classmethod
    def of_all(cls, parts: Iterable[Values]) -> Values:
        """Join what was seen of the pieces of one set, one at least."""
        return reduce(cls._merged, parts)

    def _merged(self, other: Values) -> Values:
        low, high = min(self.low, other.low), max(self.high, other.high)
        first = self.first_small if self.small else other.first_small
        return Values(self.dtype, self.count + other.count, low, high, self.small + other.small, first)

    def scaling(self, where: str, beside: int = 0) -> Scaling:
        """Return how the values become bytes.

        Args:
            where: What to call them in messages.
            beside: White of what they are compared with, as `Depth` has it.

        Raises:
            DataError: If their range is none of the known ones, or two.
        """
        if self.two_ranges:
            raise DataError(
                f"{where} holds values up to {self.high:g}, and {self.small:,} images that end at 1 or below "
                f"(first image {self.first_small}): two ranges in one array: {_SAVE}"
            )
        if self.dtype.kind == "f":
            return Scaling(*_scaling(self.low, self.high, where))
        if self.dtype.newbyteorder("=") in _PILLOWS_16_BIT and self.low >= 0 and 255 < self.high <= FULL:
            depth = Depth(int(self.low), int(self.high), beside=beside)
            return Scaling(255 / depth.white, 0.0, f"16 bit brought to 8, {depth}", depth.white)
        _check_whole(self.dtype, self.low, self.high, where)
        return Scaling(1.0, 0.0, "" if self.dtype == np.uint8 else f"{self.dtype} taken as 0 … 255")

    @property
    def two_ranges(self) -> bool:
        """Whether they are images in 0 … 255 some of which are in [0, 1]: those would be black.

        Of whole numbers, that is one in ten that ends at 1: a black image may hold a single 1.
        """
        if self.high <= _DARKEST or not self.small:
            return False
        return self.small >= (1 if self.dtype.kind == "f" else max(2, 0.1 * self.count))


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
