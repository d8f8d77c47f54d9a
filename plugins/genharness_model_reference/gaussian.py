"""A Gaussian over raw pixels: what means and covariances alone can do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness import DataShape, RunError
from genharness.functional.gaussian import GaussianStatistics, centred_rows
from genharness.kit import GenerativeModel
from genharness.kit.blocks import random_normal

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["EXACT_DIMENSIONS", "Gaussian", "leading_components"]

EXACT_DIMENSIONS = 3072
"""Up to here (32x32x3) the covariance is exact; a square matrix of more would not be worth its memory."""
COMPONENTS = 512
"""Principal components that stand for the covariance of more dimensions."""
ITERATIONS = 2
_BLOCK_ROWS = 1024


class Gaussian(GenerativeModel):
    """N(mean, covariance) of the training split; samples of images are clamped to [-1, 1].

    Above `EXACT_DIMENSIONS` the covariance is that of the `COMPONENTS` leading principal components, and what they
    leave of a pixel's variance is added as independent noise, so that every variance is exact.
    A sample is mean + z'factor + residual * noise, z and noise standard normal.
    """

    mean: Tensor
    factor: Tensor
    residual: Tensor

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        dimensions = math.prod(data.shape)
        self.register_buffer("mean", torch.zeros(dimensions))
        self.register_buffer("factor", torch.zeros(0, dimensions))
        self.register_buffer("residual", torch.zeros(dimensions))

    def fit(self, data: PreparedData) -> None:
        """Fit to the training split."""
        rows = np.reshape(data.samples("train"), (len(data.samples("train")), -1))
        if rows.shape[1] <= EXACT_DIMENSIONS:
            statistics = GaussianStatistics.fit(rows)
            mean, factor, residual = statistics.mean, statistics.factor, np.zeros(rows.shape[1])
        elif len(rows) <= COMPONENTS:
            mean, factor = centred_rows(rows)
            residual = np.zeros(rows.shape[1])
        else:
            mean, factor, residual = leading_components(rows, COMPONENTS)
        if self.data.modality == "image":
            mean, factor, residual = mean / 127.5 - 1, factor / 127.5, residual / 127.5
        for name, value in (("mean", mean), ("factor", factor), ("residual", residual)):
            setattr(self, name, torch.tensor(value, dtype=torch.float32, device=self.device))

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return n samples `(n, ...)`; `labels` mean nothing here.

        Raises:
            RunError: If nothing is fitted yet.
        """
        if len(self.factor) == 0:
            raise RunError("gaussian is not fitted: call fit(data) before sample()")
        coloured = random_normal(n, len(self.factor), generator=generator) @ self.factor
        white = random_normal(n, len(self.residual), generator=generator) * self.residual
        x = (self.mean + coloured + white).reshape(n, *self.data.shape)
        return x.clamp(-1, 1) if self.data.modality == "image" else x

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Take the rank of the factor from the checkpoint: only the data knows it."""
        if f"{prefix}factor" in state_dict:
            self.factor = torch.empty_like(state_dict[f"{prefix}factor"], device=self.device)
        super()._load_from_state_dict(state_dict, prefix, *args)


def leading_components(rows: NDArray[Any], rank: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the leading part of a covariance by randomised subspace iteration (Halko et al. 2011, algorithm 4.4).

    Memory is O(rank * d), whatever the number of rows.

    Args:
        rows: Samples `(n, d)`, read in blocks.
        rank: Components to keep, at most d.

    Returns:
        Mean `(d,)`, factor `(rank, d)`, and the standard deviations `(d,)` that the factor leaves unexplained.
    """
    mean = rows.mean(axis=0, dtype=np.float64)
    centre = torch.from_numpy(mean).float()
    basis = torch.linalg.qr(torch.randn(rows.shape[1], rank)).Q
    for _ in range(ITERATIONS):
        basis = torch.linalg.qr(_covariance_times(rows, centre, basis)).Q
    inner = basis.T @ _covariance_times(rows, centre, basis)
    variances, axes = torch.linalg.eigh((inner + inner.T) / 2)
    factor = (basis @ axes * variances.clamp(min=0).sqrt()).T.numpy()
    unexplained = np.maximum(_variances(rows, mean) - (factor.astype(np.float64) ** 2).sum(axis=0), 0)
    return mean, factor, np.sqrt(unexplained)


def _covariance_times(rows: NDArray[Any], centre: Tensor, basis: Tensor) -> Tensor:
    product = torch.zeros_like(basis)
    for block in _blocks(rows):
        centred = torch.from_numpy(block.astype(np.float32)) - centre
        product += centred.T @ (centred @ basis)
    return product / (len(rows) - 1)


def _variances(rows: NDArray[Any], mean: NDArray[Any]) -> NDArray[Any]:
    squares = sum(((block - mean) ** 2).sum(axis=0) for block in _blocks(rows))
    return np.asarray(squares / (len(rows) - 1))


def _blocks(rows: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(rows), _BLOCK_ROWS):
        yield rows[start : start + _BLOCK_ROWS]
