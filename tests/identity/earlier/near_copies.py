"""Excess near copies: the share of fakes that are too near to training data for data that was not trained on.

What is near is set by held-out rows: as near as the nearest 1 % of them come to training rows. Fakes that shrink
towards the middle of the data are near to everything, to held-out rows as much as to training rows; copies are near to
training rows alone. So the share near to held-out rows is taken off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.functional.checks import ArrayLike, as_features, check_same_width
from genharness.functional.prdc import nearest
from genharness.functional.sampling_error import share_error

__all__ = ["CopyStandard", "NearCopies", "near_copies"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class CopyStandard:
    """How near held-out rows come to training rows, computed once for all generators.

    The training rows are cut into blocks about as large as the held-out split: the nearest of more rows is nearer.

    Attributes:
        block: Int64 `(n,)`: the block of every training row, from 0.
        drawn: Int64 `(t,)`: the held-out rows that are compared, as many as the largest block has.
        threshold: Float64 `(blocks,)`: what is nearer than this to a row of the block is near; 0: only copies are.
    """

    block: NDArray[np.int64]
    drawn: NDArray[np.int64]
    threshold: Floats

    @classmethod
    def of(cls, train: ArrayLike, test: ArrayLike, *, share: float = 0.01, seed: int = 0) -> CopyStandard:
        """Compare `test` `(l, d)` with `train` `(n, d)`.

        Args:
            train: Features of the training rows.
            test: Features of held-out rows.
            share: Of held-out rows that count as near to training rows, over all blocks together.
            seed: Of the blocks, and of the held-out rows that are drawn.
        """
        known, held_out = _as_rows(train=train, test=test)
        rng = np.random.default_rng(seed)
        count = -(-len(known) // len(held_out))
        blocks = np.array_split(rng.permutation(len(known)), count)
        block = np.empty(len(known), np.int64)
        for at, members in enumerate(blocks):
            block[members] = at
        drawn = np.sort(rng.choice(len(held_out), len(blocks[0]), replace=False))
        rank = max(math.ceil(share / count * len(drawn)), 1)
        thresholds = []
        for at in range(count):
            distances = _distances(held_out[torch.from_numpy(drawn)], known[torch.from_numpy(block == at)])
            thresholds.append(np.sort(distances)[rank - 1])
        return cls(block, drawn, np.array(thresholds))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fields by name, to be kept."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> CopyStandard:
        """Return what `arrays` gave."""
        return cls(**arrays)


@dataclass(frozen=True, slots=True, eq=False)
class NearCopies:
    """How near fakes come to training rows.

    Attributes:
        excess: Share of fakes near to training rows less the share near to held-out ones, about 0 without copies, and
            about the share of copies with them.
        error: Its standard error over other fakes.
        near_train: The first share: summed over blocks.
        near_test: The second one.
        closer_to_train: Share of fakes whose nearest training row is nearer than their nearest held-out row, ties a
            half, in 0..1: .5 without copies, 1 for copies. Where the splits differ in size, as if they did not.
        closer_error: Its standard error over other fakes.
        distance: Float64 `(m,)`: of every fake to its nearest training row.
        nearest: Int64 `(m,)`: which row that is.
    """

    excess: float
    error: float
    near_train: float
    near_test: float
    closer_to_train: float
    closer_error: float
    distance: Floats
    nearest: NDArray[np.int64]


def near_copies(
    train: ArrayLike, test: ArrayLike, fake: ArrayLike, *, seed: int = 0, standard: CopyStandard | None = None
) -> NearCopies:
    """Return how near fakes come to training rows, beside held-out rows.

    A fake is near to a block of training rows where it comes nearer than the threshold to one of them, or equals it.
    The threshold is the distance to that block of the held-out row at the quantile of .01 over the number of blocks, so
    that 1 % of fakes from the same distribution are near to one block or another, and as many are near to the held-out
    rows at one threshold or another.

    Args:
        train: Features of what the generator was trained on, `(n, d)`.
        test: Features of data from the same source that it has not seen, `(l, d)`.
        fake: Features of generated samples, `(m, d)`.
        seed: Of blocks and draws.
        standard: `CopyStandard.of(train, test, seed=seed)` where it is known already.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, or they differ in columns or device.

    Example:
        Half of the fakes are training rows, the others new.

        >>> rng = np.random.default_rng(0)
        >>> train, test, fake = rng.normal(size=(3, 400, 8))
        >>> fake[:200] = train[:200]
        >>> found = near_copies(train, test, fake)
        >>> round(found.excess, 1), round(found.closer_to_train, 1)
        (0.5, 0.7)
    """
    known, held_out, made = _as_rows(train=train, test=test, fake=fake)
    usual = standard or CopyStandard.of(known, held_out, seed=seed)
    blocks = [np.flatnonzero(usual.block == at) for at in range(len(usual.threshold))]
    found = [nearest(made, known[torch.from_numpy(members)]) for members in blocks]
    distances = np.stack([one[0][:, 0].cpu().numpy() for one in found])  # (blocks, m)
    rows = np.stack([members[one[1][:, 0].cpu().numpy()] for members, one in zip(blocks, found, strict=True)])
    to_drawn = _distances(made, held_out[torch.from_numpy(usual.drawn)])
    others = np.setdiff1d(np.arange(len(held_out)), usual.drawn)
    to_test = np.minimum(to_drawn, _distances(made, held_out[torch.from_numpy(others)])) if len(others) else to_drawn
    near_train, near_test = (_near(one, usual.threshold[:, None]).sum(0) for one in (distances, to_drawn[None]))
    excess = near_train - near_test
    # Of blocks equally near, the one with the lowest row.
    best = np.lexsort((rows, distances), axis=0)[0]
    at = best, np.arange(len(made))
    closer = _closer(distances[at], to_test)
    expected, spread = len(known) / (len(known) + len(held_out)), share_error(closer, len(made))
    ends = [_as_if_equal(min(max(one, 0.0), 1.0), expected) for one in (closer - spread, closer + spread)]
    return NearCopies(
        excess=float(excess.mean()),
        error=float(excess.std()) / math.sqrt(len(excess)),
        near_train=float(near_train.mean()),
        near_test=float(near_test.mean()),
        closer_to_train=_as_if_equal(closer, expected),
        closer_error=(ends[1] - ends[0]) / 2,
        distance=distances[at],
        nearest=rows[at],
    )


def _near(distances: Floats, thresholds: Floats) -> NDArray[np.bool_]:
    return np.asarray((distances < thresholds) | (distances == 0))


def _closer(to_train: Floats, to_test: Floats) -> float:
    """Return the share that is closer to train."""
    return float(np.mean((to_train < to_test) + 0.5 * (to_train == to_test)))


def _as_if_equal(share: float, expected: float) -> float:
    """Return a share moved so that what is expected without copies becomes a half."""
    if share <= expected:
        return 0.5 * share / expected
    return 0.5 + 0.5 * (share - expected) / (1 - expected)


def _distances(rows: Tensor, base: Tensor) -> Floats:
    return np.asarray(nearest(rows, base)[0][:, 0].cpu().numpy(), np.float64)


def _as_rows(**sets: ArrayLike) -> list[Tensor]:
    (first_name, first), *others = [(name, as_features(value, name)) for name, value in sets.items()]
    for name, rows in others:
        check_same_width(first, first_name, rows, name)
    return [first, *(rows for _, rows in others)]
