"""Whether two orders of the same models agree, where what cannot be told apart counts as tied."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

__all__ = ["RankAgreement", "agreement"]

_TIED = 2.0
"""Standard errors of a difference within which it is a tie: noise must not decide an order."""


@dataclass(frozen=True, slots=True)
class RankAgreement:
    """How two orders of the same models agree.

    Attributes:
        tau: Kendall's tau-b, from -1 (reversed) to 1 (alike); None where one order ties everything.
        models: How many models both have.
        reversed: Pairs that both orders tell apart, and in opposite ways.
    """

    tau: float | None
    models: int
    reversed: tuple[tuple[str, str], ...]


def agreement(first: Mapping[str, tuple[float, float]], second: Mapping[str, tuple[float, float]]) -> RankAgreement:
    """Return Kendall's tau-b (1945) of the models that both orders have.

    Args:
        first: For each model its score, the smaller the better, and its standard error.
        second: The same by another measure.
    """
    names = [name for name in first if name in second]
    signs = {(a, b): (_sign(first[a], first[b]), _sign(second[a], second[b])) for a, b in combinations(names, 2)}
    products = [x * y for x, y in signs.values()]
    untied = [sum(pair[side] != 0 for pair in signs.values()) for side in (0, 1)]
    tau = sum(products) / math.sqrt(untied[0] * untied[1]) if min(untied, default=0) else None
    return RankAgreement(tau, len(names), tuple(pair for pair, (x, y) in signs.items() if x * y < 0))


def _sign(a: tuple[float, float], b: tuple[float, float]) -> int:
    """Return which of two scores is larger, 0 where their errors leave that open."""
    difference = a[0] - b[0]
    if abs(difference) <= _TIED * math.hypot(a[1], b[1]):
        return 0
    return 1 if difference > 0 else -1
