"""The UNet of diffusion models (Ho et al. 2020, arXiv:2006.11239, appendix B)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genharness.errors import ConfigError

__all__ = ["UNet", "sinusoids"]

_LONGEST_PERIOD = 10_000


def sinusoids(t: Tensor, dimensions: int) -> Tensor:
    """Return the position embedding of Vaswani et al. (2017), sines first.

    Args:
        t: Positions `(n,)`, on the scale of 0 to 1000: a time in [0, 1] is multiplied before.
        dimensions: Even, at least 4.

    Returns:
        `(n, dimensions)` float32, frequencies falling from 1 to 1e-4.
    """
    half = dimensions // 2
    exponents = torch.arange(half, device=t.device, dtype=torch.float32) / (half - 1)
    angles = t.float()[:, None] * torch.exp(-math.log(_LONGEST_PERIOD) * exponents)
    return torch.cat((angles.sin(), angles.cos()), dim=1)


class UNet(nn.Module):
    """F(x, t, y): images in, one or several images out, for a noise level t and perhaps a class y.

    Residual blocks with group norm and SiLU at every side of a pyramid, those of the way down handed over to the way
    up; self-attention at small sides. Odd sides are halved upwards (28, 14, 7, 4) and come back to what they were. The
    last convolution, and the last one of every block, begin at 0, so that the network begins by returning 0.

    Args:
        channels: Of the images.
        side: Of the images, in pixels.
        ch: Channels at the image's side, a multiple of 4.
        mult: Channels at every side, as multiples of `ch`; one halving between two of them.
        blocks: Residual blocks at every side on the way down; one more on the way up.
        attention: The first side of at most so many pixels attends, besides the middle; 0 for the middle alone.
        heads: Attention heads; must divide the channels.
        dropout: Share of features that a block drops in training.
        classes: Number of classes; 0 for a network without them.
        out: Images returned for an image: 2 for a mean and a variance.

    Raises:
        ConfigError: If `ch` is no multiple of 4, `mult` is empty, the heads do not divide the channels, or the image is
            too small to be halved that often.
    """

    def __init__(
        self,
        channels: int,
        side: int,
        *,
        ch: int = 128,
        mult: Sequence[int] = (1, 2, 2, 2),
        blocks: int = 2,
        attention: int = 16,
        heads: int = 1,
        dropout: float = 0.0,
        classes: int = 0,
        out: int = 1,
    ) -> None:
        super().__init__()
        widths = _widths(ch, mult, heads)
        sides = _sides(side, len(widths))
        attending = max((here for here in sides if here <= attention), default=0)
        self.ch, self.classes = ch, classes
        self.embed_time = nn.Sequential(nn.Linear(ch, 4 * ch), nn.SiLU(), nn.Linear(4 * ch, 4 * ch))
        self.embed_class = nn.Embedding(classes + 1, 4 * ch) if classes else None  # the last one: no class

        def stage(inputs: int, width: int, here: int) -> _Stage:
            return _Stage(inputs, width, 4 * ch, dropout, heads if here == attending else 0)

        self.first = _conv(channels, ch)
        self.down, handed = nn.ModuleList(), [ch]
        for level, (width, here) in enumerate(zip(widths, sides, strict=True)):
            for _ in range(blocks):
                self.down.append(stage(handed[-1], width, here))
                handed.append(width)
            if level < len(widths) - 1:
                self.down.append(_Down(width))
                handed.append(width)
        middle = widths[-1]
        self.middle = nn.ModuleList(_Stage(middle, middle, 4 * ch, dropout, wide) for wide in (heads, 0))
        self.up, wide = nn.ModuleList(), middle
        for level, (width, here) in reversed([*enumerate(zip(widths, sides, strict=True))]):
            for _ in range(blocks + 1):
                self.up.append(stage(wide + handed.pop(), width, here))
                wide = width
            if level > 0:
                self.up.append(_Up(width, sides[level - 1]))
        self.last = nn.Sequential(_norm(wide), nn.SiLU(), _zeroed(_conv(wide, out * channels)))

    def forward(self, x: Tensor, t: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return `(n, out * c, h, w)` float32.

        Args:
            x: Images `(n, c, h, w)`.
            t: Noise levels `(n,)`, on the scale of 0 to 1000.
            labels: Classes `(n,)` int64, `classes` itself for none; None for no class at all.
        """
        embedding = self.embed_time(sinusoids(t, self.ch))  # (n, 4 ch)
        if self.embed_class is not None:
            labels = torch.full_like(t, self.classes, dtype=torch.int64) if labels is None else labels
            embedding = embedding + self.embed_class(labels)
        condition = F.silu(embedding)
        h = self.first(x)
        handed = [h]
        for part in self.down:
            h = part(h, condition)
            handed.append(h)
        for part in self.middle:
            h = part(h, condition)
        for part in self.up:
            h = part(h, condition) if isinstance(part, _Up) else part(torch.cat((h, handed.pop()), dim=1), condition)
        y: Tensor = self.last(h).float()
        return y


