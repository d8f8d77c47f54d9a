"""p(x|z): what a decoder's output says of a sample."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genharness import DataShape

__all__ = ["BernoulliLikelihood", "GaussianLikelihood", "Likelihood", "likelihood"]

RUNNING_DECAY = 0.98
VARIANCE_FLOOR = 1e-5
"""Sigma of 0.4 grey levels: constant data must not drive the likelihood to infinity."""


class BernoulliLikelihood(nn.Module):
    """Each pixel, as a grey level in [0, 1], is the probability of a coin; the output is its logit.

    The loss of Kingma and Welling (2014, appendix C.1) and of most code since. Grey levels are no coin tosses:
    this is no density of pixel values, and there are no bits per dimension.
    """

    is_density = False

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return log p(x|z) in nats `(n,)` of samples in [-1, 1]."""
        losses = F.binary_cross_entropy_with_logits(output.float(), (x + 1) / 2, reduction="none")
        return -losses.flatten(1).sum(1)

    def mean(self, output: Tensor) -> Tensor:
        """Return the mean of p(x|z) as an image in [-1, 1]."""
        return 2 * output.float().sigmoid() - 1


class GaussianLikelihood(nn.Module):
    """N(output, sigma^2) with one sigma for all pixels: the optimal sigma-VAE (Rybkin et al. 2021, arXiv:2006.13202).

    Unless it is given, sigma^2 in training is the batch's mean squared error, which maximises the likelihood for the
    decoder as it is (their equation 6); its running mean stands in for it in eval mode. A larger sigma leaves fewer
    details to the code: a looser bound, and samples that differ less from reconstructions.

    Args:
        bounded: Whether the mean is confined to [-1, 1].
        sigma: Standard deviation, or None to fit it.
    """

    is_density = True
    variance: Tensor

    def __init__(self, *, bounded: bool, sigma: float | None = None) -> None:
        super().__init__()
        self.bounded = bounded
        self.fitted = sigma is None
        self.register_buffer("variance", torch.tensor(1.0 if sigma is None else sigma**2))

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """Return log p(x|z) in nats `(n,)`."""
        squares = ((x - self._centre(output)) ** 2).flatten(1)
        variance = self._batch_variance(squares) if self.training and self.fitted else self.variance
        dimensions = squares.shape[1]
        return -0.5 * (squares.sum(1) / variance + dimensions * torch.log(2 * math.pi * variance))

    def mean(self, output: Tensor) -> Tensor:
        """Return the mean of p(x|z)."""
        return self._centre(output)

    def _centre(self, output: Tensor) -> Tensor:
        return output.float().tanh() if self.bounded else output.float()

    def _batch_variance(self, squares: Tensor) -> Tensor:
        variance = squares.mean().clamp(min=VARIANCE_FLOOR)
        self.variance.lerp_(variance.detach(), 1 - RUNNING_DECAY)
        return variance


Likelihood = BernoulliLikelihood | GaussianLikelihood


def likelihood(name: Literal["bernoulli", "gaussian"], sigma: float | None, data: DataShape) -> Likelihood:
    """Return p(x|z) by the option's name; a table is always Gaussian."""
    if name == "bernoulli" and data.modality == "image":
        return BernoulliLikelihood()
    return GaussianLikelihood(bounded=data.modality == "image", sigma=sigma)
