"""A gated PixelCNN over a grid of discrete codes (van den Oord et al. 2016b, arXiv:1606.05328)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["GatedPixelCNN"]


class _GatedLayer(nn.Module):
    """Figure 2 of the paper: a vertical stack that sees the rows above, a horizontal one that sees the left.

    Args:
        width: Channels p of both stacks.
        kernel: Side of the receptive field, odd.
        sees_itself: Whether the horizontal stack may look at its own position; the first layer must not.
    """

    def __init__(self, width: int, kernel: int, *, sees_itself: bool) -> None:
        super().__init__()
        self.reach = kernel // 2
        self.left = self.reach + 1 if sees_itself else self.reach
        self.sees_itself = sees_itself
        self.vertical_conv = nn.Conv2d(width, 2 * width, (self.reach + 1, kernel))
        self.vertical_to_horizontal = nn.Conv2d(2 * width, 2 * width, 1)
        self.horizontal_conv = nn.Conv2d(width, 2 * width, (1, self.left))
        self.horizontal_out = nn.Conv2d(width, width, 1)

    def vertical(self, v: Tensor) -> tuple[Tensor, Tensor]:
        """Return the stack's output `(n, p, h, w)` and what it tells the horizontal one `(n, 2p, h, w)`."""
        # Output row i sees input rows up to i; the network's first input is shifted down, so up to i - 1 of the codes.
        features = self.vertical_conv(F.pad(v, (self.reach, self.reach, self.reach, 0)))
        return _gate(features), self.vertical_to_horizontal(features)

    def horizontal(self, h: Tensor, from_above: Tensor) -> Tensor:
        """Return the residual stack's output `(n, p, h, w)`."""
        padded = F.pad(h, (self.reach, 0)) if self.sees_itself else F.pad(h[..., :-1], (self.left, 0))
        out: Tensor = self.horizontal_out(_gate(self.horizontal_conv(padded) + from_above))
        return h + out if self.sees_itself else out


def _gate(features: Tensor) -> Tensor:
    a, b = features.chunk(2, dim=1)
    return torch.tanh(a) * torch.sigmoid(b)


class GatedPixelCNN(nn.Module):
    """p(codes) = prod_i p(code_i | codes above and to the left), in raster order.

    Args:
        codes: Number K of different codes.
        width: Channels of both stacks.
        layers: Gated layers; the first has a 7x7 field, the rest 3x3.
    """

    def __init__(self, codes: int, width: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, width)
        kernels = [7] + [3] * (layers - 1)
        self.layers = nn.ModuleList(
            _GatedLayer(width, kernel, sees_itself=index > 0) for index, kernel in enumerate(kernels)
        )
        self.logits = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, codes, 1))

    def forward(self, indices: Tensor) -> Tensor:
        """Return logits `(n, K, h, w)` of codes `(n, h, w)` int64."""
        x = self._embed(indices)
        logits: Tensor = self._across(x, self._down(x))
        return logits

    def _embed(self, indices: Tensor) -> Tensor:
        embedded: Tensor = self.embedding(indices).permute(0, 3, 1, 2)  # (n, width, h, w)
        return embedded

    def _down(self, x: Tensor) -> list[Tensor]:
        """Run the vertical stack; row i of what it returns depends on the codes of rows before i only."""
        v = F.pad(x, (0, 0, 1, 0))[:, :, :-1]
        told = []
        for layer in self.layers:
            v, from_above = layer.vertical(v)  # type: ignore[operator]  # ModuleList hides the class
            told.append(from_above)
        return told

    def _across(self, x: Tensor, told: list[Tensor]) -> Tensor:
        """Run the horizontal stack of any rows, given what the vertical one tells them."""
        h = x
        for layer, from_above in zip(self.layers, told, strict=True):
            h = layer.horizontal(h, from_above)  # type: ignore[operator]
        logits: Tensor = self.logits(h)
        return logits

    def sample(self, n: int, height: int, width: int, generator: torch.Generator) -> Tensor:
        """Draw codes `(n, height, width)`, one position after the other.

        The vertical stack runs once for each row and the horizontal one over that row alone, so that a
        position costs a row and not the whole grid.
        """
        indices = torch.zeros(n, height, width, dtype=torch.int64, device=generator.device)
        for i in range(height):
            told = [part[:, :, i : i + 1] for part in self._down(self._embed(indices[:, : i + 1]))]
            for j in range(width):
                logits = self._across(self._embed(indices[:, i : i + 1]), told)[:, :, 0, j]
                indices[:, i, j] = torch.multinomial(logits.float().softmax(1), 1, generator=generator)[:, 0]
        return indices
