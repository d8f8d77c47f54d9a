"""Gaussian mixtures, one for each group of samples, that a model can hold in its buffers and sample from."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from torch import Tensor, nn

from genharness.functional.checks import legacy_seed
from genharness.kit.blocks import random_normal

__all__ = ["GaussianMixtures"]


class GaussianMixtures(nn.Module):
    """p(x | group) = sum_k weight_k N(x; mean_k, factor_k factor_k'), fitted by scikit-learn's EM.

    Until it is fitted every group is the standard normal distribution.

    Args:
        groups: Number of mixtures, such as one for each class.
        components: Gaussians in each.
        dimensions: Dimensions of a sample.

    Attributes:
        weights: `(groups, components)`.
        means: `(groups, components, dimensions)`.
        factors: Lower Cholesky factors of the covariances, `(groups, components, dimensions, dimensions)`.
    """

    weights: Tensor
    means: Tensor
    factors: Tensor

    def __init__(self, groups: int, components: int, dimensions: int) -> None:
        super().__init__()
        shape = (groups, components)
        self.register_buffer("weights", torch.full(shape, 1 / components))
        self.register_buffer("means", torch.zeros(*shape, dimensions))
        self.register_buffer("factors", torch.eye(dimensions).expand(*shape, -1, -1).clone())

    def fit(self, x: NDArray[Any], group: NDArray[np.int64] | None, *, reg_covar: float, seed: int) -> None:
        """Fit the mixture of every group.

        Args:
            x: Samples `(n, dimensions)`.
            group: Group of each sample `(n,)`; None where there is one group.
            reg_covar: Added to the diagonal of every covariance, > 0.
            seed: Seed of the initial k-means.

        Raises:
            ValueError: If a group has fewer samples than components or than two, or its covariance is singular.
        """
        for index in range(len(self.weights)):
            members = x if group is None else x[group == index]
            needed = max(2, self.weights.shape[1])
            if len(members) < needed:
                raise ValueError(f"group {index} has {len(members)} samples, and its mixture needs {needed}")
            self._fit_group(index, members, reg_covar, seed)

    def _fit_group(self, index: int, members: NDArray[Any], reg_covar: float, seed: int) -> None:
        components = self.weights.shape[1]
        mixture = GaussianMixture(components, reg_covar=reg_covar, random_state=legacy_seed(seed), max_iter=200)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # nearly converged is as good a density to sample from
            mixture.fit(members.astype(np.float64))
        factors = np.linalg.cholesky(mixture.covariances_)
        for buffer, values in ((self.weights, mixture.weights_), (self.means, mixture.means_), (self.factors, factors)):
            buffer[index] = torch.from_numpy(values)

    def widen(self, variances: Tensor) -> None:
        """Add variances `(dimensions,)` to the diagonal of every covariance."""
        covariances = self.factors @ self.factors.mT + torch.diag(variances.to(self.factors))
        self.factors.copy_(torch.linalg.cholesky(covariances))

    def sample(self, group: Tensor, generator: torch.Generator) -> Tensor:
        """Return one sample of each of the given groups `(n,)`, `(n, dimensions)`."""
        component = torch.multinomial(self.weights[group], 1, generator=generator)[:, 0]
        noise = random_normal(len(group), self.means.shape[-1], generator=generator)
        return self.means[group, component] + (self.factors[group, component] @ noise[:, :, None])[:, :, 0]

    def log_prob(self, x: Tensor) -> Tensor:
        """Return log p(x | group) in nats, `(n, groups)`, of samples `(n, dimensions)`."""
        centred = x[:, None, None, :, None] - self.means[None, ..., None]
        white = torch.linalg.solve_triangular(self.factors, centred, upper=False)[..., 0]
        log_det = self.factors.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        log_gauss = -0.5 * (white**2).sum(-1) - log_det - 0.5 * x.shape[1] * math.log(2 * math.pi)
        return torch.logsumexp(self.weights.log() + log_gauss, dim=-1)