def _widths(ch: int, mult: Sequence[int], heads: int) -> list[int]:
    if ch < 4 or ch % 4:
        raise ConfigError(f"ch={ch} must be a multiple of 4")
    if not mult or min(mult) < 1:
        raise ConfigError(
            f"mult={','.join(map(str, mult)) or 'nothing'} must be multiples of ch, 1 or more, such as 1,2,2"
        )
    widths = [ch * each for each in mult]
    if any(width % heads for width in widths):
        raise ConfigError(f"heads={heads} must divide the channels {', '.join(map(str, widths))}")
    return widths


def _sides(side: int, levels: int) -> list[int]:
    """Return the side at every level, halved upwards from one to the next."""
    sides = list(itertools.accumulate(range(levels - 1), lambda here, _: (here + 1) // 2, initial=side))
    if levels > 1 and sides[-2] < 2:
        raise ConfigError(f"mult has {levels} parts, and images of {side} pixels cannot be halved {levels - 1} times")
    return sides


class _Stage(nn.Module):
    """A residual block, told of time and class, and self-attention after it where there are heads.

    Args:
        inputs: Channels in.
        width: Channels out.
        condition: Dimensions of the embedding of time and class.
        dropout: Share of features that are dropped in training.
        heads: Attention heads, 0 for none.
    """

    def __init__(self, inputs: int, width: int, condition: int, dropout: float, heads: int) -> None:
        super().__init__()
        self.norm1, self.conv1 = _norm(inputs), _conv(inputs, width)
        self.project = nn.Linear(condition, width)
        self.norm2, self.conv2 = _norm(width), _zeroed(_conv(width, width))
        self.dropout = nn.Dropout(dropout)
        self.shortcut = nn.Conv2d(inputs, width, 1) if inputs != width else nn.Identity()
        self.attention = _Attention(width, heads) if heads else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, width, h, w)`, given `(n, condition)`."""
        h = self.conv1(F.silu(self.norm1(x))) + self.project(condition)[:, :, None, None]
        h = self.conv2(self.dropout(F.silu(self.norm2(h))))
        y: Tensor = self.attention(self.shortcut(x) + h)
        return y


class _Attention(nn.Module):
    """x + softmax(q k' / sqrt(d)) v over all pixels."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = _norm(width)
        self.qkv = nn.Conv2d(width, 3 * width, 1)
        self.out = _zeroed(nn.Conv2d(width, width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, width, h, w)` to the same shape."""
        n, width, height, wide = x.shape
        qkv = self.qkv(self.norm(x)).permute(0, 2, 3, 1).reshape(n, height * wide, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (n, heads, pixels, width of a head)
        attended = F.scaled_dot_product_attention(q, k, v)
        grid = attended.transpose(1, 2).reshape(n, height, wide, width).permute(0, 3, 1, 2)
        y: Tensor = x + self.out(grid)
        return y


class _Down(nn.Module):
    """A convolution of stride 2, from a side to half of it, rounded up."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = _initialised(nn.Conv2d(width, width, 3, stride=2, padding=1))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map `(n, width, h, w)` to `(n, width, ceil(h / 2), ceil(w / 2))`."""
        y: Tensor = self.conv(x)
        return y


class _Up(nn.Module):
    """Nearest neighbours to a given side, and a convolution."""

    def __init__(self, width: int, side: int) -> None:
        super().__init__()
        self.side = side
        self.conv = _conv(width, width)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Map `(n, width, ...)` to `(n, width, side, side)`."""
        y: Tensor = self.conv(F.interpolate(x, size=(self.side, self.side), mode="nearest"))
        return y


def _norm(width: int) -> nn.GroupNorm:
    """Return a group norm of 32 groups, of fewer where these would have less than 4 channels or not divide them."""
    groups = max(count for count in range(1, min(32, width // 4) + 1) if width % count == 0)
    return nn.GroupNorm(groups, width, eps=1e-6)


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return _initialised(nn.Conv2d(inputs, outputs, 3, padding=1))


def _initialised(conv: nn.Conv2d) -> nn.Conv2d:
    nn.init.xavier_uniform_(conv.weight)
    return _zero_bias(conv)


def _zeroed(conv: nn.Conv2d) -> nn.Conv2d:
    nn.init.zeros_(conv.weight)
    return _zero_bias(conv)


def _zero_bias(conv: nn.Conv2d) -> nn.Conv2d:
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
    return conv
