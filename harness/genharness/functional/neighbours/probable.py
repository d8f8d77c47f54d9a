"""Probabilistic precision and recall: one radius for a whole set, so that outliers have no larger balls.

Park and Kim 2023, "Probabilistic Precision and Recall Towards Reliable Evaluation of Generative Models", equations 9 to
12: a point y is inside the set of the x_i with the probability 1 - prod_i min(|y - x_i| / R, 1), where R is 1.2 times
the mean distance of the x_i to their fourth nearest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width
from genharness.functional.exact.search import OwnNeighbours, own_neighbours
from genharness.functional.exact.tiles import Points
from genharness.functional.parallel import full_precision, side_by_side
from genharness.functional.sampling_error import jackknife_error

__all__ = ["Probable", "probable_precision_recall"]

K = 4
FACTOR = 1.2
_ROWS = 512


@dataclass(frozen=True, slots=True)
class Probable:
    """Both scores, and their standard errors over other fakes, the reals fixed.

    Attributes:
        precision: Mean probability of the fakes to be inside the reals, in 0..1.
        recall: Of the reals to be inside the fakes.
        precision_error: That of a mean.
        recall_error: By leaving out each fake; computed when it is asked for, which takes as long as the scores.
    """

    precision: float
    recall: float
    precision_error: float
    recall_error: Callable[[], float] = field(repr=False)


def probable_precision_recall(real: ArrayLike, fake: ArrayLike) -> Probable:
    """Return both scores.

    Args:
        real: `(N, d)`, N at least 5.
        fake: `(M, d)`, M at least 6.

    Raises:
        ValueError: An argument is not a matrix or not finite, they differ in columns or device, or are too few.

    Example:
        >>> rows = np.arange(10.0)[:, None]
        >>> found = probable_precision_recall(rows, rows + 1000)
        >>> found.precision, found.recall
        (0.0, 0.0)
        >>> probable_precision_recall(rows, rows).precision  # copies are inside
        1.0
    """
    reals, fakes = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(reals, "real", fakes, "fake")
    for rows, name, least in ((reals, "real", K + 1), (fakes, "fake", K + 2)):
        if len(rows) < least:
            raise NotDefinedError(f"{name} must have {least} rows or more, not {len(rows)}")
    with full_precision(reals.device):
        points = [Points.of(rows) for rows in (reals, fakes)]
        own = [own_neighbours(one, (K, K + 1)) for one in points]
        radii = [FACTOR * float(one.distances[:, 0][of.place].mean()) for one, of in zip(own, points, strict=True)]
        if min(radii) == 0:
            raise NotDefinedError("all rows of a set have copies, so that its radius is 0")
        centre = reals.mean(0, dtype=torch.float64)
        x, y = reals.double() - centre, fakes.double() - centre
        inside = 1 - _outside(y, x, radii[0]).exp()
        left = _outside(x, y, radii[1])

    def recall_error() -> float:
        with full_precision(reals.device):
            return jackknife_error(_without_each(x, y, left, radii[1], own[1], points[1]))

    return Probable(
        precision=float(inside.mean()),
        recall=float((1 - left.exp()).mean()),
        precision_error=float(inside.std(correction=1)) / math.sqrt(len(fakes)),
        recall_error=recall_error,
    )


def _log_share(rows: Tensor, others: Tensor, radius: float) -> Tensor:
    """Return ln min(D / R, 1) of every pair; of a copy it is finite, so that it can be taken off again."""
    squares = torch.addmm(others.square().sum(1), rows, others.T, alpha=-2).add_(rows.square().sum(1, keepdim=True))
    logs: Tensor = squares.clamp_(min=0).sqrt_().div_(radius).clamp_(min=1e-300, max=1).log_()
    return logs


def _outside(rows: Tensor, others: Tensor, radius: float) -> Tensor:
    """Return the logarithm of the probability of each row to be outside the others, float64 `(len(rows),)`."""
    parts = side_by_side(lambda some: _log_share(some, others, radius).sum(1), rows.split(_ROWS), rows.device)
    return torch.cat(parts)


def _without_each(
    real: Tensor, fake: Tensor, outside: Tensor, radius: float, own: OwnNeighbours, points: Points
) -> NDArray[np.float64]:
    """Return the recall without each fake: the others' product, and to first order their radius."""

    def of(some: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        logs = _log_share(some[0], fake, radius)
        near = (logs < 0).sum(1).double()
        return (some[1][:, None] - logs).exp().sum(0), (some[1].exp() * near).sum()[None]

    parts = side_by_side(of, list(zip(real.split(_ROWS), outside.split(_ROWS), strict=True)), real.device)
    products, slopes = (torch.stack(one).sum(0) for one in zip(*parts, strict=True))
    radii = FACTOR * _mean_without_each(own, points)
    recall: Tensor = 1 - products / len(real) + float(slopes) / (len(real) * radius) * (radii - radius)
    return np.asarray(recall.cpu().numpy())


def _mean_without_each(own: OwnNeighbours, points: Points) -> Tensor:
    """Return the mean distance to the fourth nearest without each row `(m,)`."""
    near, further = own.distances.T
    growth = (further - near) * points.counts
    other = own.row != own.member
    gained = torch.zeros_like(near).index_add_(0, own.member[other], growth[own.row[other]])
    gained += (further - near) * (points.counts - 1)
    total = (near * points.counts).sum()
    means: Tensor = (total - near + gained) / (points.counts.sum() - 1)
    return means[points.place]
