"""A gated PixelCNN over a grid of discrete values (van den Oord et al. 2016b, arXiv:1606.05328)."""

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
        classes: Number of classes that gates are told of (equation 4), 0 for none.
    """

    def __init__(self, width: int, kernel: int, *, sees_itself: bool, classes: int = 0) -> None:
        super().__init__()
        self.reach = kernel // 2
        self.left = self.reach + 1 if sees_itself else self.reach
        self.sees_itself = sees_itself
        self.vertical_conv = nn.Conv2d(width, 2 * width, (self.reach + 1, kernel))
        self.vertical_to_horizontal = nn.Conv2d(2 * width, 2 * width, 1)
        self.horizontal_conv = nn.Conv2d(width, 2 * width, (1, self.left))
        self.horizontal_out = nn.Conv2d(width, width, 1)
        self.vertical_class = _of_class(classes, 2 * width)
        self.horizontal_class = _of_class(classes, 2 * width)

    def vertical(self, v: Tensor, labels: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the stack's output `(n, p, h, w)` and what it tells the horizontal one `(n, 2p, h, w)`."""
        # Output row i sees input rows up to i; the network's first input is shifted down, so up to i - 1 of the values.
        features = self.vertical_conv(F.pad(v, (self.reach, self.reach, self.reach, 0)))
        told = self.vertical_to_horizontal(features)
        if self.vertical_class is None or self.horizontal_class is None:
            return _gate(features), told
        mine, across = self.vertical_class(labels), self.horizontal_class(labels)
        return _gate(features + mine[:, :, None, None]), told + across[:, :, None, None]

    def horizontal(self, h: Tensor, from_above: Tensor) -> Tensor:
        """Return the residual stack's output `(n, p, h, w)` of whole rows."""
        padded = F.pad(h, (self.reach, 0)) if self.sees_itself else F.pad(h[..., :-1], (self.left, 0))
        return self.across(padded, h, from_above)

    def across(self, window: Tensor, h: Tensor, from_above: Tensor) -> Tensor:
        """Return the output `(n, p, h, w)` given what its positions see, `left - 1` columns more `(n, p, h, w + ...)`.

        Args:
            window: The columns up to the last one seen from the last position.
            h: The positions' own input, which a layer that sees itself adds.
            from_above: What the vertical stack tells of them `(n, 2p, h, w)`.
        """
        out: Tensor = self.horizontal_out(_gate(self.horizontal_conv(window) + from_above))
        return h + out if self.sees_itself else out


def _of_class(classes: int, width: int) -> nn.Embedding | None:
    """Return what a class adds to gates; the last one is for no class."""
    return nn.Embedding(classes + 1, width) if classes else None


def _gate(features: Tensor) -> Tensor:
    a, b = features.chunk(2, dim=1)
    return torch.tanh(a) * torch.sigmoid(b)


class GatedPixelCNN(nn.Module):
    """p(x) = prod_i p(x_i | values above and to the left), in raster order.

    Args:
        codes: Number K of different values.
        width: Channels of both stacks.
        layers: Gated layers; the first has a 7x7 field, the rest 3x3.
        classes: Number of classes, 0 for a network without them.
        colours: Values of a pixel that stand side by side in a row, each told from the others, such as 3 for RGB.
    """

    def __init__(self, codes: int, width: int, layers: int, *, classes: int = 0, colours: int = 1) -> None:
        super().__init__()
        self.codes, self.classes, self.colours = codes, classes, colours
        self.embedding = nn.Embedding(codes * colours, width)
        kernels = [7] + [3] * (layers - 1)
        self.layers = nn.ModuleList(
            _GatedLayer(width, kernel, sees_itself=index > 0, classes=classes) for index, kernel in enumerate(kernels)
        )
        self.logits = nn.Sequential(nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, codes, 1))

    def forward(self, indices: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return logits `(n, K, h, w)` of values `(n, h, w)` int64.

        Args:
            indices: The values.
            labels: Classes `(n,)`, `classes` itself for none; None for no class at all.
        """
        x, labels = self._embed(indices), self._known(labels, indices)
        h = x
        for layer, from_above in zip(self._gated, self._down(x, labels), strict=True):
            h = layer.horizontal(h, from_above)
        logits: Tensor = self.logits(h)
        return logits

    @property
    def _gated(self) -> list[_GatedLayer]:
        return list(self.layers)  # type: ignore[arg-type]  # ModuleList hides the class

    def _known(self, labels: Tensor | None, indices: Tensor) -> Tensor:
        return indices.new_full((len(indices),), self.classes) if labels is None else labels

    def _embed(self, indices: Tensor) -> Tensor:
        if self.colours > 1:
            indices = indices + self.codes * (torch.arange(indices.shape[-1], device=indices.device) % self.colours)
        embedded: Tensor = self.embedding(indices).permute(0, 3, 1, 2)  # (n, width, h, w)
        return embedded

    def _down(self, x: Tensor, labels: Tensor) -> list[Tensor]:
        """Run the vertical stack; row i of what it returns depends on the values of rows before i only."""
        v = F.pad(x, (0, 0, 1, 0))[:, :, :-1]
        told = []
        for layer in self._gated:
            v, from_above = layer.vertical(v, labels)
            told.append(from_above)
        return told

    def sample(
        self,
        n: int,
        height: int,
        width: int,
        generator: torch.Generator,
        *,
        labels: Tensor | None = None,
        temperature: float = 1.0,
    ) -> Tensor:
        """Draw values `(n, height, width)`, one position after the other.

        The vertical stack runs once for each row, over as many rows above as it sees, and the horizontal one at a
        single position at a time, on what it made of the positions before.

        Args:
            n: How many.
            height: Rows.
            width: Columns, of all colours.
            generator: The only source of randomness.
            labels: Classes to make `(n,)`, or None.
            temperature: What logits are divided by; 1 is the model.
        """
        indices = torch.zeros(n, height, width, dtype=torch.int64, device=generator.device)
        labels = self._known(labels, indices)
        reach = 1 + sum(layer.reach for layer in self._gated)
        for i in range(height):
            rows = self._embed(indices[:, max(0, i - reach) : i + 1])
            told = [part[:, :, -1:] for part in self._down(rows, labels)]
            self._draw_row(indices[:, i], told, generator, temperature)
        return indices

    def _draw_row(self, row: Tensor, told: list[Tensor], generator: torch.Generator, temperature: float) -> None:
        """Fill a row `(n, width)` from left to right, given what the vertical stack tells of it."""
        n, columns = row.shape
        pads = [layer.reach for layer in self._gated]
        seen = [
            told[0].new_zeros(n, part.shape[1] // 2, 1, pad + columns) for pad, part in zip(pads, told, strict=True)
        ]
        for j in range(columns):
            h = seen[0][..., :1]
            for place, (layer, part) in enumerate(zip(self._gated, told, strict=True)):
                if place > 0:
                    seen[place][..., pads[place] + j : pads[place] + j + 1] = h
                window = seen[place][..., j : j + layer.left]
                h = layer.across(window, h, part[..., j : j + 1])
            chances = (self.logits(h)[:, :, 0, 0].float() / temperature).softmax(1)
            row[:, j] = torch.multinomial(chances, 1, generator=generator)[:, 0]
            seen[0][..., pads[0] + j] = self.embedding(row[:, j] + self.codes * (j % self.colours))[:, :, None]
