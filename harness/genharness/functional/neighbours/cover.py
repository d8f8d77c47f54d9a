"""Precision and recall cover: balls that must hold several of the other side, so that one hub or outlier moves neither.

Cheema and Urner 2023, "Precision Recall Cover", equation 4, with k of the other side in the ball that reaches to the
3 k-th neighbour. They call the share of reals precision cover; junk lowers the share of fakes, so names here say whose
share it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width, check_whole
from genharness.functional.exact.balls import Balls
from genharness.functional.exact.crossing import cross
from genharness.functional.exact.search import own_neighbours
from genharness.functional.exact.tiles import Points
from genharness.functional.parallel import full_precision
from genharness.functional.sampling_error import jackknife_error

__all__ = ["Cover", "cover"]

RATIO = 3
"""Neighbours of its own that a ball holds, to those of the other side that it must hold."""


@dataclass(frozen=True, slots=True)
class Cover:
    """How two sets cover each other.

    Attributes:
        fakes: Share of fakes whose ball holds k reals or more: junk and shrinkage lower it, and so do dropped modes.
        reals: Share of reals whose ball holds k fakes or more: dropped modes lower it.
        fakes_error: Standard error of `fakes` over other fakes, the reals fixed; NaN for fewer than 3 k + 2 fakes.
        reals_error: Of `reals`, likewise.
    """

    fakes: float
    reals: float
    fakes_error: float
    reals_error: float


def cover(real: ArrayLike, fake: ArrayLike, k: int = 5) -> Cover:
    """Return both shares; balls are closed, and rows that occur several times count as often.

    The errors are those of the delete-one jackknife, exactly: without a fake, the balls that held it reach to the next
    neighbour, and those that held k fakes with it hold one too few. To it comes what the steps of a share of so many
    rows hide, of variance step^2 / 12 (Sheppard).

    Args:
        real: `(N, d)`, N > 3 k.
        fake: `(M, d)`, M > 3 k.
        k: How many of the other side a ball must hold.

    Raises:
        ValueError: An argument is not a matrix or not finite, they differ in columns or device, or are too few.

    Example:
        Neighbours at a distance of 1, 2 and 3: every ball holds the row itself among the others.

        >>> rows = np.arange(8.0)[:, None]
        >>> cover(rows, rows, k=1).fakes, cover(rows, rows + 100, k=1).reals
        (1.0, 0.0)
    """
    reals, fakes = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(reals, "real", fakes, "fake")
    reach = RATIO * check_whole(k, "k")
    for rows, name in ((reals, "real"), (fakes, "fake")):
        if len(rows) <= reach:
            raise NotDefinedError(f"{reach} neighbours need more than {reach} rows in {name}, which has {len(rows)}")
    dtype = torch.promote_types(reals.dtype, fakes.dtype)
    with full_precision(reals.device):
        real_points, fake_points = Points.of(reals.to(dtype)).together_with(Points.of(fakes.to(dtype)))
        own = [own_neighbours(points, (reach, reach + 1)) for points in (real_points, fake_points)]
        balls = [
            Balls(points, one.distances, (True, True))
            for points, one in zip((real_points, fake_points), own, strict=True)
        ]
        found = cross(balls[0], balls[1], pairs=k)
    in_fakes = found.of_fake.in_ball.cpu().numpy()
    held, grown = in_fakes[:, 0] >= k, in_fakes[:, 1] >= k
    counts, members = fake_points.counts.cpu().numpy(), (own[1].row.cpu().numpy(), own[1].member.cpu().numpy())
    in_reals = found.of_real.in_ball[:, 0].cpu().numpy()
    real_counts = real_points.counts.cpu().numpy()
    few_balls, few_points = (one.cpu().numpy() for one in found.of_real.few)
    return Cover(
        fakes=int(counts[held].sum()) / len(fakes),
        reals=int(real_counts[in_reals >= k].sum()) / len(reals),
        fakes_error=_error(_fakes_without_each(held, grown, counts, members), counts, reach, len(fakes)),
        reals_error=_error(
            _reals_without_each(in_reals, real_counts, (few_balls, few_points), k, len(counts)),
            counts,
            reach,
            len(reals),
        ),
    )


def _fakes_without_each(
    held: NDArray[np.bool_],
    grown: NDArray[np.bool_],
    counts: NDArray[np.int64],
    members: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> NDArray[np.float64]:
    """Return the share of fakes without each distinct one: who had it among its neighbours has a ball that grows."""
    row, member = members
    gains = grown & ~held
    gained = gains * (counts - 1.0)  # its other copies
    np.add.at(gained, member, np.where(row == member, 0, counts[row] * gains[row]))
    return np.asarray((counts[held].sum() - held + gained) / (counts.sum() - 1), np.float64)


def _reals_without_each(
    in_ball: NDArray[np.float64],
    counts: NDArray[np.int64],
    few: tuple[NDArray[np.int64], NDArray[np.int64]],
    k: int,
    fakes: int,
) -> NDArray[np.float64]:
    """Return the share of reals without each distinct fake: balls that hold exactly k lose it."""
    ball, point = few
    lost = np.zeros(fakes)
    np.add.at(lost, point, counts[ball] * (in_ball[ball] == k))
    return np.asarray((counts[in_ball >= k].sum() - lost) / counts.sum(), np.float64)


def _error(without_each: NDArray[np.float64], counts: NDArray[np.int64], reach: int, rows: int) -> float:
    """Return the error of a share of so many rows: of the jackknife and of its steps.

    Where no ball holds k rows exactly, no row that is left out changes anything; other fakes do, by a row or two.
    """
    if counts.sum() <= reach + 1:
        return float("nan")
    return math.hypot(jackknife_error(np.repeat(without_each, counts)), 1 / (rows * math.sqrt(12)))
