"""Scores under the Gaussian kernel k(x, y) = exp(-|x - y|^2 / (2 sigma^2)): MMD, and the number of modes (RKE).

Kernel values are counted from 1, as expm1 gives them: where the bandwidth is large all are near 1, and their
differences would lose their digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width
from genharness.functional.parallel import full_precision, side_by_side

__all__ = ["GaussianMMD", "ModeNumber", "gaussian_mmd", "median_square", "mode_number"]

_ROWS = 512


@dataclass(frozen=True, slots=True)
class GaussianMMD:
    """Squared maximum mean discrepancy.

    Attributes:
        biased: The V-statistic, which keeps the diagonals: at least 0, and 0 for equal sets.
        unbiased: The U-statistic: 0 on average where the distributions are equal.
        error: Standard error over other fakes, the reals fixed.
    """

    biased: float
    unbiased: float
    error: float


@dataclass(frozen=True, slots=True)
class ModeNumber:
    """The effective number of modes, from 1 to the number of samples, and its standard error over other samples."""

    value: float
    error: float


def median_square(features: ArrayLike, *, most: int = 2000, seed: int = 0) -> float:
    """Return the median squared distance of two different rows: the median heuristic's squared bandwidth.

    Args:
        features: `(n, d)`, n at least 2.
        most: Rows that are drawn for it at most.
        seed: Of the draw.

    Raises:
        ValueError: `features` is not a matrix, empty or not finite, has one row, or half of its pairs are equal.

    Example:
        >>> median_square(np.array([[0.0], [1.0], [3.0]]))  # of 1, 4, 9
        4.0
    """
    rows = as_features(features, "features")
    if len(rows) < 2:
        raise NotDefinedError("features must be at least 2 to have a distance, not 1")
    if len(rows) > most:
        rows = rows[torch.from_numpy(np.random.default_rng(seed).choice(len(rows), most, replace=False))]
    with full_precision(rows.device):
        wide = rows.double()
        found = float(np.median(torch.pdist(wide - wide.mean(0)).square().cpu().numpy()))
    if not found > 0:
        raise NotDefinedError("half of the pairs of features are equal, so that they set no bandwidth")
    return found


def gaussian_mmd(real: ArrayLike, fake: ArrayLike, square: float) -> GaussianMMD:
    """Return the squared MMD under a Gaussian kernel (Gretton et al. 2012, equations 3 and 5).

    CMMD (Jayasumana et al. 2024) is 1000 times the biased one, of unit-length features and sigma = 10. There all kernel
    values lie within 2 % of 1, and it is about 10 |difference of means|^2: what keeps the mean it does not see.

    Args:
        real: `(n, d)`.
        fake: `(m, d)`.
        square: sigma^2.

    Raises:
        ValueError: An argument is not a matrix, not finite, has fewer than two rows, they differ in columns or device,
            or `square` is not above 0.

    Example:
        Two points at a distance d, twice each: 2 - 2 exp(-d^2 / 2) with the diagonals, and as much without.

        >>> found = gaussian_mmd(np.zeros((2, 1)), np.full((2, 1), 2.0), 1.0)
        >>> round(found.biased, 6), round(found.unbiased, 6), found.error  # 2 - 2 exp(-2)
        (1.729329, 1.729329, 0.0)
    """
    a, b = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(a, "real", b, "fake")
    if min(len(a), len(b)) < 2:
        raise NotDefinedError("real and fake need at least 2 rows each")
    if not square > 0:
        raise ValueError(f"square must be above 0, not {square}")
    with full_precision(a.device):
        centre = a.mean(0, dtype=torch.float64)
        a, b = a.double() - centre, b.double() - centre
        own, cross = _excess(b, b, square), _excess(b, a, square)
        n, m = len(a), len(b)
        within = _excess(a, a, square).sum()
    biased = within / n**2 + own.sum() / m**2 - 2 * cross.sum() / (n * m)
    unbiased = within / (n * (n - 1)) + own.sum() / (m * (m - 1)) - 2 * cross.sum() / (n * m)
    influence = 2 * (own / (m - 1) - cross / n)
    return GaussianMMD(float(biased), float(unbiased), float(influence.std(ddof=0)) / math.sqrt(m))


def mode_number(features: ArrayLike, square: float) -> ModeNumber:
    """Return the exponential of the Renyi kernel entropy of order 2, RKE (Jalali et al. 2023, equation 5).

    1 / mean of k^2 over all pairs, a row and itself included: the Vendi score of order 2 under the Gaussian kernel.

    Args:
        features: `(n, d)`.
        square: sigma^2.

    Raises:
        ValueError: `features` is not a matrix, empty or not finite, or `square` is not above 0.

    Example:
        >>> far = np.array([[0.0], [100.0], [200.0], [300.0]])
        >>> round(mode_number(far, 1.0).value, 6), round(mode_number(np.zeros((5, 2)), 1.0).value, 6)
        (4.0, 1.0)
    """
    rows = as_features(features, "features")
    if not square > 0:
        raise ValueError(f"square must be above 0, not {square}")
    with full_precision(rows.device):
        wide = rows.double() - rows.mean(0, dtype=torch.float64)
        likeness = 1 + _excess(wide, wide, square / 2) / len(wide)  # of k^2, whose bandwidth is smaller
    value = 1 / float(likeness.mean())
    return ModeNumber(value, 2 * value**2 * float(likeness.std(ddof=0)) / math.sqrt(len(likeness)))


def _excess(rows: Tensor, others: Tensor, square: float) -> NDArray[np.float64]:
    """Return for each row the sum over others of k - 1, float64 `(len(rows),)`."""
    norms = others.square().sum(1)

    def of(some: Tensor) -> Tensor:
        squares = torch.addmm(norms, some, others.T, alpha=-2).add_(some.square().sum(1, keepdim=True))
        return squares.clamp_(min=0).mul_(-1 / (2 * square)).expm1_().sum(1)

    return np.asarray(torch.cat(side_by_side(of, rows.split(_ROWS), rows.device)).cpu().numpy())
