"""The Vendi score: the effective number of distinct samples (Friedman and Dieng 2023, definition 3.1)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from genharness.functional.checks import ArrayLike, as_features

__all__ = ["vendi_from_kernel", "vendi_score"]


def vendi_score(features: ArrayLike) -> float:
    """Return the Vendi score of features under the cosine kernel.

    exp(-sum_i l_i ln l_i) over the eigenvalues l of K / n, K the cosine similarities. They are also those of the
    covariance-like matrix X'X / n of the unit rows X, which is the smaller one where n exceeds d.

    A row of zeros has no direction: such rows count as equal to each other and as unlike all others.

    Args:
        features: `(n, d)`.

    Returns:
        A number in 1..min(n, d + 1): 1 where all rows point the same way, n where all are orthogonal.

    Raises:
        ValueError: `features` is not a matrix, empty or not finite.

    Example:
        >>> round(vendi_score(np.eye(4)), 6), round(vendi_score(np.ones((4, 7))), 6)
        (4.0, 1.0)
    """
    rows = as_features(features, "features")
    n, d = rows.shape
    if n <= d:
        unit = _unit_rows(rows)
        gram = unit @ unit.T
    else:
        parts = [_unit_rows(part) for part in rows.split(4096)]
        gram = sum((part.T @ part for part in parts[1:]), parts[0].T @ parts[0])
    return _exp_entropy(torch.linalg.eigvalsh(gram / n))


def _unit_rows(rows: Tensor) -> Tensor:
    # Scaling by the largest entry first keeps squares from overflowing and underflowing.
    wide = rows.double()
    largest = wide.abs().amax(1, keepdim=True)
    zero = largest == 0
    unit = normalize(wide / largest.masked_fill(zero, 1), dim=1)
    return torch.cat([unit, zero.to(unit.dtype)], 1)


def vendi_from_kernel(kernel: ArrayLike) -> float:
    """Return the Vendi score of a similarity matrix.

    Args:
        kernel: `(n, n)`, symmetric, positive semidefinite, ones on the diagonal.

    Returns:
        A number in 1..n.

    Raises:
        ValueError: `kernel` is not a finite square matrix, not symmetric, not 1 on its diagonal, or has a negative
            eigenvalue beyond rounding.

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
    return _exp_entropy(eigenvalues)


def _exp_entropy(eigenvalues: Tensor) -> float:
    return torch.exp(torch.special.entr(eigenvalues.clamp(min=0)).sum()).item()
