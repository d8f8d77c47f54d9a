"""Which modes of the real data a generator reaches: by predicted class, and by k-means bins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import rel_entr
from scipy.stats import norm

from genharness.functional.checks import ArrayLike, as_features, check_same_width, check_whole
from genharness.functional.clusters import cell_counts, kmeans_centres

__all__ = [
    "BinStatistics",
    "ClassModes",
    "RealBins",
    "bin_statistics",
    "class_modes",
    "compare_bins",
    "real_bins",
    "two_proportion_z",
]


@dataclass(frozen=True, slots=True)
class ClassModes:
    """How fakes spread over classes.

    Attributes:
        modes: Classes that occur among the reals.
        covered: How many of them the fakes reach.
        kl: Kullback-Leibler divergence of the fakes' class distribution from the reals', in nats, at least 0;
            infinite where fakes fall in a class that has no reals.
        total_variation: Half the sum of absolute differences of class frequencies, in 0..1.
    """

    modes: int
    covered: int
    kl: float
    total_variation: float


def class_modes(real_counts: NDArray[Any], fake_counts: NDArray[Any], threshold: float = 0.1) -> ClassModes:
    """Return mode statistics of class counts, as a classifier predicts them.

    A class is covered when it holds at least one fake and its share of the fakes is at least `threshold` times its
    share of the reals: a handful of misread samples does not hide a dropped mode.

    Args:
        real_counts: How many reals fall in each class, `(classes,)`.
        fake_counts: How many fakes do, `(classes,)`.
        threshold: In 0..1.

    Returns:
        Modes, those covered, and two distances.

    Raises:
        ValueError: Counts are negative, all zero, not one-dimensional or of different length, or the threshold is
            out of range.

    Example:
        >>> found = class_modes(np.array([50, 30, 20]), np.array([60, 40, 0]))
        >>> found.modes, found.covered, round(found.total_variation, 6)
        (3, 2, 0.2)
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be in 0..1, not {threshold}")
    p, q = _shares(real_counts, "real_counts"), _shares(fake_counts, "fake_counts")
    if p.shape != q.shape:
        raise ValueError(f"fake_counts has {len(q)} classes where real_counts has {len(p)}")
    covered = (p > 0) & (q > 0) & (q >= threshold * p)
    return ClassModes(
        modes=int((p > 0).sum()),
        covered=int(covered.sum()),
        kl=float(rel_entr(q, p).sum()),
        total_variation=float(np.abs(p - q).sum() / 2),
    )


def _shares(counts: NDArray[Any], name: str) -> NDArray[np.float64]:
    values = np.asarray(counts, dtype=np.float64)
    if values.ndim != 1 or not np.isfinite(values).all() or (values < 0).any() or values.sum() == 0:
        shown = np.array2string(values, threshold=8)
        raise ValueError(f"{name} must be a row of counts, at least one above 0, not {shown}")
    shares: NDArray[np.float64] = values / values.sum()
    return shares


@dataclass(frozen=True, slots=True)
class BinStatistics:
    """How fakes spread over bins of the real data.

    Attributes:
        bins: Number of bins K.
        different: NDB: bins whose share of fakes differs significantly from their share of reals.
        jsd: Jensen-Shannon divergence of the two distributions over bins, in nats, in 0..ln 2.
        coverage: Share of bins that hold at least one fake, in 0..1.
    """

    bins: int
    different: int
    jsd: float
    coverage: float

    @property
    def different_share(self) -> float:
        """NDB / K, in 0..1; about the significance level for fakes that are as good as real."""
        return self.different / self.bins


@dataclass(frozen=True, slots=True, eq=False)
class RealBins:
    """k-means bins of real data: the same for every generator.

    Attributes:
        centres: `(bins, d)`.
        real_counts: How many reals fall in each, int64 `(bins,)`.
    """

    centres: NDArray[Any]
    real_counts: NDArray[np.int64]


