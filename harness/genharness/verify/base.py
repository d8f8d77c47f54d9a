"""What a peer is: a library that recomputes a metric, and how far ours may be from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from genharness.measure.evaluation import SampleEvaluation

__all__ = ["Options", "Peer", "Theirs", "near"]

Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Theirs:
    """A library's number, and how far another correct implementation may be from it."""

    value: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class Peer:
    """A library that can recompute a metric.

    Attributes:
        metric: Name of the metric.
        library: Name of the distribution, as it is installed.
        compute: Gives its numbers by column key; raises ImportError where the library is missing, and ValueError or
            DataError, with the reason, where the library cannot compute this.
        applies: Whether the library knows the metric under some options; where not, it is not asked.
        limit: Says what is known to defeat the library with these samples, in a line; empty where nothing is.
    """

    metric: str
    library: str
    compute: Callable[[SampleEvaluation, Options], Mapping[str, Theirs]]
    applies: Callable[[Options], bool] = lambda options: True
    limit: Callable[[SampleEvaluation, Options], str] = lambda evaluation, options: ""


def near(value: float, scale: float = 0.0, relative: float = 1e-4) -> Theirs:
    """Allow a relative difference, and a millionth of the size of what cancels out in the score."""
    return Theirs(value, relative * abs(value) + 1e-6 * scale + 1e-9)
