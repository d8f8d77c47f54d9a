"""Random pairs of samples, without repeats, and means over them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import NotDefinedError
from genharness.functional.checks import check_whole

__all__ = ["PairMean", "pair_mean", "random_pairs", "random_pairs_within"]

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class PairMean:
    """The mean of a quantity over pairs.

    Attributes:
        mean: The mean.
        error: Its standard error over other samples and other pairs of them.
        pairs: How many pairs there are.
    """

    mean: float
    error: float
    pairs: int


def pair_mean(values: NDArray[np.float64], drawn: Pairs) -> PairMean:
    """Return the mean over pairs with its standard error.

    Pairs that share a sample go together: with e the deviations from the mean, the variance of the mean is the sum of
    e e' over all pairs of pairs with a sample in common, over the number of pairs squared (Aronow, Samii and Assenova
    2015, equation 2.5). Where that falls below what independent pairs would have, it is taken to be that.

    Args:
        values: Of each pair, `(pairs,)`.
        drawn: Indices of the samples, as `random_pairs` returns them.

    Example:
        Pairs without a sample in common: the standard error is that of a mean, sd / sqrt(2).

        >>> pair_mean(np.array([1.0, 3.0]), (np.array([1, 3]), np.array([0, 2])))
        PairMean(mean=2.0, error=0.7071067811865476, pairs=2)
    """
    away = values - values.mean()
    shared = np.bincount(np.concatenate(drawn), np.concatenate([away, away]))
    alone = float(np.square(away).sum())
    total = max(float(np.square(shared).sum()) - alone, alone)
    return PairMean(math.fsum(values) / len(values), math.sqrt(total) / len(values), len(values))


def random_pairs(n: int, count: int, rng: np.random.Generator) -> Pairs:
    """Return distinct unordered pairs of different samples, drawn uniformly; all of them where `count` is as many.

    Args:
        n: Number of samples, at least 2.
        count: Number of pairs, at least 1.
        rng: Source of randomness.

    Returns:
        Indices i and j, each `(min(count, n (n - 1) / 2),)`, i > j.

    Raises:
        ValueError: n or count is too small.

    Example:
        >>> i, j = random_pairs(4, 100, np.random.default_rng(0))  # there are six
        >>> i.tolist(), j.tolist()
        ([1, 2, 2, 3, 3, 3], [0, 0, 1, 0, 1, 2])
    """
    total = check_whole(n, "n", 2) * (n - 1) // 2
    wanted = min(check_whole(count, "count"), total)
    drawn = np.arange(total) if wanted == total else rng.choice(total, wanted, replace=False)
    # Pairs are numbered (1, 0), (2, 0), (2, 1), (3, 0), ...: those below row i number i (i - 1) / 2.
    i = np.floor((1 + np.sqrt(1 + 8 * drawn)) / 2).astype(np.int64)
    i -= i * (i - 1) // 2 > drawn
    i += i * (i + 1) // 2 <= drawn
    return i, drawn - i * (i - 1) // 2


def random_pairs_within(labels: NDArray[Any], count: int, rng: np.random.Generator) -> list[Pairs]:
    """Return random pairs within each class, about equally many from each, for classes of at least two samples.

    Args:
        labels: Class of every sample, `(n,)`.
        count: Number of pairs in all, at least 1; every class gets one or more.
        rng: Source of randomness.

    Returns:
        For each class, in ascending order, indices as `random_pairs` returns them.

    Raises:
        ValueError: No class has two samples.

    Example:
        >>> random_pairs_within(np.array([7, 5, 7]), 10, np.random.default_rng(0))
        [(array([2]), array([0]))]
    """
    check_whole(count, "count")
    classes, sizes = np.unique(labels, return_counts=True)
    members = [np.flatnonzero(labels == label) for label in classes[sizes >= 2]]
    if not members:
        raise NotDefinedError(f"labels put no two of {len(labels)} samples in one class")
    share = -(-count // len(members))
    drawn = [(indices, random_pairs(len(indices), share, rng)) for indices in members]
    return [(indices[i], indices[j]) for indices, (i, j) in drawn]
