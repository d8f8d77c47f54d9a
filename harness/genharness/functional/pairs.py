"""Random pairs of samples, without repeats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import NotDefinedError
from genharness.functional.checks import check_whole

__all__ = ["random_pairs", "random_pairs_within"]

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


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
