"""Seeded draws of samples.

As many real as generated ones: scores of neighbours and of order statistics depend on both numbers. And never the first
of a set, which may be sorted by class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.kit.evaluation import Evaluation, SampleSet

__all__ = ["Draw", "draw_of", "equal_draws"]

_STREAMS: dict[SampleSet, int] = {"real": 31, "fake": 37, "train": 41, "test": 43}


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Rows drawn from a set without replacement, in their order.

    Attributes:
        which: The set.
        rows: Indices `(n,)`, ascending; None where all are taken.
        count: Their number n.
    """

    which: SampleSet
    rows: NDArray[np.int64] | None
    count: int

    def of(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return the drawn rows of an array of the whole set."""
        return array if self.rows is None else array[self.rows]


def draw_of(evaluation: Evaluation, which: SampleSet, most: int) -> Draw:
    """Draw `most` samples of a set, or all where there are no more; by the protocol's seed.

    Args:
        evaluation: Has the set.
        which: The set.
        most: The limit; 0 for none.
    """
    size = len(evaluation.samples(which))
    return _draw(evaluation.seed, which, size, min(size, most or size))


def equal_draws(
    evaluation: Evaluation, most: int = 0, sets: tuple[SampleSet, SampleSet] = ("real", "fake")
) -> tuple[Draw, Draw]:
    """Draw equally many rows of two sets: the smaller one's number, and `most` at most.

    The rows depend on the protocol's seed and the numbers alone: metrics with the same `most` see the same ones.

    Args:
        evaluation: Has the sets.
        most: The limit; 0 for none.
        sets: Which; the reals and the fakes unless others are named.
    """
    sizes = [len(evaluation.features(which)) for which in sets]
    count = min(sizes) if most == 0 else min(*sizes, most)
    first, second = (_draw(evaluation.seed, which, size, count) for which, size in zip(sets, sizes, strict=True))
    return first, second


def _draw(seed: int, which: SampleSet, size: int, count: int) -> Draw:
    if count == size:
        return Draw(which, None, count)
    chosen = np.random.default_rng([seed, _STREAMS[which]]).choice(size, count, replace=False)
    return Draw(which, np.sort(chosen), count)
