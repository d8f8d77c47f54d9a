"""FID-infinity: the Frechet distance at infinitely many samples, extrapolated over 1/N."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, check_whole
from genharness.functional.frechet import frechet_distance_from_statistics
from genharness.functional.gaussian import GaussianStatistics, sample_rows
from genharness.functional.sampling_error import frechet_influence

__all__ = ["FidLine", "fid_infinity", "fid_infinity_error"]


@dataclass(frozen=True, slots=True)
class FidLine:
    """The line fitted to Frechet distances over 1/N.

    Attributes:
        value: Its intercept, the distance at infinitely many samples; rounding and noise can leave it below 0.
        slope: Of the distance over 1/N; the bias at N samples is slope / N.
        sizes: The numbers of samples N.
        distances: The distance at each of them.
    """

    value: float
    slope: float
    sizes: tuple[int, ...]
    distances: tuple[float, ...]


def fid_infinity(
    real: ArrayLike | GaussianStatistics,
    fake: ArrayLike,
    *,
    points: int = 15,
    smallest: int | None = None,
    seed: int = 0,
) -> FidLine:
    """Extrapolate the Frechet distance to infinitely many fake samples.

    The bias of the distance is linear in 1/N to first order: it is computed for random subsets of the fakes at evenly
    spaced sizes and a line over 1/N is fitted. Chong and Forsyth 2020, "Effectively Unbiased FID and Inception Score
    and where to find them", section 4; sizes from a tenth of the samples, as their 5000 of 50000. The real side is
    held fixed, so the bias of its own finite number stays. The line holds only for sizes well above d.

    Args:
        real: Features `(n, d)`, n >= 2, or their statistics.
        fake: Features `(m, d)`.
        points: How many sizes, at least 2.
        smallest: The smallest size, at least 2 and below m; None takes a tenth of m.
        seed: Of the choice of subsets.

    Returns:
        The fitted line and its points.

    Raises:
        TypeError: Features are not real numbers, or a whole number is none.
        ValueError: As `frechet_distance`; or m, `points` and `smallest` leave fewer than two different sizes.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> real = rng.normal(size=(20_000, 4))
        >>> fake = rng.normal(size=(5_000, 4)) + np.array([1, 0, 0, 0])  # at a distance of 1
        >>> found = fid_infinity(real, fake, points=5)
        >>> found.sizes
        (500, 1625, 2750, 3875, 5000)
        >>> round(found.value, 1)
        1.0
    """
    rows = sample_rows(fake, "fake")
    reference = real if isinstance(real, GaussianStatistics) else GaussianStatistics.fit(real, "real")
    sizes = _sizes(len(rows), points, smallest)
    distances = [
        frechet_distance_from_statistics(reference, GaussianStatistics.fit(rows[chosen], "fake"))
        for chosen in _subsets(len(rows), sizes, seed)
    ]
    slope, intercept = np.polyfit(1 / np.array(sizes), distances, 1)
    return FidLine(float(intercept), float(slope), sizes, tuple(distances))


def fid_infinity_error(
    real: ArrayLike | GaussianStatistics,
    fake: ArrayLike,
    *,
    points: int = 15,
    smallest: int | None = None,
    seed: int = 0,
) -> float:
    """Return the standard error of `fid_infinity` over other fakes, the reals and the choice of subsets fixed.

    The intercept is a weighted sum of the distances of all subsets. So a fake's influence is that sum of what it has on
    each subset that holds it (`frechet_influence`, over the subset's size), and SE^2 the sum of their squares: which
    subset a fake is in is part of the error.

    Args:
        real: Features `(n, d)`, n > d, or their statistics.
        fake: Features `(m, d)`.
        points: As `fid_infinity`.
        smallest: Likewise, above d.
        seed: Likewise.

    Returns:
        A standard error, in squared units of the features.

    Raises:
        TypeError: As `fid_infinity`.
        ValueError: As `fid_infinity`; or a covariance is singular, as it is for subsets of fewer than d + 1.

    Example:
        Subsets of a few samples spread the line's end more than all samples spread their distance.

        >>> from genharness.functional.sampling_error import frechet_error
        >>> rng = np.random.default_rng(0)
        >>> real, fake = rng.normal(size=(1000, 4)), rng.normal(1, 1, size=(1000, 4))
        >>> fid_infinity_error(real, fake) > frechet_error(real, fake)
        True
    """
    rows = sample_rows(fake, "fake")
    reference = real if isinstance(real, GaussianStatistics) else GaussianStatistics.fit(real, "real")
    sizes = _sizes(len(rows), points, smallest)
    intercept = np.linalg.pinv(np.stack([np.ones(len(sizes)), 1 / np.array(sizes)], axis=1))[0]
    influence = np.zeros(len(rows))
    for weight, chosen in zip(intercept, _subsets(len(rows), sizes, seed), strict=True):
        own = frechet_influence(reference, rows[chosen])
        influence[chosen] += weight * (own - own.mean()) / len(chosen)
    return math.sqrt(float(np.square(influence).sum()))


def _subsets(count: int, sizes: tuple[int, ...], seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield which samples are in the subset of each size."""
    rng = np.random.default_rng(seed)
    for size in sizes:
        yield rng.permutation(count)[:size]


def _sizes(count: int, points: int, smallest: int | None) -> tuple[int, ...]:
    check_whole(points, "points", 2)
    first = max(2, count // 10) if smallest is None else check_whole(smallest, "smallest", 2)
    if first >= count:
        raise NotDefinedError(f"fake has {count} samples, too few for subsets of {first} and more")
    return tuple(int(size) for size in np.unique(np.linspace(first, count, points).astype(int)))
