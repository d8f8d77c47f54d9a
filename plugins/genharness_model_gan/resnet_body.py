"""The residual networks of WGAN-GP (Gulrajani et al. 2017, appendix F) and SNGAN (Miyato et al. 2018, table 4).

The 1x1 convolution of a shortcut commutes with nearest-neighbour upsampling and with average pooling, so it
always runs on the smaller image: the same function, a quarter of the work.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit.blocks import halvings, image_side
from genharness.spec.plugins import DataShape

__all__ = ["ResNetCritic", "ResNetGenerator"]

CRITIC_BASE = 8
"""The critic halves the image down to this side, then has two blocks more."""


class UpBlock(nn.Module):
    """BN, ReLU, upsample, conv, BN, ReLU, conv; plus the upsampled 1x1 shortcut.

    Args:
        width: Channels in and out.
        side: Side of the output in pixels.
    """

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.conv1, self.conv2 = _conv3(width, width), _conv3(width, width)
        self.shortcut = _conv1(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, width, ceil(side / 2), ...)` to `(n, width, side, side)`."""
        h = self.conv1(self._up(F.relu(self.norm1(x), inplace=True)))
        h = self.conv2(F.relu(self.norm2(h), inplace=True))
        y: Tensor = self._up(self.shortcut(x)) + h
        return y

    def _up(self, h: Tensor) -> Tensor:
        return F.interpolate(h, size=(self.side, self.side), mode="nearest")


class DownBlock(nn.Module):
    """ReLU, conv, ReLU, conv, average pooling; plus the pooled 1x1 shortcut. No normalisation.

    Args:
        inputs: Channels in.
        width: Channels out.
        down: Whether it halves the side (rounding up).
        first: Whether it sees the image itself: no activation then before the first convolution.
    """

    def __init__(self, inputs: int, width: int, *, down: bool, first: bool = False) -> None:
        super().__init__()
        self.down, self.first = down, first
        self.conv1, self.conv2 = _conv3(inputs, width), _conv3(width, width)
        self.shortcut = _conv1(inputs, width) if down or inputs != width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, side, side)` to `(n, width, ...)`."""
        h = self.conv2(F.relu(self.conv1(x if self.first else F.relu(x)), inplace=True))
        if self.down:
            h, x = _halve(h), _halve(x)
        y: Tensor = self.shortcut(x) + h
        return y


class ResNetGenerator(nn.Module):
    """z -> linear -> `UpBlock` per doubling -> BN, ReLU, conv, tanh.

    Args:
        data: Shape of the images.
        latent: Dimensions of z.
        width: Channels.
    """

    def __init__(self, data: DataShape, latent: int, width: int) -> None:
        super().__init__()
        sides = halvings(image_side(data))
        self.base = (sides[-1], sides[-1], width)
        self.project = nn.Linear(latent, sides[-1] ** 2 * width)
        self.blocks = nn.Sequential(*(UpBlock(width, side) for side in sides[-2::-1]))
        self.norm = nn.BatchNorm2d(width)
        self.to_image = _conv3(width, data.channels, gain=1.0)

    def forward(self, z: Tensor) -> Tensor:
        """Map z `(n, latent)` to images `(n, c, h, w)` in [-1, 1]."""
        # Height, width, channels in memory: the layout in which convolutions are fastest.
        h = self.project(z).unflatten(1, self.base).permute(0, 3, 1, 2)
        image: Tensor = self.to_image(F.relu(self.norm(self.blocks(h)), inplace=True))
        return image.tanh()


class ResNetCritic(nn.Module):
    """`DownBlock` per halving down to 8 pixels, two blocks at that side, ReLU, global pooling, linear.

    Args:
        data: Shape of the images.
        width: Channels.
        sum_pooling: Whether features are summed over the image (SNGAN) or averaged (WGAN-GP).
    """

    def __init__(self, data: DataShape, width: int, *, sum_pooling: bool = False) -> None:
        super().__init__()
        downs = len(halvings(image_side(data), CRITIC_BASE)) - 1
        self.sum_pooling = sum_pooling
        self.blocks = nn.Sequential(
            DownBlock(data.channels, width, down=downs > 0, first=True),
            *(DownBlock(width, width, down=stage < downs) for stage in range(1, max(downs, 1) + 2)),
        )
        self.head = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map images `(n, c, h, w)` to scores `(n, 1)`."""
        h = F.relu(self.blocks(x), inplace=True)
        pooled = h.sum((2, 3)) if self.sum_pooling else h.mean((2, 3))
        scores: Tensor = self.head(pooled)
        return scores


def _halve(h: Tensor) -> Tensor:
    return F.avg_pool2d(h, 2, ceil_mode=True)


def _conv3(inputs: int, outputs: int, gain: float = 2**0.5) -> nn.Conv2d:
    return _glorot(nn.Conv2d(inputs, outputs, 3, padding=1), gain)


def _conv1(inputs: int, outputs: int) -> nn.Conv2d:
    return _glorot(nn.Conv2d(inputs, outputs, 1), 1.0)


def _glorot(conv: nn.Conv2d, gain: float) -> nn.Conv2d:
    nn.init.xavier_uniform_(conv.weight, gain)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
