"""Cells of feature space: k-means centres, and the cell that every row falls in."""

from __future__ import annotations

import math
import warnings

import torch
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_whole, legacy_seed
from genharness.functional.prdc import nearest

__all__ = ["cell_counts", "cells_of", "kmeans_centres"]


def kmeans_centres(features: ArrayLike, cells: int, seed: int, *, name: str = "features") -> Tensor:
    """Return the centres of k-means++ clusters, fitted by scikit-learn on the CPU.

    Args:
        features: `(n, d)`.
        cells: Number of clusters, in 1..n.
        seed: Seed of the initial centres.
        name: What to call `features` in an error.

    Returns:
        Centres `(cells, d)`, of the type and on the device of `features`.

    Raises:
        ValueError: `features` is not a matrix, empty or not finite, or has fewer distinct rows than `cells`.

    Example:
        >>> features = np.array([[0.0], [0.2], [10.0], [10.2]])
        >>> kmeans_centres(features, cells=2, seed=0).sort(dim=0).values.flatten()
        tensor([ 0.1000, 10.1000], dtype=torch.float64)
    """
    rows = as_features(features, name)
    if check_whole(cells, "cells") > len(rows):
        raise NotDefinedError(f"cells = {cells} need at least {cells} rows in {name}, which has {len(rows)}")
    scale = _scale(rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            fitted = KMeans(cells, n_init=1, random_state=legacy_seed(seed)).fit((rows * scale).cpu().numpy())
        except ConvergenceWarning as fewer:
            raise NotDefinedError(f"cells = {cells} are more than the distinct rows of {name}") from fewer
    return torch.from_numpy(fitted.cluster_centers_).to(rows.device, rows.dtype) / scale


def _scale(rows: Tensor) -> float:
    """Return a power of two by which squares of the rows neither overflow nor vanish; 1 where they do not as it is."""
    most = rows.abs().max().item()
    return 1.0 if 1e-6 < most < 1e6 or most == 0 else 2.0 ** -math.frexp(most)[1]


def cells_of(features: ArrayLike, centres: Tensor) -> Tensor:
    """Return the index of the nearest centre `(n,)` int64 for every row `(n, d)`.

    Example:
        >>> cells_of(np.array([[9.0], [1.0]]), torch.tensor([[0.0], [10.0]]))
        tensor([1, 0])
    """
    return nearest(features, centres)[1][:, 0]


def cell_counts(features: ArrayLike, centres: Tensor) -> Tensor:
    """Return how many rows `(n, d)` fall in each cell, int64 `(cells,)`.

    Example:
        >>> cell_counts(np.array([[9.0], [1.0], [8.0]]), torch.tensor([[0.0], [10.0]]))
        tensor([1, 2])
    """
    return torch.bincount(cells_of(features, centres), minlength=len(centres))