def real_bins(real: ArrayLike, *, bins: int = 100, seed: int = 0) -> RealBins:
    """Return k-means bins of features or pixels `(n, d)`; arguments and errors as in `bin_statistics`.

    Example:
        >>> bins = real_bins(np.random.default_rng(0).normal(size=(300, 8)), bins=5)
        >>> bins.centres.shape, int(bins.real_counts.sum())
        ((5, 8), 300)
    """
    reals = as_features(real, "real")
    centres = kmeans_centres(reals, check_whole(bins, "bins"), seed, name="real")
    return RealBins(centres.cpu().numpy(), cell_counts(reals, centres).cpu().numpy())


def bin_statistics(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    bins: int = 100,
    seed: int = 0,
    level: float = 0.05,
    known_bins: RealBins | None = None,
) -> BinStatistics:
    """Return NDB, JSD and coverage over k-means bins of the reals (Richardson and Weiss 2018).

    Args:
        real: Features or pixels, `(n, d)`; ten rows a bin or more make the test meaningful.
        fake: The same of fakes, `(m, d)`.
        bins: Number of bins K.
        seed: Seed of k-means.
        level: Significance level of the test in each bin, in (0, 1).
        known_bins: `real_bins(real, bins=bins, seed=seed)` where it is known already.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns, or `real` has fewer
            distinct rows than `bins`.

    Example:
        >>> real = np.random.default_rng(0).normal(size=(300, 8))
        >>> bin_statistics(real, real, bins=5)
        BinStatistics(bins=5, different=0, jsd=0.0, coverage=1.0)
    """
    reals, fakes = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(reals, "real", fakes, "fake")
    found = known_bins or real_bins(reals, bins=bins, seed=seed)
    centres = torch.from_numpy(found.centres).to(fakes.device)
    return compare_bins(found.real_counts, cell_counts(fakes, centres).cpu().numpy(), level=level)


def compare_bins(real_counts: NDArray[Any], fake_counts: NDArray[Any], *, level: float = 0.05) -> BinStatistics:
    """Return NDB, JSD and coverage of counts over the same bins.

    Args:
        real_counts: How many reals fall in each bin, `(bins,)`.
        fake_counts: How many fakes do, `(bins,)`.
        level: Significance level, in (0, 1).

    Raises:
        ValueError: Counts are negative, all zero or of different length, or the level is out of range.

    Example:
        >>> compare_bins(np.array([50, 50]), np.array([100, 0])).different  # both bins
        2
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1), not {level}")
    p, q = _shares(real_counts, "real_counts"), _shares(fake_counts, "fake_counts")
    if p.shape != q.shape:
        raise ValueError(f"fake_counts has {len(q)} bins where real_counts has {len(p)}")
    p_values = 2 * norm.sf(np.abs(two_proportion_z(real_counts, fake_counts)))
    middle = (p + q) / 2
    return BinStatistics(
        bins=len(p),
        different=int((p_values < level).sum()),
        jsd=float((rel_entr(p, middle) + rel_entr(q, middle)).sum() / 2),
        coverage=float((q > 0).mean()),
    )


def two_proportion_z(real_counts: NDArray[Any], fake_counts: NDArray[Any]) -> NDArray[np.float64]:
    """Return the pooled two-proportion z statistic of every bin, 0 where a bin holds nothing or everything.

    With shares p = a / n and q = b / m and the pooled share s = (a + b) / (n + m),
    z = (p - q) / sqrt(s (1 - s) (1 / n + 1 / m)).

    Example:
        >>> two_proportion_z(np.array([60, 40]), np.array([40, 60])).round(3)  # 0.2 / sqrt(0.25 * 2 / 100)
        array([ 2.828, -2.828])
    """
    a = np.asarray(real_counts, dtype=np.float64)
    b = np.asarray(fake_counts, dtype=np.float64)
    n, m = a.sum(), b.sum()
    pooled = (a + b) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    z: NDArray[np.float64] = np.zeros(len(a))
    np.divide(a / n - b / m, error, out=z, where=error > 0)
    return z
