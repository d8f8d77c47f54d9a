"""Samples as their own features."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness import DataError
from genharness.kit import Extracted, Extractor
from genharness.spec.protocol import short_hash

__all__ = ["Identity", "Pixels"]


class Pixels(Extractor):
    """Pixel values in [0, 1), channels first: levels over 256, a power of two.

    Squared distances are then whole multiples of 2^-16, so that pictures equally far apart are so in floating point
    too, as they would not be over 255.
    """

    @property
    def identity(self) -> str:
        """Always the same: there is nothing to choose."""
        return short_hash("levels over 256", digits=16)

    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return `(n, c h w)` of uint8 images `(n, c, h, w)`.

        Raises:
            DataError: If the samples are something else.
        """
        if samples.dtype != np.uint8 or samples.ndim != 4:
            raise DataError(f"extractor pixels reads uint8 images (n, c, h, w), not {samples.dtype} {samples.shape}")
        return Extracted(samples.reshape(len(samples), -1).astype(np.float32) / np.float32(256))


class Identity(Extractor):
    """Rows of features that somebody else extracted."""

    @property
    def identity(self) -> str:
        """Always the same: there is nothing to choose."""
        return short_hash("rows as they are", digits=16)

    def extract(self, samples: NDArray[Any]) -> Extracted:
        """Return the rows `(n, d)` as they are, float32 or float64.

        Raises:
            DataError: If the samples are no rows.
        """
        if samples.ndim != 2:
            raise DataError(f"extractor identity reads rows (n, d), not an array of shape {samples.shape}")
        return Extracted(samples if samples.dtype == np.float64 else np.asarray(samples, np.float32))
