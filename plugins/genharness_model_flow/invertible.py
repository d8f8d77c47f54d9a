"""Invertible maps that know their Jacobian's determinant, and how they are put together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["BeginsWithData", "Composed", "FlowNorm", "Invertible", "Logit", "MultiScale", "Shift", "Split", "Squeeze"]


class Invertible(nn.Module):
    """A bijection z = f(x) of every sample of a batch."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and log |det df/dx| `(n,)`, in nats."""
        raise NotImplementedError

    def inverse(self, z: Tensor) -> Tensor:
        """Return the x of which `forward` makes z."""
        raise NotImplementedError


class BeginsWithData(Invertible):
    """A map whose parameters are set by the first batch (Kingma and Dhariwal 2018, section 3.1).

    Attributes:
        beginning: Whether the next batch sets them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.beginning = False


class Composed(Invertible):
    """One map after the other.

    Args:
        parts: The maps, the first one first; none at all for the identity.
    """

    def __init__(self, parts: Iterable[Invertible]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z and the sum of the parts' log-determinants `(n,)`."""
        log_det = x.new_zeros(len(x))
        for part in self.parts:
            x, gained = part(x)
            log_det = log_det + gained
        return x, log_det

    def inverse(self, z: Tensor) -> Tensor:
        """Invert the parts, the last one first."""
        for part in reversed(self.parts):
            z = part.inverse(z)  # type: ignore[operator]  # ModuleList hides the class
        return z


class Split(nn.Module):
    """What becomes of channels that leave the flow for good: they are standard normal as they are."""

    def forward(self, leaving: Tensor, staying: Tensor) -> tuple[Tensor, Tensor]:
        """Return z of the channels that leave, given those that stay, and its log-determinant `(n,)`."""
        return leaving, leaving.new_zeros(len(leaving))

    def inverse(self, z: Tensor, staying: Tensor) -> Tensor:
        """Return the channels that left."""
        return z


class MultiScale(Invertible):
    """Scales, after each of which half of the channels leave (Dinh et al. 2017, section 3.6).

    Args:
        scales: Maps of images `(n, c, h, w)`; each but the first gets half of the channels that the one before gives.
        splits: What becomes of the others, one fewer than scales.
        shapes: `(c, h, w)` of what every scale gives.
    """

    def __init__(
        self, scales: Sequence[Invertible], splits: Sequence[Split], shapes: Sequence[tuple[int, int, int]]
    ) -> None:
        super().__init__()
        self.scales, self.splits = nn.ModuleList(scales), nn.ModuleList(splits)
        halves = [(c // 2, h, w) for c, h, w in shapes[:-1]]
        self.shapes = [*halves, shapes[-1]]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return z `(n, c * h * w)`, first what leaves first."""
        x, log_det = self.scales[0](x)
        left: list[Tensor] = []
        for scale, split in zip(self.scales[1:], self.splits, strict=True):
            x, leaving = x.chunk(2, dim=1)
            z, gained = split(leaving, x)
            left.append(z.flatten(1))
            x, gained_by_scale = scale(x)
            log_det = log_det + gained + gained_by_scale
        return torch.cat([*left, x.flatten(1)], dim=1), log_det

    def inverse(self, z: Tensor) -> Tensor:
        """Return images `(n, c, h, w)`."""
        parts = z.split([math.prod(shape) for shape in self.shapes], dim=1)
        *left, x = [part.reshape(len(z), *shape) for part, shape in zip(parts, self.shapes, strict=True)]
        for scale, split, gone in zip(reversed(self.scales[1:]), reversed(self.splits), reversed(left), strict=True):
            x = scale.inverse(x)  # type: ignore[operator]
            x = torch.cat((x, split.inverse(gone, x)), dim=1)  # type: ignore[operator]
        first: Tensor = self.scales[0].inverse(x)  # type: ignore[operator]
        return first


class Squeeze(Invertible):
    """Every 2 x 2 pixels become one of four times the channels, those of a row side by side; of volume 1."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, h, w)` to `(n, 4c, h / 2, w / 2)`: both sides must be even."""
        n, c, h, w = x.shape
        z = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 3, 5, 1, 2, 4)  # (n, 2, 2, c, h / 2, w / 2)
        return z.reshape(n, 4 * c, h // 2, w // 2), x.new_zeros(n)

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, 4c, h, w)` to `(n, c, 2h, 2w)`."""
        n, c, h, w = z.shape
        x = z.reshape(n, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2)  # (n, c / 4, h, 2, w, 2)
        return x.reshape(n, c // 4, 2 * h, 2 * w)


class Logit(Invertible):
    """z = logit(alpha / 2 + (1 - alpha) x): from [0, 1] to the real line, without its ends (Dinh et al. 2017, 4.1).

    The paper writes alpha + (1 - alpha) x, which is 1 at x = 1; this is its symmetric form.

    Args:
        alpha: Share of the unit interval that is kept free, in (0, 1).
    """

    def __init__(self, alpha: float = 0.05) -> None:
        super().__init__()
        self.alpha = alpha

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, ...)` in [0, 1]; a value adds log(1 - alpha) - log p - log(1 - p)."""
        z = torch.logit(self.alpha / 2 + (1 - self.alpha) * x)
        # log p + log(1 - p) of p = sigmoid(z), which is exact where p is next to 0 or 1
        gained = math.log1p(-self.alpha) - F.logsigmoid(z) - F.logsigmoid(-z)
        return z, gained.flatten(1).sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, ...)` to values a little beyond [0, 1] at most, by alpha / 2."""
        return (z.sigmoid() - self.alpha / 2) / (1 - self.alpha)


class Shift(Invertible):
    """z = x - by."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, ...)`."""
        return x - self.by, x.new_zeros(len(x))

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, ...)`."""
        return z + self.by


class FlowNorm(Invertible):
    """Batch normalisation as a part of the flow (Dinh et al. 2017, section 3.7 and appendix E).

    In training the statistics are those of the batch, else running averages of them.

    Args:
        channels: Channels of images, or columns of rows.
        momentum: Weight of a batch in the averages.
    """

    mean: Tensor
    var: Tensor

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.momentum, self.eps = momentum, eps
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("var", torch.ones(channels))
        self._used = self.mean, self.var

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, ...)`; every pixel gains -1/2 sum log(var + eps)."""
        mean, var = self._of_batch(x) if self.training else (self.mean, self.var)
        self._used = mean.detach(), var.detach()
        pixels = x[0, 0].numel()
        gained = -0.5 * pixels * (var + self.eps).log().sum()
        return (x - _as(mean, x)) * _as((var + self.eps).rsqrt(), x), gained.expand(len(x))

    def _of_batch(self, x: Tensor) -> tuple[Tensor, Tensor]:
        axes = [axis for axis in range(x.ndim) if axis != 1]
        var, mean = torch.var_mean(x, axes, correction=0)
        with torch.no_grad():
            self.mean.lerp_(mean, self.momentum)
            self.var.lerp_(var, self.momentum)
        return mean, var

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, ...)`, in training by the statistics of the batch that was mapped last."""
        mean, var = self._used if self.training else (self.mean, self.var)
        return z * _as((var + self.eps).sqrt(), z) + _as(mean, z)


def _as(values: Tensor, x: Tensor) -> Tensor:
    """Return values of channels `(c,)` in a shape that goes with `(n, c, ...)`."""
    return values.reshape(-1, *[1] * (x.ndim - 2))
