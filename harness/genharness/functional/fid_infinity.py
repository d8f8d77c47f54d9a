"""FID-infinity: the Frechet distance at infinitely many samples, extrapolated over 1/N."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, check_whole
from genharness.functional.frechet import frechet_distance_from_statistics
from genharness.functional.gaussian import GaussianStatistics, sample_rows

__all__ = ["FidLine", "fid_infinity"]


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
    rng = np.random.default_rng(seed)
    distances = []
    for size in sizes:
        subset = rows[rng.permutation(len(rows))[:size]]
        distances.append(frechet_distance_from_statistics(reference, GaussianStatistics.fit(subset, "fake")))
    slope, intercept = np.polyfit(1 / np.array(sizes), distances, 1)
    return FidLine(float(intercept), float(slope), sizes, tuple(distances))


def _sizes(count: int, points: int, smallest: int | None) -> tuple[int, ...]:
    check_whole(points, "points", 2)
    first = max(2, count // 10) if smallest is None else check_whole(smallest, "smallest", 2)
    if first >= count:
        raise NotDefinedError(f"fake has {count} samples, too few for subsets of {first} and more")
    return tuple(int(size) for size in np.unique(np.linspace(first, count, points).astype(int)))
