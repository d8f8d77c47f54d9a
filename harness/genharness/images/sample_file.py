"""A set of samples in memory, as it was read from a file or folder that somebody made."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.files.checksums import array_digest
from genharness.images.resize import POLICIES, conform
from genharness.spec.dataset_name import Channels, Fit
from genharness.spec.plugins import DataShape

__all__ = ["SampleFile"]


@dataclass(frozen=True)
class SampleFile:
    """One set of samples in memory.

    Attributes:
        where: Where it came from, for messages and the record.
        samples: Uint8 images `(n, c, h, w)`, or rows `(n, d)`: float32, float64, or whole numbers beyond 2^53.
        labels: Class indices `(n,)`, or None.
        class_names: What the labels of class folders mean; empty where labels are plain numbers.
        touched: How many samples were `resized`, `cropped`, `converted`, what from (`converted_palette`), and how many
            other files were `left_out`.
        widened: How many of the `converted` were plain grey, and only repeated to three channels.
        notes: What was assumed, changed or left out, with the names of the files, a line each.
        labels_where: Where the labels came from, if from elsewhere.
        raw: Whether the file says that rows are in their own units, not standardised.
        white: The value that became 255 where images had more than 8 bits, else 0.
        deep: Such images as they were, where they are an array in memory, to be scaled as what they are compared with.
        column_names: Of rows, where the file has them.
    """

    where: str
    samples: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    touched: Mapping[str, int] = field(default_factory=dict)
    widened: int = 0
    notes: tuple[str, ...] = ()
    labels_where: str = ""
    raw: bool = False
    white: int = 0
    deep: NDArray[Any] | None = field(default=None, repr=False, compare=False)
    column_names: tuple[str, ...] = ()

    @property
    def shape(self) -> DataShape:
        """Shape of one sample."""
        return DataShape("image" if self.samples.ndim == 4 else "tabular", self.samples.shape[1:], 0, len(self.samples))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of type, shape and values of the samples."""
        return array_digest(self.samples)

    def conformed(self, size: int | None, channels: Channels | None, fit: Fit | None = None) -> SampleFile:
        """Return images at a size and with channels by the stated policy, counted and noted; None leaves either."""
        images, changes = conform(self.samples, size, channels, fit)
        done = {key: count for key, count in changes.items() if count}  # each of all samples
        if not done:
            return self
        if "converted" in done:
            done["converted"] -= self.widened  # they are grey again, as they were
        changed = dataclasses.replace(self, samples=images, touched={**self.touched, **done})
        policy = f": {POLICIES[fit]}" if "resized" in done or "cropped" in done else ""
        return dataclasses.replace(changed, notes=(*self.notes, f"{self.shape} became {changed.shape}{policy}"))
