"""The scores of one model by one metric, as the tests read them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genharness.stats.values import finite_scores, log_scores, moments

__all__ = ["Sample", "checked_sample", "in_order", "sample_of"]

_STEADY = 1e-9
"""Share of the scores' size below which a deviation is the rounding of floating point, not a spread over seeds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Scores over training seeds, or their logarithms.

    Attributes:
        scores: One a seed.
        mean: Their mean.
        variance: Variance of one seed (n - 1) and the floor; 0 where nothing varies and nothing is rounded, and with
            one seed.
        floor: Least variance that a seed can be believed to have: what rounding hides, resolution^2 / 12.
    """

    scores: tuple[float, ...]
    mean: float
    variance: float
    floor: float = 0.0

    @property
    def count(self) -> int:
        """Seeds."""
        return len(self.scores)

    @property
    def of_mean(self) -> float:
        """Variance of the mean."""
        return self.variance / len(self.scores)


def sample_of(scores: Sequence[float], name: str, *, log: bool = False, resolution: float = 0.0) -> Sample:
    """Return scores as the tests read them.

    A score that is counted or rounded can come out alike on every seed, which says that the spread is below the
    resolution and not that there is none: the variance of a seed is resolution^2 / 12 (Sheppard) and what the seeds
    show.

    Args:
        scores: One a seed.
        name: What to call them in a message.
        log: Take logarithms; the resolution is then relative to the mean.
        resolution: Smallest step between two values that the score can take; 0 where it is continuous.

    Raises:
        ValueError: There is no score, one is not finite, or with `log` one is not above zero.
    """
    values = finite_scores(scores, name)
    mean = math.fsum(values) / len(values)
    if not log:
        return checked_sample(values, abs(mean), resolution**2 / 12)
    return checked_sample(log_scores(values, name), 1.0, (resolution / mean) ** 2 / 12)


def checked_sample(values: Sequence[float], size: float, floor: float) -> Sample:
    """Return a sample of values that were checked; they do not vary where they agree up to rounding at this size."""
    mean, deviation = moments(values)
    if deviation is None:
        return Sample(tuple(values), mean, 0.0, floor)
    steady = deviation <= _STEADY * size
    return Sample(tuple(values), mean, floor if steady else deviation**2 + floor, floor)


def in_order(scores: Mapping[int, float]) -> list[float]:
    """Return the scores in the order of their seeds."""
    return [scores[seed] for seed in sorted(scores)]
