"""BigGAN at the size of CIFAR-10: Brock, Donahue and Simonyan 2019 (arXiv:1809.11096), appendix C."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from genharness.kit.blocks import halvings, image_side
from genharness.spec.plugins import DataShape
from genharness_model_gan.attention import SelfAttention
from genharness_model_gan.base import spectrally_normalise
from genharness_model_gan.resnet_body import ResNetCritic, UpBlock, attention_side, conv3, to_image
from genharness_model_gan.sngan import SNGAN

__all__ = ["BigGANGenerator", "BigGANLite", "VectorBatchNorm2d"]


class VectorBatchNorm2d(nn.Module):
    """Batch norm whose gain, about 1, and bias are linear in a vector.

    Args:
        channels: Channels of the features.
        length: Of the vector.
    """

    def __init__(self, channels: int, *, length: int) -> None:
        super().__init__()
        self.normalise = nn.BatchNorm2d(channels, affine=False)
        self.gain = nn.Linear(length, channels, bias=False)
        self.bias = nn.Linear(length, channels, bias=False)

    def forward(self, h: Tensor, vector: Tensor) -> Tensor:
        """Return features `(n, channels, height, width)` for vectors `(n, length)`."""
        gain, bias = 1 + self.gain(vector)[:, :, None, None], self.bias(vector)[:, :, None, None]
        y: Tensor = torch.addcmul(bias, gain, self.normalise(h))
        return y


class BigGANGenerator(nn.Module):
    """The first part of z -> linear -> `UpBlock` per doubling, each given a part of z and the class -> image.

    Args:
        data: Shape of the images.
        chunk: Dimensions of each part of z.
        width: Channels.
        classes: Number of classes.
        shared: Dimensions of the vector of a class, which all blocks share.
        attention: The largest side of at most so many pixels attends to itself; 0 for none.
    """

    def __init__(self, data: DataShape, chunk: int, width: int, *, classes: int, shared: int, attention: int) -> None:
        super().__init__()
        sides = halvings(image_side(data))
        attends = attention_side(sides[:-1], attention)
        norm = partial(VectorBatchNorm2d, length=chunk + shared)
        self.chunk, self.base = chunk, (sides[-1], sides[-1], width)
        self.embed = nn.Embedding(classes, shared)
        self.project = nn.Linear(chunk, sides[-1] ** 2 * width)
        self.blocks = nn.ModuleList(UpBlock(width, side, norm) for side in sides[-2::-1])
        self.attention = nn.ModuleDict({str(attends): SelfAttention(width)} if attends else {})
        self.norm = nn.BatchNorm2d(width)
        self.to_image = conv3(width, data.channels, gain=1.0)

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Map z `(n, chunk (1 + blocks))` and classes `(n,)` to images `(n, c, h, w)` in [-1, 1]."""
        first, *others = z.split(self.chunk, dim=1)
        vector = self.embed(labels)
        h = self.project(first).unflatten(1, self.base).permute(0, 3, 1, 2)
        for block, part in zip(self.blocks, others, strict=True):
            h = block(h, torch.cat((part, vector), dim=1))
            side = str(h.shape[2])
            h = self.attention[side](h) if side in self.attention else h
        return to_image(self.to_image, self.norm(h))


class BigGANLite(SNGAN):
    """The hinge game with classes: z enters at every block, spectral norm 1 and orthogonal first weights in both."""

    always_conditional = True

    def latent_dimensions(self) -> int:
        """One part of z for the first layer and one for every block."""
        return int(self.config.latent) * len(halvings(image_side(self.data)))

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """4.37M and 4.29M parameters at 32x32x3 with ten classes."""
        G = BigGANGenerator(
            data,
            config.latent,
            config.generator_width,
            classes=self.classes,
            shared=config.shared,
            attention=config.attention,
        )
        D = ResNetCritic(data, config.width, sum_pooling=True, classes=self.classes, attention=config.attention)
        for network in (G, D):
            _orthogonalise(network)
            spectrally_normalise(network)
        return G, D


def _orthogonalise(network: nn.Module) -> None:
    for part in network.modules():
        if isinstance(part, (nn.Conv2d, nn.Linear, nn.Embedding)):
            nn.init.orthogonal_(part.weight)
