"""Whitening by the covariance of the data: a flow that begins as the Gaussian of its pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from genharness.functional.parallel import ieee_products
from genharness_model_flow.invertible import Invertible

__all__ = ["MOST_DIMENSIONS", "CovarianceNorm"]

MOST_DIMENSIONS = 4096
"""Numbers of a picture up to which its covariance is taken; a square matrix of more is not worth its memory."""
LEAST_VARIANCE = 1e-6


class CovarianceNorm(Invertible):
    """z = C^(-1/2) (x - mean), with the mean and the covariance C of the data; neither is learnt.

    Among all the matrices that whiten, the symmetric one leaves each number closest to what it was (Kessy, Lewin and
    Strimmer 2018, arXiv:1512.00809, ZCA): couplings find neighbours side by side. Before any of them has learnt a
    thing, the way back makes of white noise what a Gaussian with the data's covariance makes, lungs where lungs are.

    It has to be the whole covariance of what is trained on. A direction in which pictures, being few, hardly differ is
    one more that the flow finds narrow; shrinking C towards its diagonal would leave it so, and what a flow knows of
    variances is of channels: it takes some off all directions, and draws pictures that are too much alike.

    Products have whole float32 mantissas in every precision: where neighbours are much alike, what tells them apart is
    scaled up by hundreds.

    Until `fit` it is the identity.

    Args:
        shape: `(c, h, w)` of the pictures.
    """

    mean: Tensor
    whitening: Tensor
    colouring: Tensor
    log_det: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        dimensions = math.prod(shape)
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("whitening", torch.eye(dimensions))
        self.register_buffer("colouring", torch.eye(dimensions))
        self.register_buffer("log_det", torch.zeros(()))

    @torch.no_grad()
    def fit(self, blocks: Iterable[Tensor]) -> None:
        """Take mean and covariance of pictures in blocks `(n, c, h, w)`, many more of them than they have numbers.

        Blocks are joined as Chan, Golub and LeVeque (1983) do, in float64.
        """
        count, mean = 0, self.mean.double()
        scatter = torch.zeros_like(self.whitening, dtype=torch.float64)
        for block in blocks:
            rows = block.flatten(1)
            there = rows.mean(0, dtype=torch.float64)
            centred = rows - there
            step, n = there - mean, len(rows)
            with ieee_products():
                scatter += (centred.to(rows.dtype).T @ centred.to(rows.dtype)).double()
            scatter += torch.outer(step, step) * (count * n / (count + n))
            mean = mean + step * (n / (count + n))
            count += n
        variances, directions = torch.linalg.eigh(scatter / (count - 1))
        deviations = variances.clamp(min=LEAST_VARIANCE).sqrt()
        self.mean.copy_(mean)
        self.whitening.copy_(directions / deviations @ directions.T)
        self.colouring.copy_(directions * deviations @ directions.T)
        self.log_det.copy_(-deviations.log().sum())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, h, w)`; a picture gains -log det C / 2."""
        with ieee_products():
            z = (x.flatten(1) - self.mean) @ self.whitening
        return z.view_as(x), self.log_det.expand(len(x))

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, h, w)`."""
        with ieee_products():
            return (z.flatten(1) @ self.colouring + self.mean).view_as(z)
