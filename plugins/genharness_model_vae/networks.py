"""The encoder and decoder that the autoencoders share: convolutions for images, an MLP for tables."""

from __future__ import annotations

import itertools
from typing import Protocol

from torch import nn

from genharness import DataShape
from genharness.kit.blocks import down_conv, halvings, image_side, mlp, up_conv

__all__ = ["Widths", "decoder", "encoder"]


class Widths(Protocol):
    """The options that size both networks."""

    @property
    def width(self) -> int:
        """Channels of the first convolution; doubled at every halving, twice."""

    @property
    def hidden(self) -> int:
        """Units of the dense layers."""

    @property
    def layers(self) -> int:
        """Hidden dense layers of images; tables have one more."""


def encoder(data: DataShape, widths: Widths, outputs: int) -> nn.Sequential:
    """Return a network from samples `(n, ...)` to `(n, outputs)`.

    Images are halved by strided convolutions down to 4 to 7 pixels, then pass the dense layers.
    """
    dense = [widths.hidden] * widths.layers
    if data.modality == "tabular":
        return mlp([data.columns, widths.hidden, *dense, outputs])
    sides, channels = _pyramid(data, widths.width)
    layers: list[nn.Module] = []
    for side, (inputs, wide) in zip(sides, itertools.pairwise(channels), strict=False):
        layers += [down_conv(inputs, wide, side), nn.ReLU()]
    flat = channels[-1] * sides[-1] ** 2
    return nn.Sequential(*layers, nn.Flatten(), *mlp([flat, *dense, outputs]))


def decoder(data: DataShape, widths: Widths, latent: int) -> nn.Sequential:
    """Return the mirror of `encoder`: from codes `(n, latent)` to samples `(n, ...)`, unbounded."""
    dense = [widths.hidden] * widths.layers
    if data.modality == "tabular":
        return mlp([latent, widths.hidden, *dense, data.columns])
    sides, channels = _pyramid(data, widths.width)
    side, wide = sides[-1], channels[-1]
    layers: list[nn.Module] = [*mlp([latent, *dense, wide * side**2]), nn.Unflatten(1, (wide, side, side))]
    for side, (outputs, inputs) in reversed(list(zip(sides, itertools.pairwise(channels), strict=False))):
        layers += [nn.ReLU(), up_conv(inputs, outputs, side)]
    return nn.Sequential(*layers)


def _pyramid(data: DataShape, width: int) -> tuple[tuple[int, ...], list[int]]:
    """Return the sides of all stages, the image's first, and the channels at each."""
    sides = halvings(image_side(data))
    stages = range(len(sides) - 1)
    return sides, [data.channels, *(width * 2 ** min(stage, 2) for stage in stages)]
