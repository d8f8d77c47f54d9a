"""Multilayer perceptrons for images and tables (Goodfellow et al. 2014)."""

from __future__ import annotations

from functools import partial
from math import prod

from torch import Tensor, nn

from genharness.kit.blocks import init_he, mlp
from genharness.kit.precision import no_autocast
from genharness.spec.plugins import DataShape
from genharness_model_gan.conditioning import ScoreHead, with_classes

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
        classes: Number of classes that samples are asked for by, 0 for none.
    """

    def __init__(self, data: DataShape, latent: int, width: int, layers: int, *, classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.shape = data.shape
        self.bounded = data.modality == "image"
        self.layers = mlp([latent + classes, *[width] * layers, prod(data.shape)], _LEAKY)
        init_he(self, SLOPE)

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        """Map z `(n, latent)`, and classes `(n,)` where conditional, to samples `(n, ...)`: images lie in [-1, 1]."""
        h = self.layers[:-1](with_classes(z, self.classes, *labels))
        with no_autocast(h.device):  # 8 bits of bfloat16 are fewer than the 256 levels of an image need
            x: Tensor = self.layers[-1](h.float()).unflatten(1, self.shape)
            return x.tanh() if self.bounded else x


class MLPDiscriminator(nn.Module):
    """A flattened sample -> hidden layers with LeakyReLU -> one number.

    Args:
        data: Shape of the samples.
        width: Units of a hidden layer.
        layers: Hidden layers.
        classes: Number of classes that the scores are of, 0 for none.
    """

    def __init__(self, data: DataShape, width: int, layers: int, *, classes: int = 0) -> None:
        super().__init__()
        self.layers = nn.Sequential(mlp([prod(data.shape), *[width] * layers], _LEAKY), _LEAKY())
        self.head = ScoreHead(width, classes=classes)
        init_he(self, SLOPE)

    def forward(self, x: Tensor, *labels: Tensor) -> Tensor:
        """Map samples `(n, ...)`, and classes `(n,)` where conditional, to logits or scores `(n, 1)`."""
        scores: Tensor = self.head(self.layers(x.flatten(1)), *labels)
        return scores
