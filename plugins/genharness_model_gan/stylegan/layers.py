"""Layers that progressive growing and StyleGAN2 share: equalised learning rates, minibatch deviation.

Karras et al. 2018 (arXiv:1710.10196), section 4.1: weights are drawn from N(0, 1) and scaled by He's constant when they
are used, not when they are drawn, so that Adam moves all of them at the same relative speed.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["EqualConv", "EqualLinear", "ProjectedScore", "channels_of", "lrelu", "minibatch_deviation", "normalised"]

_EPSILON = 1e-8


def channels_of(side: int, width: int, full_side: int = 32) -> int:
    """Return the channels at a side in pixels: `width` up to `full_side`, half as many at every doubling above."""
    return max(1, min(width, full_side * width // side))


def lrelu(x: Tensor) -> Tensor:
    """Return LeakyReLU of slope .2, times sqrt 2 so that the size of signals is kept."""
    return F.leaky_relu(x, 0.2) * math.sqrt(2)


def normalised(x: Tensor) -> Tensor:
    """Return x `(n, c, ...)` divided by the root of its mean square over c (section 4.2: pixel norm)."""
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + _EPSILON)


class EqualLinear(nn.Module):
    """A linear layer of equalised learning rate.

    Args:
        inputs: Features in.
        outputs: Features out.
        rate: Multiplier of the learning rate (StyleGAN's mapping has .01); at first it does not show.
        bias: First value of every bias; None for no bias.
    """

    def __init__(self, inputs: int, outputs: int, *, rate: float = 1.0, bias: float | None = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = None if bias is None else nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.scale = rate, rate / math.sqrt(inputs)

    @property
    def effective_weight(self) -> Tensor:
        """The weight `(outputs, inputs)` that features are multiplied by."""
        return self.weight * self.scale

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs)` to `(n, outputs)`."""
        return F.linear(x, self.effective_weight, None if self.bias is None else self.bias * self.rate)


class EqualConv(nn.Module):
    """A convolution of equalised learning rate that keeps the side, or halves it behind a blur.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        kernel: Side of the kernel, odd.
        bias: Whether it has one.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = 1 / math.sqrt(inputs * kernel**2)

    @property
    def effective_weight(self) -> Tensor:
        """The weight `(outputs, inputs, kernel, kernel)` that features are convolved with."""
        return self.weight * self.scale

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h, w)`."""
        return F.conv2d(x, self.effective_weight, self.bias, padding=self.weight.shape[2] // 2)


class ProjectedScore(nn.Module):
    """The last layer of a discriminator: a score, of classes where there are any (Miyato and Koyama 2018).

    Args:
        features: Length of its input.
        classes: Number of classes, 0 for none.
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.score = EqualLinear(features, 1)
        self.embed = EqualLinear(classes, features) if classes else None
        self.classes, self.scale = classes, 1 / math.sqrt(features)

    def forward(self, h: Tensor, *labels: Tensor) -> Tensor:
        """Map features `(n, features)`, and classes `(n,)` where it has them, to `(n, 1)`."""
        score: Tensor = self.score(h)
        if self.embed is None:
            return score
        # A class is one of `classes` inputs: normalised, its vector has entries of size 1, as the features have.
        vector = normalised(self.embed(F.one_hot(labels[0], self.classes).to(h.dtype)))
        return score + self.scale * (vector * h).sum(1, keepdim=True)


def minibatch_deviation(x: Tensor, group: int) -> Tensor:
    """Return features with one channel more: how much samples of a group differ (Karras et al. 2018, section 3).

    The deviation of every feature over the group, averaged over all of them, stands at every place of the new channel.

    Args:
        x: Features `(n, c, h, w)`.
        group: Samples of a group; of batches that it does not divide, their greatest common divisor.
    """
    n = len(x)
    size = math.gcd(n, group)
    y = x.float().unflatten(0, (size, n // size))  # sample i is in group i modulo n / size
    deviation = (y.var(0, correction=0) + _EPSILON).sqrt().mean((1, 2, 3))  # (n / size,)
    channel = deviation.repeat(size).to(x.dtype)[:, None, None, None].expand(n, 1, *x.shape[2:])
    return torch.cat((x, channel), dim=1)
