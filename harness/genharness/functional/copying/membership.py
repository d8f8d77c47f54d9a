"""Membership inference: can training rows be told from held-out ones by how near the fakes come to them?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from genharness.functional.checks import ArrayLike, as_features, check_same_width
from genharness.functional.prdc import nearest
from genharness.functional.sampling_error import share_error

__all__ = ["Membership", "attack_of_scores", "membership"]

_FALSE_ALARMS = 0.01
_LEAST = 1000


@dataclass(frozen=True, slots=True)
class Membership:
    """How well an attack tells members from others.

    Attributes:
        auc: Chance that a member scores higher than another row, ties a half, in 0..1; .5: not at all.
        error: Its standard error over other members and others (DeLong et al. 1988).
        caught: Share of members that score higher than all but 1 % of the others; NaN with fewer than 1,000 others.
        caught_error: Its standard error over other members and others.
    """

    auc: float
    error: float
    caught: float
    caught_error: float


def membership(train: ArrayLike, test: ArrayLike, fake: ArrayLike) -> Membership:
    """Return how well nearness to the fakes tells training rows from held-out ones (score A of Chen et al. 2020).

    Each row scores minus its distance to the nearest fake. That the attack fails proves nothing: others may succeed
    where no fake is near to what it was trained on.

    Args:
        train: Features of what the generator was trained on, `(n, d)`.
        test: Features of data from the same source that it has not seen, `(l, d)`.
        fake: Features of generated samples, `(m, d)`.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, or they differ in columns or device.

    Example:
        >>> train, test = np.array([[0.0], [1.0]]), np.array([[0.5], [9.0]])
        >>> membership(train, test, fake=train).auc
        1.0
    """
    members, others, made = (as_features(one, name) for one, name in ((train, "train"), (test, "test"), (fake, "fake")))
    check_same_width(members, "train", others, "test")
    check_same_width(members, "train", made, "fake")
    scores = (-nearest(rows, made)[0][:, 0].cpu().numpy() for rows in (members, others))
    return attack_of_scores(*scores)


def attack_of_scores(members: NDArray[np.float64], others: NDArray[np.float64]) -> Membership:
    """Return how well scores tell members from others.

    Args:
        members: A number for each member, higher for whatever the attack takes for one, `(n,)`.
        others: Likewise for the others, `(l,)`.

    Example:
        >>> attack_of_scores(np.array([3.0, 1.0]), np.array([2.0, 0.0])).auc  # three of four pairs
        0.75
    """
    n, m = len(members), len(others)
    ranks = rankdata(np.concatenate([members, others]))
    beaten = (ranks[:n] - rankdata(members)) / m  # of each member: the share of others below it
    beating = 1 - (ranks[n:] - rankdata(others)) / n  # of each other: the share of members above it
    error = math.sqrt(_variance(beaten) / n + _variance(beating) / m)
    return Membership(float(beaten.mean()), error, *_caught(members, others))


def _variance(values: NDArray[np.float64]) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else math.nan


def _caught(members: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, float]:
    """Return the share that is caught and its error: that of a share, and that of the threshold that others set."""
    if len(others) < _LEAST:
        return math.nan, math.nan
    highest, spread = np.sort(others)[::-1], share_error(_FALSE_ALARMS, len(others))
    few, usual, many = (
        float((members > highest[math.floor(max(alarms, 0.0) * len(others))]).mean())
        for alarms in (_FALSE_ALARMS - spread, _FALSE_ALARMS, _FALSE_ALARMS + spread)
    )
    return usual, math.hypot(share_error(usual, len(members)), (many - few) / 2)
