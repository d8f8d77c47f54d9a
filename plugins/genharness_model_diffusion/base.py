"""What the diffusion models share: one network over images and noise levels, its optimiser, classes and guidance."""

from __future__ import annotations

import torch
from torch import Tensor

from genharness import DataShape
from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import halvings, image_side, random_normal
from genharness.kit.classes import learnt_classes, withheld
from genharness.kit.optim import adam, linear_decay, linear_warmup, minimise, set_learning_rate
from genharness.kit.unet import UNet
from genharness_model_diffusion.configs import UNetConfig

__all__ = ["UNetModel", "per_image"]


class UNetModel(GenerativeModel):
    """A model whose network tells a direction at every noise level.

    Args:
        data: What the samples look like.
        config: The options.
        out: Images that the network returns for an image.

    Raises:
        ConfigError: If classes are to be learnt and there are not two of them, or the network cannot be so.
    """

    config: UNetConfig

    def __init__(self, data: DataShape, config: UNetConfig, *, out: int = 1) -> None:
        super().__init__(data, config)
        side = image_side(data)
        self.classes = learnt_classes(data, conditional=config.conditional)
        self.network = UNet(
            data.channels,
            side,
            ch=config.ch,
            mult=config.mult or (1, *[2] * (len(halvings(side)) - 1)),
            blocks=config.blocks,
            attention=config.attention,
            heads=config.heads,
            dropout=config.dropout,
            classes=self.classes,
            out=out,
        )
        self.optimiser: torch.optim.Optimizer = adam(self.network.parameters(), config.lr)

    def averaged_module(self) -> torch.nn.Module:
        """The network: all that samples are drawn with."""
        return self.network

    def known_classes(self, batch: Batch) -> Tensor | None:
        """Return the labels of a batch for the network, a share of them withheld; None for a model without classes."""
        return withheld(batch.labels, self.config.label_dropout, self.classes)

    def descend(self, loss: Tensor, batch: Batch) -> None:
        """Take one step of Adam, at the rate of this place in the budget."""
        lr = linear_warmup(self.config.lr, batch.step, self.config.warmup)
        set_learning_rate(self.optimiser, linear_decay(lr, batch.progress, start=1 - self.config.decay))
        minimise(self.optimiser, loss, clip=self.config.clip)

    def guided(self, x: Tensor, t: Tensor, labels: Tensor | None, channels: int | None = None) -> Tensor:
        """Return the network's output, guided to the classes (Ho and Salimans 2022, arXiv:2207.12598).

        Args:
            x: Images `(n, c, h, w)`.
            t: Noise levels `(n,)`, on the scale of 0 to 1000.
            labels: Classes `(n,)`, or None.
            channels: How many of the output are guided, the first; the others are those of the class.
        """
        w = self.config.guidance
        if self.training or w == 1 or labels is None or not self.classes:  # guidance is of sampling
            y: Tensor = self.network(x, t, labels if self.classes else None)
            return y
        none = torch.full_like(labels, self.data.classes)
        both = self.network(torch.cat((x, x)), torch.cat((t, t)), torch.cat((labels, none)))
        with_class, without = both.chunk(2)
        guided = without + w * (with_class - without)
        return guided if channels is None else torch.cat((guided[:, :channels], with_class[:, channels:]), dim=1)

    def noise(self, n: int, generator: torch.Generator) -> Tensor:
        """Return n images of standard normal noise."""
        return random_normal(n, *self.data.shape, generator=generator)


def per_image(values: Tensor) -> Tensor:
    """Return `(n, 1, 1, 1)` from `(n,)`."""
    return values[:, None, None, None]
