"""Glow: generative flow with invertible 1x1 convolutions (Kingma and Dhariwal 2018, arXiv:1807.03039)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genharness import ConfigError, DataShape
from genharness_model_flow.base import Flow, not_even
from genharness_model_flow.configs import GlowConfig
from genharness_model_flow.invertible import BeginsWithData, Composed, Invertible, MultiScale, Shift, Split, Squeeze
from genharness_model_flow.whiten import whitening

__all__ = ["ActNorm", "GaussianSplit", "Glow", "InvertibleConv", "SigmoidCoupling"]


class Glow(Flow):
    """L levels: squeeze, K steps of act-norm, invertible 1x1 convolution and affine coupling, and half leaves.

    Args:
        data: What the samples look like.
        config: The options.

    Raises:
        ConfigError: If images cannot be halved as often as there are levels.
    """

    config: GlowConfig

    def __init__(self, data: DataShape, config: GlowConfig) -> None:
        super().__init__(data, config)
        c, h, w = data.shape
        levels = _levels(h, w) if config.scales is None else config.scales
        scales: list[Invertible] = []
        shapes: list[tuple[int, int, int]] = []
        for _ in range(levels):
            if h % 2 or w % 2:
                raise ConfigError(not_even(data, levels))
            c, h, w = 4 * c, h // 2, w // 2
            steps = [part for _ in range(config.depth) for part in _step(c, config)]
            scales.append(Composed([Squeeze(), *steps]))
            shapes.append((c, h, w))
            c //= 2
        splits = [GaussianSplit(c // 2) for c, _, _ in shapes[:-1]]
        self.flow = Composed([Shift(0.5), *whitening(data, config), MultiScale(scales, splits, shapes)])
        self.optimiser = torch.optim.Adamax(self.flow.parameters(), config.lr)


def _levels(height: int, width: int) -> int:
    """Return how often images can be halved without a remainder down to 4 pixels or a little more, once at least."""
    levels = 1
    while (
        height % 2 ** (levels + 1) == 0 and width % 2 ** (levels + 1) == 0 and min(height, width) >= 2 ** (levels + 3)
    ):
        levels += 1
    return levels


def _step(c: int, config: GlowConfig) -> list[Invertible]:
    return [ActNorm(c), InvertibleConv(c), SigmoidCoupling(c, config.width, config.least_scale)]


class ActNorm(BeginsWithData):
    """z = (x + bias) exp(log_scale) of every channel; the first batch comes out with mean 0 and variance 1.

    Args:
        channels: Of the images.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels, 1, 1))
        self.log_scale = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, h, w)`; every pixel gains the sum of log_scale."""
        if self.beginning:
            var, mean = torch.var_mean(x, (0, 2, 3), correction=0)
            self.bias.copy_(-mean[:, None, None])
            self.log_scale.copy_(-0.5 * (var[:, None, None] + 1e-6).log())
        pixels = x[0, 0].numel()
        return (x + self.bias) * self.log_scale.exp(), (pixels * self.log_scale.sum()).expand(len(x))

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, h, w)`."""
        return z * (-self.log_scale).exp() - self.bias


class InvertibleConv(Invertible):
    """A 1x1 convolution with W = P L (U + diag(s)), which begins as a random rotation (section 3.2, equation 10).

    L (below the diagonal, 1 on it), U (above) and log |s| (on it) share one matrix; P and the signs of s stay.

    Args:
        channels: c of the images.
    """

    order: Tensor
    signs: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        rotation = torch.linalg.qr(torch.randn(channels, channels, device="cpu", dtype=torch.float64))[0]
        P, L, U = torch.linalg.lu(rotation)
        s = U.diag()
        packed = L.tril(-1) + U.triu(1) + s.abs().log().diag()
        self.packed = nn.Parameter(torch.empty(channels, channels).copy_(packed))
        self.register_buffer("order", torch.empty(channels, dtype=torch.int64).copy_(P.argmax(1)))  # P v = v[order]
        self.register_buffer("signs", torch.empty(channels).copy_(s.sign()))

    def weight(self) -> Tensor:
        """Return W `(c, c)`."""
        L = self.packed.tril(-1) + torch.eye(len(self.packed), dtype=self.packed.dtype, device=self.packed.device)
        U = self.packed.triu(1) + (self.signs * self.packed.diagonal().exp()).diag()
        return (L @ U)[self.order]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, h, w)`; every pixel gains log |det W|, the sum of log |s|."""
        z = F.conv2d(x, self.weight()[:, :, None, None])
        pixels = x[0, 0].numel()
        return z, (pixels * self.packed.diagonal().sum()).expand(len(x))

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, h, w)`."""
        back = torch.linalg.inv_ex(self.weight().double()).inverse.to(z.dtype)
        return F.conv2d(z, back[:, :, None, None])


class SigmoidCoupling(Invertible):
    """Half of the channels stay, and the other half becomes (x + t) s with s = sigmoid(raw + 2).

    Where s is next to 0 the way back divides by next to nothing, and what was never seen in training overflows. A
    least scale m makes it s = m + (1 - m) sigmoid(raw + 2), so that no coupling widens anything more than 1 / m times
    on the way back (Behrmann et al. 2021, arXiv:2006.09347).

    Args:
        channels: c of the images, even.
        width: Channels inside the network of t and raw.
        least_scale: m, in [0, 1); 0 is the paper's coupling.
    """

    def __init__(self, channels: int, width: int, least_scale: float = 0.0) -> None:
        super().__init__()
        self.least_scale = least_scale
        self.network = nn.Sequential(
            _conv(channels // 2, width, 3),
            _Statistics(width),
            nn.ReLU(),
            _conv(width, width, 1),
            _Statistics(width),
            nn.ReLU(),
            _ZeroConv(width, channels),
        )

    def _t_s(self, stays: Tensor) -> tuple[Tensor, Tensor]:
        """Return t and log s `(n, c / 2, h, w)`."""
        t, raw = self.network(stays).chunk(2, dim=1)
        if self.least_scale == 0:
            return t, F.logsigmoid(raw + 2)
        return t, (self.least_scale + (1 - self.least_scale) * torch.sigmoid(raw + 2)).log()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, h, w)`; the log-determinant is the sum of log s."""
        stays, moves = x.chunk(2, dim=1)
        t, log_s = self._t_s(stays)
        return torch.cat((stays, (moves + t) * log_s.exp()), dim=1), log_s.flatten(1).sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, h, w)`."""
        stays, moved = z.chunk(2, dim=1)
        t, log_s = self._t_s(stays)
        return torch.cat((stays, moved * (-log_s).exp() - t), dim=1)


