"""Frechet distance of Gaussians fitted to features, exact in float64 and never complex.

The trace of (S1 S2)^(1/2) is the sum of the singular values of F1 F2', where S = F'F. Up to d samples, F is the
centred samples and the product is small. Beyond, with S1 = L L', it is the sum of the roots of the eigenvalues of
L' S2 L. Eigenvalues are several times faster than singular values, but a root doubles the share of an eigenvalue that
is rounding: where an estimate of that matters, the singular values are taken.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from scipy.linalg import lapack

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike
from genharness.functional.gaussian import (
    SMALL_WIDTH,
    FloatArray,
    GaussianStatistics,
    blas_threads,
    centred_rows,
    sample_rows,
)

__all__ = ["GaussianStatistics", "frechet_distance", "frechet_distance_from_statistics"]

_TOLERATED_ERROR = 1e-6
"""Relative; the estimate is about a hundred times the error that is seen."""


def frechet_distance(real: ArrayLike, fake: ArrayLike) -> float:
    """Return the squared Frechet distance between Gaussians fitted to two sets of features.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)), with unbiased covariances. Heusel et al. 2017, "GANs Trained by a Two
    Time-Scale Update Rule Converge to a Local Nash Equilibrium", equation 6; Dowson and Landau 1982.

    Args:
        real: Features `(n, d)`, n >= 2; n may be smaller than d.
        fake: Features `(m, d)`, m >= 2. Both are taken to the CPU; memory beyond them is O(d^2).

    Returns:
        The distance, at least 0, in squared units of the features. Symmetric in its arguments.

    Raises:
        TypeError: Features are not real numbers.
        ValueError: Features are not a matrix, fewer than two, not finite, too large, or of different widths.

    Example:
        >>> real = np.random.default_rng(0).normal(size=(500, 8))  # (n, d)
        >>> fake = real + np.array([3, 4, 0, 0, 0, 0, 0, 0])  # another mean, the same covariance
        >>> round(frechet_distance(real, fake), 6)
        25.0
    """
    a, b = sample_rows(real, "real"), sample_rows(fake, "fake")
    width = a.shape[1]
    _check_widths(width, b.shape[1])
    if max(len(a), len(b)) > width:
        return frechet_distance_from_statistics(GaussianStatistics.fit(a, "real"), GaussianStatistics.fit(b, "fake"))
    with blas_threads(width), np.errstate(over="ignore", invalid="ignore"):
        (mean_a, rows_a), (mean_b, rows_b) = centred_rows(a), centred_rows(b)
        traces = float(np.vdot(rows_a, rows_a) + np.vdot(rows_b, rows_b))
        plain = _without_root(mean_a, mean_b, traces)
        return _distance(plain, lambda: _roots_of_product(rows_a, rows_b), lambda: _nuclear_norm(rows_a, rows_b))


def frechet_distance_from_statistics(a: GaussianStatistics, b: GaussianStatistics) -> float:
    """Return the squared Frechet distance between two Gaussians.

    Give the statistics that are used again first: the factor of their covariance is computed once and kept.

    Args:
        a: Statistics of width d.
        b: Statistics of width d.

    Returns:
        The distance, at least 0.

    Raises:
        ValueError: The widths differ, or the values are so large that squares overflow.

    Example:
        >>> a = GaussianStatistics(mean=np.zeros(2), covariance=np.eye(2))
        >>> b = GaussianStatistics(mean=np.zeros(2), covariance=4 * np.eye(2))
        >>> round(frechet_distance_from_statistics(a, b), 6)  # (1 - 2)^2 in each of two directions
        2.0
    """
    _check_widths(a.width, b.width)
    with blas_threads(a.width), np.errstate(over="ignore", invalid="ignore"):
        plain = _without_root(a.mean, b.mean, float(np.trace(a.covariance) + np.trace(b.covariance)))
        return _distance(plain, lambda: _roots_of_statistics(a, b), lambda: _nuclear_norm(a.factor, b.factor))


def _distance(plain: float, fast: Callable[[], tuple[float, float]], exact: Callable[[], float]) -> float:
    """Return `plain` less twice the trace of the root: the fast one, unless its error matters beside the distance."""
    root_trace, error = fast()
    if not 2 * error <= _TOLERATED_ERROR * (plain - 2 * root_trace):
        root_trace = exact()
    return max(0.0, plain - 2 * root_trace)


def _roots_of_statistics(a: GaussianStatistics, b: GaussianStatistics) -> tuple[float, float]:
    """Return tr((S1 S2)^(1/2)) by the eigenvalues of L' S2 L, and an estimate of its rounding error."""
    if a.cholesky is None or b.rows is not None:
        return _roots_of_product(a.factor, b.factor)
    product, _ = lapack.dsygst(b.covariance.T, a.cholesky, itype=2, lower=1)
    return _root_sum(_eigenvalues(product))


