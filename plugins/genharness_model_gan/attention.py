"""Self-attention over an image's features (Zhang et al. 2019, arXiv:1805.08318, section 3)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    """x + gamma v(sum_i beta_ji h(x_i)), beta_j = softmax_i(f(x_i) . g(x_j)); gamma begins at 0.

    All four maps are 1x1 convolutions without bias: f and g to an eighth of the channels, h to half of them, v back.

    Args:
        channels: Channels of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        small, half = max(1, channels // 8), max(1, channels // 2)
        self.f, self.g, self.h = (nn.Conv2d(channels, width, 1, bias=False) for width in (small, small, half))
        self.v = nn.Conv2d(half, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))
        for conv in (self.f, self.g, self.h, self.v):
            nn.init.xavier_uniform_(conv.weight)

    def shares(self, x: Tensor) -> Tensor:
        """Return beta `(n, places, places)`: row j says how place j divides its attention; rows sum to 1."""
        f, g = self.f(x).flatten(2), self.g(x).flatten(2)  # (n, channels / 8, places)
        shares: Tensor = (g.transpose(1, 2) @ f).float().softmax(dim=2)
        return shares

    def forward(self, x: Tensor) -> Tensor:
        """Map features `(n, channels, height, width)` to the same shape."""
        h = self.h(x).flatten(2)  # (n, channels / 2, places)
        seen = h @ self.shares(x).to(h.dtype).transpose(1, 2)
        y: Tensor = x + self.gamma * self.v(seen.unflatten(2, x.shape[2:]))
        return y
