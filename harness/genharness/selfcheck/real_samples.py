"""Real samples that faults are planted into, and what every fault is made with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Labels", "RealSamples", "Samples"]

Samples = NDArray[Any]
"""Uint8 images `(n, c, h, w)` or float32 rows `(n, d)`."""
Labels = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RealSamples:
    """Real samples of one division of the data; no row is in two of the three sets.

    Attributes:
        fresh: Rows in the place of generated ones, more than are scored, in no order.
        labels: Their classes `(n,)`, or None.
        train: Rows that a model would have been trained on.
        train_labels: Their classes, or None.
        count: Samples that are scored.
        seed: Of whatever a fault draws.
    """

    fresh: Samples
    labels: Labels | None
    train: Samples
    train_labels: Labels | None
    count: int
    seed: int

    @property
    def rng(self) -> np.random.Generator:
        """A new generator, the same for every fault."""
        return np.random.default_rng([self.seed, 37])

    @property
    def samples(self) -> Samples:
        """The rows that are scored where there is no fault."""
        return self.fresh[: self.count]

    @property
    def images(self) -> bool:
        """Whether samples are images."""
        return self.fresh.dtype == np.uint8

    @property
    def mean(self) -> Samples:
        """The mean of the training rows as one sample, float64."""
        return np.asarray(self.train.mean(axis=0, dtype=np.float64))

    @property
    def scale(self) -> Any:
        """How large a deviation is: 255 levels of an image, the standard deviation of each column of a table."""
        return 255.0 if self.images else self.train.std(axis=0, dtype=np.float64)

    def like(self, values: NDArray[Any]) -> Samples:
        """Return numbers as samples: rounded and cut to 0..255 where these are images."""
        if self.images:
            return np.asarray(values.round().clip(0, 255), dtype=np.uint8)
        return np.asarray(values, dtype=np.float32)

    def noise(self, count: int) -> Samples:
        """Return uniform noise: over all levels, or over three deviations to each side of the mean."""
        uniform = self.rng.uniform(-3, 3, (count, *self.fresh.shape[1:]))
        return self.like((uniform / 6 + 0.5) * 255 if self.images else self.mean + uniform * self.scale)

    def jittered(self, samples: Samples, amount: float) -> Samples:
        """Return samples with Gaussian noise of a deviation of `amount` in units of `scale`."""
        return self.like(samples + self.rng.normal(0, amount, samples.shape) * self.scale)

    def repeated(self, samples: Samples) -> tuple[Samples, NDArray[np.int64]]:
        """Return as many samples as are scored, the same ones over and over where they are fewer, and which."""
        chosen = np.resize(np.arange(len(samples)), self.count)
        return samples[chosen], chosen
