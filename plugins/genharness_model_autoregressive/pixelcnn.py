"""Conditional image generation with PixelCNN decoders (van den Oord et al. 2016, arXiv:1606.05328)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from genharness import DataShape
from genharness.kit import Batch, GenerativeModel
from genharness.kit.classes import learnt_classes, withheld
from genharness.kit.dequantise import GreyLevels
from genharness.kit.optim import adam, linear_decay, minimise, set_learning_rate
from genharness.kit.pixelcnn import GatedPixelCNN
from genharness_model_autoregressive.configs import PixelCNNConfig
from genharness_model_autoregressive.merged import MergedLevels

__all__ = ["PixelCNN"]


class PixelCNN(GenerativeModel):
    """p(image) = prod_i p(level_i | levels before), over the grey levels that the data really has.

    With the option `levels` the network knows fewer, and `MergedLevels` the rest. The colours of a pixel are values
    side by side in a row, of which a later one sees the earlier ones: the paper divides channels among them instead.

    Args:
        data: What the samples look like.
        config: The options.

    Raises:
        ConfigError: If classes are to be learnt and there are not two of them.
    """

    config: PixelCNNConfig

    def __init__(self, data: DataShape, config: PixelCNNConfig) -> None:
        super().__init__(data, config)
        self.levels = GreyLevels.of(data)
        self.classes = learnt_classes(data, conditional=config.conditional)
        count = min(config.levels or self.levels.count, self.levels.count)
        self.merged = MergedLevels(self.levels, count) if count < self.levels.count else None
        self.network = GatedPixelCNN(count, config.width, config.layers, classes=self.classes, colours=data.channels)
        self.optimiser = adam(self.network.parameters(), config.lr)

    def averaged_module(self) -> torch.nn.Module:
        """The network: all that samples are drawn with."""
        return self.network

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise the bits per dimension."""
        values = self.grid(batch.data)
        if self.merged is not None:
            self.merged.see(values)
        loss = self._bits(values, withheld(batch.labels, self.config.label_dropout, self.classes)).mean()
        set_learning_rate(self.optimiser, linear_decay(self.config.lr, batch.progress, start=1 - self.config.decay))
        minimise(self.optimiser, loss, clip=self.config.clip)
        return {"loss": loss.detach()}

    def _bits(self, values: Tensor, labels: Tensor | None) -> Tensor:
        known = values if self.merged is None else self.merged.merge(values)
        nats: Tensor = F.cross_entropy(self.network(known, labels).float(), known, reduction="none")
        if self.merged is not None:
            nats = nats + self.merged.nats(values)
        return nats.flatten(1).mean(1) / math.log(2)

    def grid(self, x: Tensor) -> Tensor:
        """Return the levels of images `(n, c, h, w)` as `(n, h, w * c)`, the colours of a pixel side by side."""
        return self.levels.indices(x).permute(0, 2, 3, 1).flatten(2)

    def images(self, grid: Tensor) -> Tensor:
        """Return images `(n, c, h, w)` of levels `(n, h, w * c)`."""
        pixels: Tensor = self.levels.images(grid).unflatten(2, (self.data.width, self.data.channels))
        return pixels.permute(0, 3, 1, 2)

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return the exact bits per dimension `(n,)` of grey levels, without classes."""
        return self._bits(self.grid(x), None)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw one value after the other."""
        grid = self.network.sample(
            n,
            self.data.height,
            self.data.width * self.data.channels,
            generator,
            labels=labels if self.classes else None,
            temperature=self.config.temperature,
        )
        return self.images(grid if self.merged is None else self.merged.draw(grid, generator))
