"""Affine coupling layers (Dinh et al. 2017, arXiv:1605.08803, sections 3.2 to 3.4), and the network of RealNVP."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import weight_norm

from genharness_model_flow.invertible import Invertible

__all__ = ["ChannelCoupling", "MaskedCoupling", "ResidualNetwork", "checkerboard"]


class MaskedCoupling(Invertible):
    """z = b x + (1 - b) (x exp(s) + t), with s and t of b x (equation 9).

    s = scale tanh(raw), so that no network, however it errs, makes exp(s) overflow.

    Args:
        mask: b, 1 where values stay as they are, in a shape that goes with samples `(n, c, ...)`.
        network: Returns raw and t, `(n, 2c, ...)`, of what stays `(n, c, ...)`.
        channels: c.
    """

    mask: Tensor

    def __init__(self, mask: Tensor, network: nn.Module, channels: int) -> None:
        super().__init__()
        self.register_buffer("mask", mask, persistent=False)
        self.network = network
        self.scale = nn.Parameter(torch.ones(channels))

    def _s_t(self, stays: Tensor) -> tuple[Tensor, Tensor]:
        raw, t = self.network(stays).chunk(2, dim=1)
        moves = 1 - self.mask
        return _bounded(raw, self.scale) * moves, t * moves

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, ...)`; the log-determinant is the sum of s."""
        s, t = self._s_t(x * self.mask)
        return x * s.exp() + t, s.flatten(1).sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, ...)`."""
        s, t = self._s_t(z * self.mask)
        return (z - t) * (-s).exp()


class ChannelCoupling(Invertible):
    """Half of the channels stay, and say how the other half is scaled and moved.

    Args:
        network: Returns raw and t, `(n, 2k, h, w)`, of those that stay `(n, k, h, w)`.
        half: k.
        flip: Whether the second half stays, instead of the first.
    """

    def __init__(self, network: nn.Module, half: int, *, flip: bool) -> None:
        super().__init__()
        self.network, self.flip = network, flip
        self.scale = nn.Parameter(torch.ones(half))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, 2k, h, w)`; the log-determinant is the sum of s."""
        stays, moves = self._halves(x)
        raw, t = self.network(stays).chunk(2, dim=1)
        s = _bounded(raw, self.scale)
        return self._joined(stays, moves * s.exp() + t), s.flatten(1).sum(1)

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, 2k, h, w)`."""
        stays, moved = self._halves(z)
        raw, t = self.network(stays).chunk(2, dim=1)
        return self._joined(stays, (moved - t) * (-_bounded(raw, self.scale)).exp())

    def _halves(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first, second = x.chunk(2, dim=1)
        return (second, first) if self.flip else (first, second)

    def _joined(self, stays: Tensor, moves: Tensor) -> Tensor:
        return torch.cat((moves, stays) if self.flip else (stays, moves), dim=1)


def _bounded(raw: Tensor, scale: Tensor) -> Tensor:
    return scale.reshape(-1, *[1] * (raw.ndim - 2)) * raw.tanh()


def checkerboard(height: int, width: int, *, flip: bool) -> Tensor:
    """Return the mask `(1, 1, height, width)` that is 1 where row + column is odd, with `flip` where it is even."""
    parity = (torch.arange(height)[:, None] + torch.arange(width)) % 2
    return ((parity == 0) if flip else (parity == 1)).float()[None, None]


class ResidualNetwork(nn.Module):
    """The network of s and t: residual blocks of which each speaks to the output (section 4.1 and appendix).

    Weight norm in every convolution, batch norm before each but the first, which sees x and -x after batch norm and
    ReLU. The last convolution begins at 0, so that a coupling begins as the identity.

    Args:
        inputs: Channels in.
        outputs: Channels out.
        features: Channels of the residual blocks.
        blocks: How many there are.
    """

    def __init__(self, inputs: int, outputs: int, features: int, blocks: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.first = _conv(2 * inputs, features, 3)
        self.blocks = nn.ModuleList(_Block(features) for _ in range(blocks))
        self.skips = nn.ModuleList(_conv(features, features, 1) for _ in range(blocks + 1))
        self.last_norm = nn.BatchNorm2d(features)
        self.last = _conv(features, outputs, 1)
        nn.init.zeros_(self.last.parametrizations.weight.original0)  # type: ignore[union-attr, arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, inputs, h, w)` to `(n, outputs, h, w)`."""
        x = self.norm(x)
        h = self.first(F.relu(torch.cat((x, -x), dim=1)))
        told = self.skips[0](h)
        for block, skip in zip(self.blocks, self.skips[1:], strict=True):
            h = block(h)
            told = told + skip(h)
        y: Tensor = self.last(F.relu(self.last_norm(told)))
        return y


class _Block(nn.Module):
    """Batch norm, ReLU and a 3 x 3 convolution, twice, and the input added."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(features),
            nn.ReLU(),
            _conv(features, features, 3, bias=False),  # the batch norm after it has one
            nn.BatchNorm2d(features),
            nn.ReLU(),
            _conv(features, features, 3),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map `(n, features, h, w)` to the same shape."""
        y: Tensor = x + self.body(x)
        return y


def _conv(inputs: int, outputs: int, kernel: int, *, bias: bool = True) -> nn.Module:
    """Return a convolution that keeps sides, its weights' length and direction apart (Salimans and Kingma 2016)."""
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=bias)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
    normed: nn.Module = weight_norm(conv)
    return normed
