"""Which value is white in pictures and arrays of more than 8 bits.

Scanners store 10 or 12 bits in files of 16: a division by 257, right for the whole range, would leave 17 or 2 of 256
levels. White is what the files say, else that of what the set is compared with, else the end of the fewest of 8, 10,
12, 14 or 16 bits that hold every value of the set. One picture alone says little, so the set is looked through first,
and what was taken is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

__all__ = ["FULL", "Depth", "of_all"]

FULL = 0xFFFF
"""White of 16 bits."""

_BITS = (8, 10, 12, 14, 16)
_FEW_LEVELS = 64


@dataclass(frozen=True, slots=True)
class Depth:
    """The values of some pictures of more than 8 bits.

    Attributes:
        low: The smallest.
        high: The largest.
        declared: What the files say that white is; 0 where they say nothing, or not the same.
        beside: White of what they are compared with; 0 where that has 8 bits, or there is nothing.
    """

    low: int
    high: int
    declared: int = 0
    beside: int = 0

    @property
    def white(self) -> int:
        """The value that becomes 255."""
        if self.declared >= max(self.high, 1):
            return self.declared
        if self.beside >= max(self.high, 1):
            return self.beside
        return next((2**bits - 1 for bits in _BITS if self.high < 2**bits), FULL) if self.high else FULL

    @property
    def levels(self) -> int:
        """How many of the 256 grey levels can be used at most."""
        return round((self.high - self.low) * 255 / self.white) + 1

    def __str__(self) -> str:
        bits = self.white.bit_length()
        few = f", of which {self.levels} of 256 grey levels remain" if self.levels < _FEW_LEVELS else ""
        return f"values {self.low:,} to {self.high:,} taken as {bits} bits (white is {self.white:,}{self._why}){few}"

    @property
    def _why(self) -> str:
        if not self.beside:
            return ""
        if self.white == self.beside:
            return ", as of what they are compared with"
        return f", and {self.beside:,} of what they are compared with: one set may be darker than the other"


def of_all(depths: Iterable[Depth]) -> Depth | None:
    """Return the depth of a whole set, None where it is empty."""
    return reduce(_merged, depths, None)


def _merged(one: Depth | None, other: Depth) -> Depth:
    if one is None:
        return other
    declared = one.declared if one.declared == other.declared else 0
    return Depth(min(one.low, other.low), max(one.high, other.high), declared, one.beside)
