"""Seeded, stratified choices of samples.

`numpy.random.RandomState` is used on purpose: numpy promises that its streams never change, so a split made
with one version of numpy is the split of every other; `default_rng` gives no such promise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["stratified_split", "stratified_subset"]


def stratified_subset(labels: NDArray[np.int64] | None, total: int, count: int, *, seed: int = 0) -> NDArray[np.int64]:
    """Return `count` indices in rising order, each class in its share of the whole (largest remainders).

    Args:
        labels: Class of each sample `(total,)`, or None to choose from all alike.
        total: Number of samples.
        count: How many to choose.
        seed: Of the choice.

    Raises:
        ValueError: If `count` is not between 0 and `total`, or labels has another length.
    """
    if not 0 <= count <= total:
        raise ValueError(f"count={count} must be between 0 and total={total}")
    if labels is not None and len(labels) != total:
        raise ValueError(f"labels has {len(labels)} entries, not total={total}")
    random = np.random.RandomState(seed)
    groups = [np.arange(total)] if labels is None else [np.flatnonzero(labels == label) for label in np.unique(labels)]
    shares = _shares([len(group) for group in groups], count)
    chosen = [random.permutation(group)[:share] for group, share in zip(groups, shares, strict=True)]
    return np.sort(np.concatenate([np.empty(0, np.int64), *chosen])).astype(np.int64)


def _shares(sizes: list[int], count: int) -> list[int]:
    """Return how many of each group make `count` in all, in proportion, never more than there are."""
    total = max(sum(sizes), 1)
    shares = [size * count // total for size in sizes]
    remainders = [size * count % total for size in sizes]
    order = sorted(range(len(sizes)), key=lambda group: (-remainders[group], group))
    for group in order[: count - sum(shares)]:
        shares[group] += 1
    return shares


def stratified_split(
    labels: NDArray[np.int64] | None, total: int, test_fraction: float, *, seed: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (train, test) indices, both in rising order and never empty.

    Args:
        labels: Class of each sample `(total,)`, or None.
        total: Number of samples, at least 2.
        test_fraction: Share of the test split, in (0, 1).
        seed: Of the choice.

    Raises:
        ValueError: If there are fewer than 2 samples or the fraction is out of range.
    """
    if total < 2:
        raise ValueError(f"total={total} samples cannot be split in two")
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction={test_fraction} must lie between 0 and 1")
    count = min(max(round(total * test_fraction), 1), total - 1)
    test = stratified_subset(labels, total, count, seed=seed)
    return np.setdiff1d(np.arange(total), test, assume_unique=True), test
