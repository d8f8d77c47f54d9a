"""Multilayer perceptrons for images and tables (Goodfellow et al. 2014)."""

from __future__ import annotations

from functools import partial
from math import prod

from torch import Tensor, nn

from genharness.kit.blocks import init_he, mlp
from genharness.spec.plugins import DataShape

__all__ = ["MLPDiscriminator", "MLPGenerator"]

SLOPE = 0.2
_LEAKY = partial(nn.LeakyReLU, SLOPE, inplace=True)


class MLPGenerator(nn.Module):
    """z -> hidden layers with LeakyReLU -> a sample; through tanh where it is an image.

    Args:
        data: Shape of the samples.
        latent: Dimensions of z.
        width: Units of a hidden layer.
        layers: Hidden layers.
    """

    def __init__(self, data: DataShape, latent: int, width: int, layers: int) -> None:
        super().__init__()
        self.shape = data.shape
        self.bounded = data.modality == "image"
        self.layers = mlp([latent, *[width] * layers, prod(data.shape)], _LEAKY)
        init_he(self, SLOPE)

    def forward(self, z: Tensor) -> Tensor:
        """Map z `(n, latent)` to samples `(n, ...)`: images lie in [-1, 1]."""
        x: Tensor = self.layers(z).unflatten(1, self.shape)
        return x.tanh() if self.bounded else x


class MLPDiscriminator(nn.Module):
    """A flattened sample -> hidden layers with LeakyReLU -> one number.

    Args:
        data: Shape of the samples.
        width: Units of a hidden layer.
        layers: Hidden layers.
    """

    def __init__(self, data: DataShape, width: int, layers: int) -> None:
        super().__init__()
        self.layers = mlp([prod(data.shape), *[width] * layers, 1], _LEAKY)
        init_he(self, SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """Map samples `(n, ...)` to logits or scores `(n, 1)`."""
        scores: Tensor = self.layers(x.flatten(1))
        return scores
