"""From grey levels to densities and back: uniform dequantisation, and bits per dimension."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from genharness.spec.plugins import DataShape

__all__ = ["GreyLevels"]


@dataclass(frozen=True, slots=True)
class GreyLevels:
    """The levels 0 to L - 1 of pixels, which stand at even distances from -1 to 1 in images as models get them.

    With noise u from [0, 1), y = (level + u) / L spreads every level over its own L-th part of [0, 1). The expected
    log-density of y is then a lower bound of the log-probability of the levels (Theis et al. 2016, arXiv:1511.01844,
    section 3.1), log L a pixel apart.

    Attributes:
        count: L, at least 2.
    """

    count: int = 256

    @classmethod
    def of(cls, data: DataShape) -> GreyLevels:
        """Return the levels that the images of a dataset really have."""
        return cls(data.levels)

    @property
    def spacing(self) -> float:
        """Distance between neighbouring levels where images span [-1, 1]."""
        return 2 / (self.count - 1)

    def indices(self, images: Tensor) -> Tensor:
        """Return the level `(n, ...)` int64, 0 to L - 1, of each value of images in [-1, 1]."""
        return ((images.float() + 1) / self.spacing).round().clamp(0, self.count - 1).long()

    def images(self, indices: Tensor) -> Tensor:
        """Return images in [-1, 1] of levels `(n, ...)`."""
        return indices.float() * self.spacing - 1

    def dequantise(self, images: Tensor, noise: Tensor) -> Tensor:
        """Return y in [0, 1] of images in [-1, 1], given uniform noise in [0, 1) of the same shape."""
        return (self.indices(images) + noise) / self.count

    def quantise(self, y: Tensor) -> Tensor:
        """Return the images in [-1, 1] whose levels y, of any real values, falls into; the outer ones are open."""
        return self.images((y.float() * self.count).floor().clamp(0, self.count - 1))

    def bits_per_dim(self, log_density: Tensor, dimensions: int) -> Tensor:
        """Return bits per dimension `(n,)` of the levels, from the log-density of y in nats `(n,)`."""
        return math.log2(self.count) - log_density / (dimensions * math.log(2))

    def spread(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return images in [-1, 1] with noise of the width of a level, centred, for densities over images as they are.

        Bits per dimension of what is spread are those of its density less log2 of `spacing`.
        """
        return images + self.spacing * (self.uniform(images, generator) - 0.5)

    def uniform(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return noise for `dequantise`, by a generator or by torch's global one."""
        return torch.rand(images.shape, generator=generator, device=images.device)
