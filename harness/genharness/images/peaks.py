"""The largest values of decoded pictures: masks of 0 and 1 that nobody multiplied by 255 would count as black."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.ranges import Values

__all__ = ["Peaks", "peak_of"]

_MEND = "by 255, or save them with 1 bit"


@dataclass(slots=True)
class Peaks:
    """The largest values of the pictures of a set, as far as they were seen.

    Attributes:
        count: How many pictures.
        high: The largest value of all.
        ones: How many have no value beyond 1, and are not black.
        first: The name of the first of these.
    """

    count: int = 0
    high: int = 0
    ones: int = 0
    first: str = ""

    def add(self, name: str, peak: int) -> None:
        """Enter a picture by its largest value, 0 to 255."""
        self.join(Peaks(1, peak, int(peak == 1), name if peak == 1 else ""))

    def join(self, other: Peaks) -> None:
        """Enter what was seen of others, which come after."""
        self.count += other.count
        self.high = max(self.high, other.high)
        self.first = self.first if self.ones else other.first
        self.ones += other.ones

    def refuse(self, where: str) -> None:
        """Refuse pictures that hold only 0 and 1, and sets of two ranges, as those of arrays are refused.

        Args:
            where: What to call the set in messages.

        Raises:
            DataError: If it is such a set.
        """
        if self.high == 1:
            raise DataError(
                f"{where}: its pictures hold only 0 and 1: whether 1 is white cannot be told: multiply them {_MEND}"
            )
        if Values(np.dtype(np.uint8), self.count, 0, self.high, self.ones, 0).two_ranges:
            raise DataError(
                f"{where}: its pictures hold values up to {self.high}, and {self.ones:,} of {self.count:,} none "
                f"beyond 1 (first {printable(self.first)}): two ranges in one set: multiply those {_MEND}"
            )


def peak_of(image: Image.Image) -> int:
    """Return the largest value of a picture in mode `L` or `RGB`."""
    extremes = image.getextrema()
    return int(max(np.ravel(extremes)))
