"""What the flows share: densities by a change of variables, grey levels, and one way to train and draw."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from genharness import DataShape
from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import random_normal
from genharness.kit.dequantise import GreyLevels
from genharness.kit.generators import seeded_generator
from genharness.kit.ode_density import standard_normal_log_density
from genharness.kit.optim import linear_decay, linear_warmup, minimise, set_learning_rate
from genharness.kit.precision import no_autocast
from genharness_model_flow.configs import FlowConfig
from genharness_model_flow.covariance import MOST_DIMENSIONS, CovarianceNorm
from genharness_model_flow.invertible import BeginsWithData, Composed
from genharness_model_flow.whiten import are_photographs

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["Flow", "not_even"]

_DRAWS = 16
"""Pictures per dimension, at least, that a covariance is taken of: what is white by it has variances within a half of 1
(Marchenko and Pastur 1967)."""
_MOST_PICTURES = 16 * MOST_DIMENSIONS
_BLOCK = 2048


class Flow(GenerativeModel):
    """p(y) = N(f(y); 0, I) |det df/dy|, of images dequantised to y in [0, 1], or of rows as they are.

    Everything is computed in float32 at least: log-determinants are sums of thousands of terms.

    Args:
        data: What the samples look like.
        config: The options.
    """

    config: FlowConfig
    flow: Composed
    optimiser: Optimizer

    def __init__(self, data: DataShape, config: FlowConfig) -> None:
        super().__init__(data, config)
        self.levels = GreyLevels.of(data) if data.modality == "image" else None
        self.dimensions = math.prod(data.shape)

    def averaged_module(self) -> torch.nn.Module:
        """The flow, with the statistics in it."""
        return self.flow

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise the bits per dimension of the batch, dequantised anew."""
        with no_autocast(batch.data.device):
            y = self.dequantised(batch.data)
            if batch.step == 0:
                self.begin(y)
            loss = self.bits(y).mean()
            self._descend(loss, batch)
        return {"loss": loss.detach()}

    @torch.no_grad()
    def start_from(self, data: PreparedData) -> None:
        """Let what whitens by the data's covariance take it from pictures throughout the data."""
        norm = next((part for part in self.flow.parts if isinstance(part, CovarianceNorm)), None)
        if norm is None:
            return
        pictures = _Throughout(data)
        if self.config.whiten == "photographs" and not are_photographs(pictures.block(0, self.device)):
            return
        # Few pictures span few directions; the noise that they are dequantised by spans all, drawn often enough.
        often = math.ceil(_DRAWS * self.dimensions / pictures.count)
        before = list(itertools.takewhile(lambda part: part is not norm, self.flow.parts))
        norm.fit(self._dequantised_blocks(pictures, often, before))

    def _dequantised_blocks(self, pictures: _Throughout, often: int, parts: Sequence[nn.Module]) -> Iterator[Tensor]:
        """Yield blocks of pictures as the last of some parts gives them, each block several times."""
        generator = seeded_generator(self.device, 0)
        for start in range(0, pictures.count, _BLOCK):
            x = pictures.block(start, self.device)
            for _ in range(often):
                y = self.dequantised(x, generator)
                for part in parts:
                    y = part(y)[0]
                yield y

    @torch.no_grad()
    def begin(self, y: Tensor) -> None:
        """Let every part that begins with data see the first batch."""
        parts = [part for part in self.flow.modules() if isinstance(part, BeginsWithData)]
        for part in parts:
            part.beginning = True
        if parts:
            self.flow(y)
        for part in parts:
            part.beginning = False

    def _descend(self, loss: Tensor, batch: Batch) -> None:
        lr = linear_warmup(self.config.lr, batch.step, self.config.warmup)
        set_learning_rate(self.optimiser, linear_decay(lr, batch.progress, start=1 - self.config.decay))
        minimise(self.optimiser, loss, clip=self.config.clip)

    def dequantised(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return images as y in [0, 1], spread over their grey levels; rows stay as they are."""
        return x if self.levels is None else self.levels.dequantise(x, self.levels.uniform(x, generator))

    def log_density(self, y: Tensor) -> Tensor:
        """Return log p(y) in nats `(n,)`."""
        z, log_det = self.flow(y)
        nats: Tensor = standard_normal_log_density(z) + log_det
        return nats

    def bits(self, y: Tensor) -> Tensor:
        """Return bits per dimension `(n,)`: of grey levels for images, of the density for rows."""
        log_density = self.log_density(y)
        if self.levels is None:
            return -log_density / (self.dimensions * math.log(2))
        return self.levels.bits_per_dim(log_density, self.dimensions)

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return the exact bits per dimension `(n,)` of samples dequantised by noise of a fixed seed."""
        with no_autocast(x.device):
            return self.bits(self.dequantised(x, seeded_generator(x.device, 0)))

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw z ~ N(0, temperature^2 I) and invert the flow; images are of the grey levels that y falls into."""
        with no_autocast(self.device):
            y = self.flow.inverse(self.config.temperature * random_normal(n, self.dimensions, generator=generator))
        return y if self.levels is None else self.levels.quantise(y)


class _Throughout:
    """Pictures of the training split, evenly spaced: all of them, or as many as a covariance needs."""

    def __init__(self, data: PreparedData) -> None:
        self._samples = data.samples("train")
        self.count = min(len(self._samples), _MOST_PICTURES)
        self._places = np.linspace(0, len(self._samples) - 1, self.count).round().astype(np.int64)

    def block(self, start: int, device: torch.device) -> Tensor:
        """Return `_BLOCK` pictures at most from one on, in [-1, 1]."""
        pictures = np.asarray(self._samples[self._places[start : start + _BLOCK]])
        return torch.from_numpy(pictures).to(device).float() / 127.5 - 1


def not_even(data: DataShape, halvings: int) -> str:
    """Return what a user is told whose images cannot be halved that often."""
    return (
        f"images of {data} cannot be halved {halvings} times without a remainder: ask for another size, "
        f"such as NAME@{max(8, min(data.height, data.width) // 8 * 8)}, or for fewer scales"
    )
