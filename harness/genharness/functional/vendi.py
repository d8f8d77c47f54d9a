"""The Vendi score: the effective number of distinct samples, of any order (Friedman and Dieng 2023; Pasarkar 2024)."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features
from genharness.functional.sampling_error import jackknife_error

__all__ = ["vendi_error", "vendi_from_kernel", "vendi_score"]

_GROUPS = 20


def vendi_score(features: ArrayLike, *, order: float = 1.0) -> float:
    """Return the Vendi score of features under the cosine kernel.

    Friedman and Dieng 2023, definition 3.1, is that of order 1: exp(-sum_i l_i ln l_i) over the eigenvalues l of K / n,
    K the cosine similarities. Of order q it is (sum_i l_i^q)^(1 / (1 - q)) (Pasarkar and Dieng 2024, equation 2): the
    higher the order, the less rare samples count; infinity asks for the commonest alone. The eigenvalues are also those
    of the covariance-like matrix X'X / n of the unit rows X, which is the smaller one where n exceeds d.

    A row of zeros has no direction: such rows count as equal to each other and as unlike all others.

    Args:
        features: `(n, d)`.
        order: Above 0; infinity is one.

    Returns:
        A number in 1..min(n, d + 1): 1 where all rows point the same way, n where all are orthogonal.

    Raises:
        ValueError: `features` is not a matrix, empty or not finite, or the order is not above 0.

    Example:
        >>> round(vendi_score(np.eye(4)), 6), round(vendi_score(np.ones((4, 7))), 6)
        (4.0, 1.0)
        >>> common = np.eye(2)[[0, 0, 0, 1]]  # shares of 3/4 and 1/4: 1 / (9/16 + 1/16)
        >>> round(vendi_score(common, order=2), 6)
        1.6
    """
    return _effective_number(torch.linalg.eigvalsh(_moments(as_features(features, "features"))), _checked(order))


def vendi_error(features: ArrayLike, *, order: float = 1.0) -> float:
    """Return the standard error of the Vendi score over other samples.

    With rho = X'X / n, the influence of a sample x on tr f(rho) is x' f'(rho) x less its mean (infinitesimal
    jackknife): eigenvectors give it, and no sample is left out. Up to two samples a dimension each sample adds to the
    score by being there, which no derivative sees: then 20 groups of samples are left out in turn.

    Args:
        features: `(n, d)`, n at least 2.
        order: As in `vendi_score`.

    Raises:
        ValueError: As `vendi_score`; or there is one row.

    Example:
        Two orthogonal kinds, of shares p and 1 - p: of order 2 the score is 1 / (p^2 + (1 - p)^2), whose derivative is
        -(4 p - 2) times its square, and a share of n = 8 has the error sqrt(p (1 - p) / 8).

        >>> kinds = np.eye(2)[[0, 0, 0, 0, 0, 0, 1, 1]]
        >>> round(vendi_error(kinds, order=2) / (1.6**2 * (3 / 16 / 8) ** 0.5), 6)
        1.0
    """
    rows, q = as_features(features, "features"), _checked(order)
    if len(rows) < 2:
        raise NotDefinedError("features must be at least 2 to have an error, not 1")
    if len(rows) <= 2 * rows.shape[1]:
        order_of = np.random.default_rng(0).permutation(len(rows))
        groups = np.array_split(order_of, min(len(rows), _GROUPS))
        kept = [np.setdiff1d(order_of, group) for group in groups]
        return jackknife_error(np.array([vendi_score(rows[torch.from_numpy(some)], order=q) for some in kept]))
    values, vectors = torch.linalg.eigh(_moments(rows))
    values = values.clamp(min=0)
    held = values > len(values) * torch.finfo(values.dtype).eps
    slope = torch.zeros_like(values)
    slope[held] = _slope(values[held], q)
    influence = torch.cat([(_unit_rows(part) @ vectors).square() @ slope for part in rows.split(4096)])
    return _effective_number(values, q) * influence.std(correction=0).item() / math.sqrt(len(rows))


def _slope(values: Tensor, order: float) -> Tensor:
    """Return the derivative of the logarithm of the score with respect to each eigenvalue, but for a constant."""
    if order == 1:
        return -values.log()
    if math.isinf(order):
        return torch.where(values == values.max(), -1 / values, 0)
    return order / (1 - order) * values.pow(order - 1) / values.pow(order).sum()


def _checked(order: float) -> float:
    if not order > 0:
        raise ValueError(f"order must be above 0, not {order}")
    return float(order)


def _moments(rows: Tensor) -> Tensor:
    """Return the smaller of K / n and X'X / n for the unit rows X."""
    n, d = rows.shape
    if n <= d:
        unit = _unit_rows(rows)
        return unit @ unit.T / n
    parts = [_unit_rows(part) for part in rows.split(4096)]
    return sum((part.T @ part for part in parts[1:]), parts[0].T @ parts[0]) / n


def _unit_rows(rows: Tensor) -> Tensor:
    # Scaling by the largest entry first keeps squares from overflowing and underflowing.
    wide = rows.double()
    largest = wide.abs().amax(1, keepdim=True)
    zero = largest == 0
    unit = normalize(wide / largest.masked_fill(zero, 1), dim=1)
    return torch.cat([unit, zero.to(unit.dtype)], 1)


def vendi_from_kernel(kernel: ArrayLike, *, order: float = 1.0) -> float:
    """Return the Vendi score of a similarity matrix.

    Args:
        kernel: `(n, n)`, symmetric, positive semidefinite, ones on the diagonal.
        order: As in `vendi_score`.

    Returns:
        A number in 1..n.

    Raises:
        ValueError: `kernel` is not a finite square matrix, not symmetric, not 1 on its diagonal, or has a negative
            eigenvalue beyond rounding; or the order is not above 0.

    Example:
        >>> kernel = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])  # two alike and one on its own
        >>> round(vendi_from_kernel(kernel), 4)  # exp of the entropy of (2/3, 1/3)
        1.8899
    """
    table = as_features(kernel, "kernel").double()
    if table.shape[0] != table.shape[1]:
        raise ValueError(f"kernel must be square, not {tuple(table.shape)}")
    if (asymmetry := (table - table.T).abs().max().item()) > 1e-6:
        raise ValueError(f"kernel must be symmetric; entries differ from their mirror image by {asymmetry:.3g}")
    if (off := (table.diagonal() - 1).abs().max().item()) > 1e-6:
        raise ValueError(f"kernel must have ones on its diagonal; an entry is off by {off:.3g}")
    eigenvalues = torch.linalg.eigvalsh(table / len(table))
    if (least := eigenvalues.min().item()) < -1e-6:
        raise ValueError(f"kernel must be positive semidefinite; an eigenvalue of kernel / n is {least:.3g}")
    return _effective_number(eigenvalues, _checked(order))


def _effective_number(eigenvalues: Tensor, order: float) -> float:
    values = eigenvalues.clamp(min=0)
    if order == 1:
        return torch.exp(torch.special.entr(values).sum()).item()
    if math.isinf(order):
        return 1 / values.max().item()
    return float(values.pow(order).sum().item() ** (1 / (1 - order)))