class GaussianSplit(Split):
    """Channels that leave are N(mean, exp(log_sigma)^2), both read off those that stay.

    Args:
        channels: Of each half.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.network = _ZeroConv(channels, 2 * channels)

    def forward(self, leaving: Tensor, staying: Tensor) -> tuple[Tensor, Tensor]:
        """Return the standardised channels that leave; they gain -sum log_sigma."""
        mean, log_sigma = self.network(staying).chunk(2, dim=1)
        return (leaving - mean) * (-log_sigma).exp(), -log_sigma.flatten(1).sum(1)

    def inverse(self, z: Tensor, staying: Tensor) -> Tensor:
        """Return the channels that left."""
        mean, log_sigma = self.network(staying).chunk(2, dim=1)
        leaving: Tensor = mean + z * log_sigma.exp()
        return leaving


class _Statistics(ActNorm):
    """Act-norm as a layer of a network, which nobody inverts."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """Map `(n, c, h, w)`."""
        y: Tensor = super().forward(x)[0]
        return y


class _ZeroConv(nn.Module):
    """A 3 x 3 convolution that begins at 0, times exp(3 gain), which lets it grow faster than its weights do."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]
        self.gain = nn.Parameter(torch.zeros(outputs, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h, w)`."""
        y: Tensor = self.conv(x) * (3 * self.gain).exp()
        return y


def _conv(inputs: int, outputs: int, kernel: int) -> nn.Conv2d:
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)  # act-norm has the bias
    nn.init.normal_(conv.weight, 0.0, 0.05)
    return conv
