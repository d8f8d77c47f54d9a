"""Neighbouring grey levels taken for one, and told apart again by how often each is."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genharness.kit.dequantise import GreyLevels

__all__ = ["MergedLevels"]


class MergedLevels(nn.Module):
    """p(level) = p(merged level) p(level | merged level), the second factor by the shares of levels in training.

    A merged level stands for those of the data that are nearest to it. Every level counts once before training, so
    that none is impossible.

    Args:
        levels: Of the data.
        count: Merged levels, 2 to as many as the data has.
    """

    counts: Tensor
    merged: Tensor

    def __init__(self, levels: GreyLevels, count: int) -> None:
        super().__init__()
        self.count = count
        self.register_buffer("counts", torch.ones(levels.count, dtype=torch.float64))
        merged = GreyLevels(count).indices(levels.images(torch.arange(levels.count)))
        self.register_buffer("merged", merged, persistent=False)

    def merge(self, values: Tensor) -> Tensor:
        """Return the merged level of each level of the data `(n, ...)`, both int64."""
        return self.merged[values]

    def see(self, values: Tensor) -> None:
        """Count levels `(n, ...)` of training images."""
        seen = values.flatten()
        self.counts.index_add_(0, seen, torch.ones_like(seen, dtype=self.counts.dtype))

    def nats(self, values: Tensor) -> Tensor:
        """Return -log p(level | merged level) of levels `(n, ...)`."""
        return (self._totals()[self.merged] / self.counts).log().float()[values]

    def draw(self, merged: Tensor, generator: torch.Generator) -> Tensor:
        """Return levels of the data `(n, ...)` that merged ones stand for, at random."""
        upper, totals = self.counts.cumsum(0), self._totals()
        below = totals.cumsum(0) - totals
        u = torch.rand(merged.shape, generator=generator, device=merged.device, dtype=torch.float64)
        values = torch.searchsorted(upper, below[merged] + u * totals[merged], right=True)
        last = torch.searchsorted(self.merged, merged, right=True) - 1  # where rounding reached the next
        return values.minimum(last)

    def _totals(self) -> Tensor:
        """Return the counts of merged levels."""
        totals = self.counts.new_zeros(self.count)
        return totals.index_add_(0, self.merged, self.counts)
