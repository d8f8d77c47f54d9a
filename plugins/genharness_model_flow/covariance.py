"""Whitening by the covariance of the data: a flow that begins as the Gaussian of its pictures."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genharness_model_flow.invertible import Invertible

__all__ = ["MOST_DIMENSIONS", "MOST_ROWS", "CovarianceNorm"]

MOST_DIMENSIONS = 4096
"""Numbers of a picture up to which its covariance is taken; a square matrix of more is not worth its memory."""
MOST_ROWS = 10_000
"""Pictures, evenly spaced through the data, that the covariance is of."""
SHRINKAGE = 0.02
"""Share of the covariance that is replaced by its diagonal: fewer pictures than pixels leave directions without any."""


class CovarianceNorm(Invertible):
    """z = C^(-1/2) (x - mean), with the mean and the covariance C of the data; neither is learnt.

    Among all the matrices that whiten, the symmetric one leaves each number closest to what it was (Kessy, Lewin and
    Strimmer 2018, arXiv:1512.00809, ZCA): couplings find neighbours side by side. Before any of them has learnt a
    thing, the way back makes of white noise what a Gaussian with the data's covariance makes, lungs where lungs are.

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
    def fit(self, x: Tensor) -> None:
        """Take mean and covariance of pictures `(n, c, h, w)`, two at least."""
        rows = x.flatten(1).double()
        mean = rows.mean(0)
        covariance = torch.cov(rows.T)
        covariance.mul_(1 - SHRINKAGE).diagonal().mul_(1 / (1 - SHRINKAGE))
        variances, directions = torch.linalg.eigh(covariance)
        deviations = variances.clamp(min=1e-6).sqrt()
        self.mean.copy_(mean)
        self.whitening.copy_(directions / deviations @ directions.T)
        self.colouring.copy_(directions * deviations @ directions.T)
        self.log_det.copy_(-deviations.log().sum())

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map `(n, c, h, w)`; a picture gains -log det C / 2."""
        z = (x.flatten(1) - self.mean) @ self.whitening
        return z.view_as(x), self.log_det.expand(len(x))

    def inverse(self, z: Tensor) -> Tensor:
        """Map `(n, c, h, w)`."""
        return (z.flatten(1) @ self.colouring + self.mean).view_as(z)
