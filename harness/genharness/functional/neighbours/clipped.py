"""Clipped density and clipped coverage (Salvy, Talbot and Thirion 2025, arXiv 2507.01761).

Precision, density and coverage can hang on a single row: an outlier among the reals has a ball that holds every fake,
and one fake amid the reals fills every ball. Clipping bounds what a row can do: radii by their median, what a fake
earns by 1, what a ball earns by k fakes. Both scores are calibrated: with a share x of fakes that land nowhere they
read 1 - x.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from genharness.functional.checks import ArrayLike
from genharness.functional.neighbours.ball_counts import expected_clipped_counts
from genharness.functional.neighbours.shared_pass import NeighbourPass, OwnSet, neighbour_pass

__all__ = ["Clipped", "calibrated_coverage", "clipped", "clipped_of"]


@dataclass(frozen=True, slots=True)
class Clipped:
    """Clipped density and coverage.

    Attributes:
        density: In 0..1.
        coverage: In 0..1; NaN where no ball of a real has a positive radius.
        density_raw: Clipped density before it is cut at 1: above 1 the fakes crowd.
        coverage_ratio: What balls earn over what is expected of fakes from the real distribution, at least 0: above 1
            the fakes fill them more evenly than draws of that distribution would, by chance or because they crowd.
    """

    density: float
    coverage: float
    density_raw: float
    coverage_ratio: float


def clipped(real: ArrayLike, fake: ArrayLike, k: int = 5) -> Clipped:
    """Return clipped density and clipped coverage.

    With r_i the distance of real i to its k-th nearest other real, and rc_i = min(r_i, median of all r),

        density  = min(A / B, 1),    A = mean over fakes of min(#{i: |y - x_i| <= rc_i} / k, 1),
                                     B = the same over reals x_l, i other than l;
        coverage = g(mean over reals of min(#{j: |y_j - x_i| < r_i}, k) / k),

    where f(m) is what that mean is when m of the M fakes are of the real distribution and the others land in no ball,
    and g(f(m)) = m / M. For any continuous distribution f has a closed form (`expected_clipped_counts`), which also
    makes unequal numbers comparable; its inverse is interpolated linearly. The authors' own table is forced to 0 below
    k and inverted in steps of 1 / (M + 1), which differs by less than 2 / M.

    One fake moves the mean behind coverage by 1 / k at most. A real that occurs k + 1 times has an open ball of radius
    0, which nothing fills.

    Args:
        real: `(N, d)`.
        fake: `(M, d)`.
        k: The neighbour that sets the balls' radii, in 1..min(N, M) - 1.

    Returns:
        Both scores, and both before they are cut; coverage is NaN where no ball has a positive radius.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns or device, or k is
            out of range.

    Example:
        Half of the fakes are the reals', the others far away.

        >>> real = np.random.default_rng(0).normal(size=(400, 2))
        >>> fake = np.random.default_rng(1).normal(size=(400, 2)) + 99 * (np.arange(400)[:, None] % 2)
        >>> found = clipped(real, fake)
        >>> round(found.density, 1), round(found.coverage, 1)
        (0.5, 0.5)
    """
    return clipped_of(neighbour_pass(real, fake, k))


def clipped_of(found: NeighbourPass) -> Clipped:
    """Return clipped density and coverage from a pass with open balls.

    Raises:
        ValueError: The balls are closed.

    Example:
        >>> rows = np.arange(8.0)[:, None]
        >>> clipped_of(neighbour_pass(rows, rows, 1)).density
        1.0
    """
    if found.closed:
        raise ValueError("clipped coverage is defined by open balls: make the pass with strict=True")
    density = fake_density(found) / real_density(found.real.own, found.k)
    n, m = found.real.size, found.fake.size
    if not (found.real.own.radius > 0).any():
        return Clipped(min(density, 1.0), float("nan"), density, float("nan"))
    filled = ball_fill(found)
    ratio = filled / _table(n, m, found.k)[-1]
    return Clipped(min(density, 1.0), calibrated_coverage(filled, n, m, found.k), density, float(ratio))


def fake_density(found: NeighbourPass) -> float:
    """Return A: the mean over fakes of the clipped balls that hold them, over k and cut at 1."""
    return found.fake.total(np.minimum(found.fake.held_by_clipped / found.k, 1)) / found.fake.size


def real_density(own: OwnSet, k: int) -> float:
    """Return B: the same for each real and the other reals."""
    held = np.bincount(own.member[own.within_clipped], own.count[own.row[own.within_clipped]], len(own.count))
    held += own.count - 1  # copies hold each other, at distance 0
    return float(np.minimum(held / k, 1) @ own.count) / len(own.place)


def ball_fill(found: NeighbourPass) -> float:
    """Return the mean over reals of the fakes in their balls, k at most, over k."""
    return found.real.total(np.minimum(found.real.holds, found.k)) / (found.k * found.real.size)


def calibrated_coverage(fill: float, n: int, m: int, k: int = 5) -> float:
    """Return clipped coverage: the share of m fakes whose being of the real distribution explains how full balls are.

    Args:
        fill: Mean over reals of the fakes in their balls, k at most, over k, in 0..1.
        n: Number of reals.
        m: Number of fakes.
        k: The neighbour that sets the radii.

    Returns:
        A share in 0..1, continuous and ascending in `fill`.

    Raises:
        ValueError: A count is out of range.

    Example:
        Balls that ten of ten real fakes would fill, and balls that are empty.

        >>> from genharness.functional.neighbours.ball_counts import expected_clipped_counts
        >>> calibrated_coverage(expected_clipped_counts(20, 10)[10], 20, 10), calibrated_coverage(0.0, 20, 10)
        (1.0, 0.0)
    """
    return float(np.interp(fill, _table(n, m, k), np.arange(m + 1))) / m


@lru_cache(maxsize=16)
def _table(n: int, m: int, k: int) -> NDArray[np.float64]:
    return expected_clipped_counts(n, m, k)