def _roots_of_product(a: FloatArray, b: FloatArray) -> tuple[float, float]:
    """Return the sum of the singular values of F1 F2' and an estimate of its rounding error."""
    if min(len(a), len(b)) <= SMALL_WIDTH:
        return _nuclear_norm(a, b), 0.0
    few, many = sorted((a, b), key=len)
    product = _product(few, many)
    return _root_sum(_eigenvalues(_product(product, product)))


def _root_sum(eigenvalues: FloatArray) -> tuple[float, float]:
    """Return the sum of roots, and an estimate of its error: each eigenvalue is rounded as much as the largest is."""
    eigenvalues = np.maximum(eigenvalues, 0)
    rounding = np.finfo(np.float64).eps * eigenvalues[-1]
    roots = np.sqrt(eigenvalues)
    if rounding < np.finfo(np.float64).tiny and eigenvalues.size:  # underflow: the digits are gone
        return float(roots.sum()), np.inf
    # |sqrt(x + e) - sqrt(x)| = e / (sqrt(x + e) + sqrt(x))
    return float(roots.sum()), float((rounding / (roots + np.sqrt(rounding))).sum()) if rounding else 0.0


# Large matrices go to torch, whose BLAS and LAPACK are the faster ones in its usual builds, with nothing of numpy's in
# between: each library's threads slow the other's for a while. Small ones go to numpy, whose threads are held.


def _product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return a b'."""
    if min(len(a), len(b)) <= SMALL_WIDTH:
        return np.asarray(a @ b.T)
    found: FloatArray = (torch.from_numpy(a) @ torch.from_numpy(b).T).numpy()
    return found


def _nuclear_norm(a: FloatArray, b: FloatArray) -> float:
    """Return the sum of the singular values of a b'."""
    product = _product(a, b)
    if min(product.shape) <= SMALL_WIDTH:
        return float(np.linalg.svd(product, compute_uv=False).sum())
    return float(torch.linalg.svdvals(torch.from_numpy(product)).sum())


def _eigenvalues(symmetric: FloatArray) -> FloatArray:
    """Return the eigenvalues, ascending; only the lower triangle is read."""
    if len(symmetric) <= SMALL_WIDTH:
        return np.asarray(np.linalg.eigvalsh(symmetric), np.float64)
    found: FloatArray = torch.linalg.eigvalsh(torch.from_numpy(symmetric)).numpy()
    return found


def _without_root(mean_a: FloatArray, mean_b: FloatArray, traces: float) -> float:
    """Return |m1 - m2|^2 + tr(S1 + S2), once it is sure that products of S1 and S2 cannot overflow."""
    difference = mean_a - mean_b
    plain = float(difference @ difference) + traces
    if not np.isfinite(np.square(plain)):
        raise NotDefinedError("features hold values so large that their squares overflow: scale them down")
    return plain


def _check_widths(real: int, fake: int) -> None:
    if real != fake:
        raise NotDefinedError(f"fake has {fake} columns where real has {real}: both must come from one extractor")
