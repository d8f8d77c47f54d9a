"""Uniform noise."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genharness.kit import GenerativeModel

__all__ = ["Noise"]


class Noise(GenerativeModel):
    """Independent uniform values: pixels over [-1, 1]; columns of a table with mean 0 and variance 1."""

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return noise `(n, ...)`; `labels` mean nothing here."""
        half_width = 1.0 if self.data.modality == "image" else math.sqrt(3.0)
        uniform = torch.rand(n, *self.data.shape, generator=generator, device=generator.device)
        return (2 * uniform - 1) * half_width
