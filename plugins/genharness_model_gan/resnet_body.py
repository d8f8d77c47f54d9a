"""The residual networks of WGAN-GP (Gulrajani et al. 2017, appendix F) and SNGAN (Miyato et al. 2018, table 4).

The 1x1 convolution of a shortcut commutes with nearest-neighbour upsampling and with average pooling, so it
always runs on the smaller image: the same function, a quarter of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit.blocks import halvings, image_side
from genharness.kit.precision import no_autocast
from genharness.spec.plugins import DataShape
from genharness_model_gan.attention import SelfAttention
from genharness_model_gan.conditioning import ConditionalBatchNorm2d, ScoreHead

__all__ = ["ResNetCritic", "ResNetGenerator", "UpBlock", "attention_side", "conv3", "to_image"]

CRITIC_BASE = 8
"""The critic halves the image down to this side, then has two blocks more."""


class UpBlock(nn.Module):
    """BN, ReLU, upsample, conv, BN, ReLU, conv; plus the upsampled 1x1 shortcut.

    Args:
        width: Channels in and out.
        side: Side of the output in pixels.
        norm: Makes a norm of so many channels, which is given the features and what else `forward` is given.
    """

    def __init__(self, width: int, side: int, norm: Callable[[int], nn.Module] = nn.BatchNorm2d) -> None:
        super().__init__()
        self.side = side
        self.norm1, self.norm2 = norm(width), norm(width)
        self.conv1, self.conv2 = conv3(width, width), conv3(width, width)
        self.shortcut = _conv1(width, width)

    def forward(self, x: Tensor, *condition: Tensor) -> Tensor:
        """Map `(n, width, ceil(side / 2), ...)`, and what the norms are conditioned on, to `(n, width, side, side)`."""
        h = self.conv1(self._up(F.relu(self.norm1(x, *condition), inplace=True)))
        h = self.conv2(F.relu(self.norm2(h, *condition), inplace=True))
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
        self.conv1, self.conv2 = conv3(inputs, width), conv3(width, width)
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
        classes: Number of classes whose batch norms the blocks have, 0 for none.
        attention: The largest side of at most so many pixels attends to itself; 0 for none.
    """

    def __init__(self, data: DataShape, latent: int, width: int, *, classes: int = 0, attention: int = 0) -> None:
        super().__init__()
        sides = halvings(image_side(data))
        attends = attention_side(sides[:-1], attention)
        norm = partial(ConditionalBatchNorm2d, classes=classes) if classes else nn.BatchNorm2d
        self.base = (sides[-1], sides[-1], width)
        self.project = nn.Linear(latent, sides[-1] ** 2 * width)
        self.blocks = nn.ModuleList(UpBlock(width, side, norm) for side in sides[-2::-1])
        self.attention = nn.ModuleDict({str(attends): SelfAttention(width)} if attends else {})
        self.norm = nn.BatchNorm2d(width)
        self.to_image = conv3(width, data.channels, gain=1.0)

    def forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        """Map z `(n, latent)`, and classes `(n,)` where conditional, to images `(n, c, h, w)` in [-1, 1]."""
        # Height, width, channels in memory: the layout in which convolutions are fastest.
        h = self.project(z).unflatten(1, self.base).permute(0, 3, 1, 2)
        for block in self.blocks:
            h = block(h, *labels)
            side = str(h.shape[2])
            h = self.attention[side](h) if side in self.attention else h
        return to_image(self.to_image, self.norm(h))


class ResNetCritic(nn.Module):
    """`DownBlock` per halving down to 8 pixels, two blocks at that side, ReLU, global pooling, linear.

    Args:
        data: Shape of the images.
        width: Channels.
        sum_pooling: Whether features are summed over the image (SNGAN) or averaged (WGAN-GP).
        classes: Number of classes that the scores are of, 0 for none.
        attention: The largest side of at most so many pixels, after a block, attends to itself; 0 for none.
    """

    def __init__(
        self, data: DataShape, width: int, *, sum_pooling: bool = False, classes: int = 0, attention: int = 0
    ) -> None:
        super().__init__()
        sides = halvings(image_side(data), CRITIC_BASE)
        downs = len(sides) - 1
        self.sum_pooling = sum_pooling
        blocks: list[nn.Module] = [DownBlock(data.channels, width, down=downs > 0, first=True)]
        blocks += [DownBlock(width, width, down=stage < downs) for stage in range(1, max(downs, 1) + 2)]
        outputs = [*sides[1:], *[sides[-1]] * (len(blocks) - downs)]
        attends = attention_side(outputs, attention)
        if attends:
            blocks.insert(outputs.index(attends) + 1, SelfAttention(width))
        self.blocks = nn.Sequential(*blocks)
        self.head = ScoreHead(width, classes=classes)

    def forward(self, x: Tensor, *labels: Tensor) -> Tensor:
        """Map images `(n, c, h, w)`, and classes `(n,)` where conditional, to scores `(n, 1)`."""
        h = F.relu(self.blocks(x), inplace=True)
        pooled = h.sum((2, 3)) if self.sum_pooling else h.mean((2, 3))
        scores: Tensor = self.head(pooled, *labels)
        return scores


def attention_side(sides: Sequence[int], most: int) -> int:
    """Return the largest of some sides that is at most `most` pixels; 0 where there is none."""
    return max((side for side in sides if side <= most), default=0)


def to_image(conv: nn.Module, h: Tensor) -> Tensor:
    """Return tanh(conv(ReLU(h))), in float32: 8 bits of bfloat16 are fewer than the 256 levels of an image need."""
    with no_autocast(h.device):
        image: Tensor = conv(F.relu(h.float(), inplace=True)).tanh()
        return image


def _halve(h: Tensor) -> Tensor:
    return F.avg_pool2d(h, 2, ceil_mode=True)


def conv3(inputs: int, outputs: int, gain: float = 2**0.5) -> nn.Conv2d:
    """Return a 3x3 convolution that keeps the side, with weights as Glorot and Bengio 2010 draw them."""
    return _glorot(nn.Conv2d(inputs, outputs, 3, padding=1), gain)


def _conv1(inputs: int, outputs: int) -> nn.Conv2d:
    return _glorot(nn.Conv2d(inputs, outputs, 1), 1.0)


def _glorot(conv: nn.Conv2d, gain: float) -> nn.Conv2d:
    nn.init.xavier_uniform_(conv.weight, gain)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    return conv
