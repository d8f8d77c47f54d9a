"""Checks that every function of this package makes on the scores it is given."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

__all__ = ["finite_scores", "log_scores", "middle_mean", "moments"]

LARGEST = 1e150  # its square is still finite


def finite_scores(scores: Iterable[float], name: str) -> list[float]:
    """Return the scores as floats, refusing none at all and anything that is not a finite score.

    Args:
        scores: Scores, one a training seed.
        name: What the caller calls them; the error message begins with it.

    Raises:
        ValueError: There is no score, or one is NaN, infinite or beyond 1e150.
    """
    kept = [float(score) for score in scores]
    if not kept:
        raise ValueError(f"{name}: no scores; give at least one")
    if sum(map(abs, kept)) < LARGEST:  # so is each of them; fsum raises where a sum leaves the floats
        return kept
    for position, score in enumerate(kept):
        if not abs(score) < LARGEST:
            raise ValueError(
                f"{name}: score {position} is {score}; leave diverged seeds out and give their share beside"
            )
    return kept


def log_scores(scores: list[float], name: str) -> list[float]:
    """Return the natural logarithms of the scores.

    Raises:
        ValueError: A score is zero or negative.
    """
    for position, score in enumerate(scores):
        if score <= 0:
            raise ValueError(f"{name}: score {position} is {score}; log=True needs scores above zero")
    return [math.log(score) for score in scores]


def moments(scores: Sequence[float]) -> tuple[float, float | None]:
    """Return the mean and the standard deviation (n - 1), None for one score, of scores that were checked."""
    mean = math.fsum(scores) / len(scores)
    if len(scores) == 1:
        return mean, None
    if scores.count(scores[0]) == len(scores):
        return scores[0], 0.0
    squares = math.fsum([(score - mean) ** 2 for score in scores])  # a list: boards have a hundred thousand rows
    return mean, math.sqrt(squares / (len(scores) - 1))


def middle_mean(scores: Iterable[float]) -> float:
    """Return the mean of the middle half of scores that were checked; floor(n / 4) are cut from each end."""
    ordered = sorted(scores)
    cut = len(ordered) // 4
    middle = ordered[cut : len(ordered) - cut]
    return math.fsum(middle) / len(middle)
