"""The networks of progressive growing (Karras et al. 2018, arXiv:1710.10196), and how far they have grown.

Level l works at the side `sides[l]`. While a level fades in, with alpha from 0 to 1, the images of the generator and
the features of the discriminator are mixed with those of the level below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit.blocks import halvings, image_side
from genharness.kit.precision import no_autocast
from genharness.spec.plugins import DataShape
from genharness_model_gan.conditioning import with_classes
from genharness_model_gan.stylegan.layers import (
    EqualConv,
    EqualLinear,
    ProjectedScore,
    channels_of,
    lrelu,
    minibatch_deviation,
    normalised,
)

__all__ = ["Growth", "ProgressiveCritic", "ProgressiveGenerator", "growth_at", "shown_at"]


@dataclass(frozen=True, slots=True)
class Growth:
    """How far networks have grown.

    Attributes:
        level: The level that is trained, from 0.
        alpha: How much of it shows, in [0, 1]; 1 once it has faded in.
    """

    level: int = 0
    alpha: float = 1.0


def growth_at(progress: float, levels: int, final: float) -> Growth:
    """Return how far networks have grown at a place in the budget.

    The budget but its last share `final` is divided evenly: level 0 is trained, then every level fades in and is
    trained for as long again, the last one for `final`.

    Args:
        progress: Share of the budget that is done, in [0, 1].
        levels: Number of levels.
        final: Share of the budget for the last level once it has faded in.
    """
    phases = 2 * (levels - 1)  # the first level, and of each later one the fading and (but for the last) the training
    place = phases * progress / (1 - final) if final < 1 else math.inf
    if place >= phases:
        return Growth(levels - 1)
    level, fading = (int(place) + 1) // 2, int(place) % 2 == 1
    return Growth(level, place - int(place) if fading else 1.0)


def shown_at(images: Tensor, side: int, below: int | None, alpha: Tensor) -> Tensor:
    """Return images `(n, c, side, side)` as a level sees them: averaged down, and faded as its output is.

    Args:
        images: `(n, c, h, w)`.
        side: Of the level.
        below: Side of the level below while the level fades in, else None.
        alpha: How much of the level shows, a tensor without dimensions.
    """
    at_level = F.adaptive_avg_pool2d(images, side)
    if below is None:
        return at_level
    return torch.lerp(_grown(F.adaptive_avg_pool2d(images, below), side), at_level, alpha)


class _Growing(nn.Module):
    """A network that knows how far it has grown; its `state_dict` holds that."""

    def __init__(self) -> None:
        super().__init__()
        self.growth = Growth()

    def get_extra_state(self) -> Any:
        """Return level and alpha as a tensor, which every checkpoint can hold."""
        return torch.tensor([self.growth.level, self.growth.alpha], dtype=torch.float64, device="cpu")

    def set_extra_state(self, state: Any) -> None:
        """Restore what `get_extra_state` gave."""
        level, alpha = state.tolist()
        self.growth = Growth(int(level), alpha)

    @property
    def fading(self) -> bool:
        """Whether the level below shows, too."""
        return self.growth.level > 0 and self.growth.alpha < 1

    def alpha_on(self, x: Tensor) -> Tensor:
        """Return alpha as a tensor beside x: a number would be a constant that `torch.compile` compiles anew."""
        return torch.full((), self.growth.alpha, device=x.device, dtype=x.dtype)


class TwoConvs(nn.Module):
    """Two convolutions and LeakyReLUs.

    Args:
        inputs: Channels in.
        middle: Channels between.
        outputs: Channels out.
        pixel_norm: Whether each is followed by the normalisation of every pixel.
    """

    def __init__(self, inputs: int, middle: int, outputs: int, *, pixel_norm: bool = False) -> None:
        super().__init__()
        self.one, self.two = EqualConv(inputs, middle, 3), EqualConv(middle, outputs, 3)
        self.pixel_norm = pixel_norm

    def forward(self, h: Tensor) -> Tensor:
        """Map `(n, inputs, side, side)` to `(n, outputs, side, side)`."""
        for conv in (self.one, self.two):
            h = lrelu(conv(h))
            h = normalised(h) if self.pixel_norm else h
        return h


class ProgressiveGenerator(_Growing):
    """Two convolutions a level, pixel norm after each, an image from every level (appendix A, table 2).

    Args:
        data: Shape of the images.
        latent: Dimensions of z.
        width: Channels of sides up to `full_side` pixels.
        full_side: The largest side in pixels with all channels; half of them at every doubling above.
        classes: Number of classes, 0 for none.
    """

    def __init__(self, data: DataShape, latent: int, width: int, *, full_side: int = 32, classes: int = 0) -> None:
        super().__init__()
        self.sides = halvings(image_side(data))[::-1]  # (4, 8, 16, 32)
        widths = [channels_of(side, width, full_side) for side in self.sides]
        self.classes = classes
        self.base = EqualLinear(latent + classes, widths[0] * self.sides[0] ** 2, bias=None)
        self.base_bias = nn.Parameter(torch.zeros(widths[0], 1, 1))
        self.first = EqualConv(widths[0], widths[0], 3)
        self.levels = nn.ModuleList(TwoConvs(low, high, high, pixel_norm=True) for low, high in pairwise(widths))
        self.to_rgb = nn.ModuleList(EqualConv(channels, data.channels, 1) for channels in widths)

    def forward(self, z: Tensor, *labels: Tensor, full: bool = False) -> Tensor:
        """Map z `(n, latent)`, and classes `(n,)` where conditional, to images of the level's side.

        Args:
            z: Noise.
            labels: Classes.
            full: Enlarge images of a level that is not the last to the side of the data.
        """
        level = self.growth.level
        z = normalised(with_classes(z.float(), self.classes, *labels))
        h = self.base(z).unflatten(1, (-1, self.sides[0], self.sides[0])) + self.base_bias
        h = below = normalised(lrelu(self.first(normalised(lrelu(h)))))
        for stage in range(level):
            below = h
            h = self.levels[stage](_grown(h, self.sides[stage + 1]))
        with no_autocast(h.device):
            image: Tensor = self.to_rgb[level](h.float())
            if self.fading:
                old = _grown(self.to_rgb[level - 1](below.float()), self.sides[level])
                image = torch.lerp(old, image, self.alpha_on(image))
            return _grown(image, self.sides[-1]) if full else image


class ProgressiveCritic(_Growing):
    """The mirror image of the generator; minibatch deviation over the whole batch before the last level.

    Args:
        data: Shape of the images.
        width: Channels of sides up to `full_side` pixels.
        full_side: As of the generator.
        classes: Number of classes that the scores are of, 0 for none.
    """

    def __init__(self, data: DataShape, width: int, *, full_side: int = 32, classes: int = 0) -> None:
        super().__init__()
        self.sides = halvings(image_side(data))[::-1]
        widths = [channels_of(side, width, full_side) for side in self.sides]
        self.from_rgb = nn.ModuleList(EqualConv(data.channels, channels, 1) for channels in widths)
        self.levels = nn.ModuleList(TwoConvs(high, high, low) for low, high in pairwise(widths))
        self.last = EqualConv(widths[0] + 1, widths[0], 3)
        self.dense = EqualLinear(widths[0] * self.sides[0] ** 2, widths[0])
        self.head = ProjectedScore(widths[0], classes)

    def forward(self, x: Tensor, *labels: Tensor) -> Tensor:
        """Map images of the level's side, and classes `(n,)` where conditional, to scores `(n, 1)`."""
        level = self.growth.level
        h = lrelu(self.from_rgb[level](x))
        for stage in reversed(range(level)):
            h = F.adaptive_avg_pool2d(self.levels[stage](h), self.sides[stage])
            if stage == level - 1 and self.fading:
                old = lrelu(self.from_rgb[level - 1](F.adaptive_avg_pool2d(x, self.sides[stage])))
                h = torch.lerp(old, h, self.alpha_on(h))
        h = minibatch_deviation(h, len(h))
        h = lrelu(self.dense(lrelu(self.last(h)).flatten(1)))
        with no_autocast(h.device):
            scores: Tensor = self.head(h.float(), *labels)
            return scores


def _grown(images: Tensor, side: int) -> Tensor:
    """Return images repeated to a larger side (nearest neighbours)."""
    return images if images.shape[2] == side else F.interpolate(images, size=(side, side), mode="nearest")
