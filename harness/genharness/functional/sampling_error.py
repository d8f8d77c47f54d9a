"""How far a score would move with other samples of the same model: standard errors from one set, without resampling.

The reference stays as it is. What is estimated is the spread of the score about its expectation at these numbers of
samples, bias included. Rows drawn with replacement are no way to it: copies are neighbours at distance 0, so that a
bootstrap of recall, coverage or a Frechet distance near that of real data misses its target nearly always.

An infinitesimal jackknife takes the derivative of the score with respect to the weight of each sample, its influence,
where the delete-one jackknife takes the score without it; SE = sd(influences) / sqrt(M).
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.functional.checks import ArrayLike, as_features, check_same_width
from genharness.functional.gaussian import GaussianStatistics, blas_threads, sample_rows
from genharness.functional.mind import Directions, draw_directions
from genharness.functional.parallel import full_precision, side_by_side

__all__ = ["frechet_error", "frechet_influence", "jackknife_error", "kid_error", "mind_error", "share_error"]

_ROWS = 1024


def jackknife_error(left_out: ArrayLike) -> float:
    """Return the standard error of a score from its values without each sample.

        SE^2 = (M - 1) / M sum_j (s_(j) - mean of all s_(j))^2

    It errs upwards (Efron and Stein 1981). Not for a score that is cut: take it before the cut.

    Args:
        left_out: The score without sample j, `(M,)`, M at least 2.

    Raises:
        ValueError: There are fewer than two values, or one is not finite.

    Example:
        The mean of 1, 2, 3 without each of them: its standard error is sd / sqrt(3), sd = 1.

        >>> round(jackknife_error(np.array([2.5, 2.0, 1.5])), 4)
        0.5774
    """
    values = np.asarray(left_out, np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"left_out must be two finite values or more, not {values.shape} of them")
    return math.sqrt((len(values) - 1) / len(values) * float(np.square(values - values.mean()).sum()))


def share_error(share: float, count: int) -> float:
    """Return the standard error of a share of independent samples.

    Two more of either kind are counted (Agresti and Coull 1998), so that no copies among few samples do not have the
    error 0 that none among infinitely many would have.

    Args:
        share: In 0..1.
        count: Of how many samples.

    Example:
        >>> round(share_error(0.5, 96), 3), round(share_error(0.0, 96), 3)
        (0.05, 0.014)
    """
    counted = count + 4
    likely = (share * count + 2) / counted
    return math.sqrt(likely * (1 - likely) / counted)


def frechet_error(real: ArrayLike | GaussianStatistics, fake: ArrayLike) -> float:
    """Return the standard error of a Frechet distance over other fakes, the reals fixed, by `frechet_influence`.

    Args:
        real: Features `(n, d)`, n > d, or their statistics.
        fake: Features `(m, d)`, m > d.

    Returns:
        A standard error, in squared units of the features.

    Raises:
        ValueError: As `frechet_influence`.

    Example:
        In one dimension, of equal spreads and means 2 apart, the distance is (m_f - m_r)^2 to first order: its
        derivative is 4 times that of the mean, whose error is sd / sqrt(M).

        >>> real = np.array([[-1.0], [0.0], [1.0]])
        >>> round(frechet_error(real, real + 2) / (2 / 9) ** 0.5, 6)  # np.std(real) is (2 / 3)^(1/2)
        4.0
    """
    return _spread(frechet_influence(real, fake))


def frechet_influence(real: ArrayLike | GaussianStatistics, fake: ArrayLike) -> NDArray[np.float64]:
    """Return the derivative of a Frechet distance with respect to the weight of each fake, times their number.

    The influence of a fake y, with L L' the reals' covariance, S the fakes', m_r and m_f the means:

        2 (y - m_f)'(m_f - m_r) + (y - m_f)' G (y - m_f),    G = I - L (L' S L)^(-1/2) L'

    Args:
        real: Features `(n, d)`, n > d, or their statistics.
        fake: Features `(m, d)`, m > d.

    Returns:
        Float64 `(m,)`, but for a constant, in squared units of the features.

    Raises:
        ValueError: As `frechet_distance`; or a covariance is singular, as it is where samples are fewer than d + 1: the
            distance then has no such derivative.

    Example:
        In one dimension, of equal spreads, a row that is 1 further from the reals, which are 2 away, counts 4 more.

        >>> real = np.array([[-1.0], [0.0], [1.0]])
        >>> np.diff(frechet_influence(real, real + 2)).round(6).tolist()
        [4.0, 4.0]
    """
    rows = sample_rows(fake, "fake")
    reference = real if isinstance(real, GaussianStatistics) else GaussianStatistics.fit(real, "real")
    own = GaussianStatistics.fit(rows, "fake")
    if reference.width != own.width:
        raise ValueError(f"fake has {own.width} columns where real has {reference.width}: both need one extractor")
    if reference.cholesky is None or own.cholesky is None:
        raise ValueError("a covariance is singular: the distance has no derivative there, so halve the samples instead")
    with blas_threads(own.width):
        lower = np.tril(reference.cholesky)
        variances, axes = np.linalg.eigh(lower.T @ own.covariance @ lower)
        half = lower @ (axes * np.maximum(variances, np.finfo(np.float64).tiny) ** -0.25)
        centred = rows - own.mean
        influence = 2 * centred @ (own.mean - reference.mean) + np.square(centred).sum(1)
        influence -= np.square(centred @ half).sum(1)
    return np.asarray(influence, np.float64)


def kid_error(real: ArrayLike, fake: ArrayLike) -> float:
    """Return the standard error of the unbiased MMD^2 with KID's kernel over other fakes, the reals fixed.

    The influence of fake j is 2 (mean over j' != j of k(y_j, y_j') - mean over i of k(x_i, y_j)), with
    k(x, y) = (x y' / d + 1)^3 as in `genharness.functional.kid.kid`. It is the error of `unbiased_mmd2` of all samples,
    about which the mean over KID's subsets scatters a little more.

    Args:
        real: Features `(n, d)`, on any device.
        fake: Features `(m, d)`, m at least 2, on the same device.

    Raises:
        ValueError: Features are not a matrix, too few, not finite, or of different widths or devices.

    Example:
        >>> real = np.array([[0.0], [0.0]])
        >>> round(kid_error(real, np.array([[0.0], [0.0], [1.0]])), 3)
        0.0
    """
    a, b = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(a, "real", b, "fake")
    if len(b) < 2:
        raise ValueError("fake has one sample, and a spread needs at least two")
    with full_precision(a.device):
        # Constants cancel out of every influence, so kernel values may be counted from one that is near all of them.
        bulk = (a.mean(0).double() @ b.mean(0).double() / a.shape[1] + 1) ** 3
        own = (b.double().square().sum(1) / b.shape[1] + 1) ** 3 - bulk
        within = (_kernel_sums(b, b, bulk) - own) / (len(b) - 1)
        influence = 2 * (within - _kernel_sums(b, a, bulk) / len(a))
    return _spread(influence.cpu().numpy())


def _kernel_sums(rows: Tensor, others: Tensor, bulk: Tensor) -> Tensor:
    """Return the sum over others of the kernel less `bulk`, float64 `(len(rows),)`."""

    def of(some: Tensor) -> Tensor:
        parts = [some.double() @ part.double().T for part in others.split(_ROWS)]
        return torch.stack([((part / rows.shape[1] + 1).pow_(3) - bulk).sum(1) for part in parts]).sum(0)

    return torch.cat(side_by_side(of, rows.split(_ROWS), rows.device))


def mind_error(
    real: ArrayLike, fake: ArrayLike, *, directions: int = 1000, kind: Directions = "orthogonal", seed: int = 2020
) -> float:
    """Return the standard error of MIND over other fakes, the reals and the directions fixed.

    Along a direction, moving weight to t changes the squared distance by the potential psi(t), whose slope is
    2 (t - T(t)), T the map from fakes to reals; the influence of a fake is 3 d times its mean over directions.

    Args:
        real: Features `(n, d)`.
        fake: Features `(n, d)`, as many.
        directions: As `genharness.functional.mind.mind`.
        kind: Likewise.
        seed: Likewise.

    Raises:
        ValueError: As `mind`; or the sets differ in size.

    Example:
        A shift by 2 in one dimension: psi(t) = 4 t, so three times four standard errors of the mean.

        >>> real = np.array([[-1.0], [0.0], [1.0]])
        >>> round(mind_error(real, real + 2, directions=1) / (2 / 9) ** 0.5, 6)
        12.0
    """
    a, b = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(a, "real", b, "fake")
    if len(a) != len(b):
        raise ValueError(f"real has {len(a)} rows and fake {len(b)}: draw as many of both")
    axes = draw_directions(a.shape[1], directions, kind, torch.Generator().manual_seed(seed)).to(a.device)
    with full_precision(a.device):
        centre = a.mean(0, dtype=torch.float64)
        a, b = (rows.double() - centre for rows in (a, b))
        parts = side_by_side(partial(_potentials, a, b), axes.double().split(64), a.device)
    return _spread(3 * a.shape[1] * (torch.stack(parts).sum(0) / len(axes)).cpu().numpy())


def _potentials(real: Tensor, fake: Tensor, axes: Tensor) -> Tensor:
    """Return the sum over directions of every fake's potential, each less its mean, `(n,)`."""
    own, order = (axes @ fake.T).sort(1)
    excess = own - (axes @ real.T).sort(1).values
    slopes = excess[:, 1:] + excess[:, :-1]
    potential = torch.nn.functional.pad((slopes * own.diff(dim=1)).cumsum(1), (1, 0))
    potential -= potential.mean(1, keepdim=True)
    return torch.zeros_like(own).scatter_(1, order, potential).sum(0)


def _spread(influence: NDArray[np.float64]) -> float:
    return float(influence.std(ddof=0)) / math.sqrt(len(influence))
