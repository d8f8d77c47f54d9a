"""The Markov chain that turns images into noise, and its tables, in double precision on the host. Torch-free."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Chain", "Step", "alpha_bars", "evenly", "parts"]

_LARGEST_BETA = 0.999


def alpha_bars(schedule: Literal["linear", "cosine"], T: int) -> list[float]:
    """Return alpha-bar_t = prod_{s <= t} (1 - beta_s) for t = 0 to T - 1, falling.

    Args:
        schedule: `linear`: beta from 1e-4 to .02 for T = 1000, as much noise in all for any other (Ho et al. 2020);
            `cosine`: alpha-bar falls like a squared cosine (Nichol and Dhariwal 2021, arXiv:2102.09672, equation 17).
        T: Steps of the chain.
    """
    if schedule == "linear":
        low, high = 1e-4 * 1000 / T, 0.02 * 1000 / T
        betas = [low + (high - low) * t / max(T - 1, 1) for t in range(T)]
    else:
        curve = [math.cos((t / T + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(T + 1)]
        betas = [1 - after / before for before, after in itertools.pairwise(curve)]
    return list(itertools.accumulate((1 - min(beta, _LARGEST_BETA) for beta in betas), lambda a, b: a * b))


def evenly(T: int, steps: int) -> list[int]:
    """Return `steps` times from T - 1 down to 0, both included, as evenly spaced as whole numbers can be.

    Args:
        T: Steps of the whole chain.
        steps: From 1, which is T - 1 alone, to T.
    """
    return [round((T - 1) * (1 - place / max(steps - 1, 1))) for place in range(steps)]


def parts(T: int, count: int) -> list[int]:
    """Return the borders of `count` parts of the times 1 to T - 1, each about as much longer than the one before.

    Args:
        T: Steps of the chain, at least 2.
        count: Parts; as many as there are times at most.

    Returns:
        From 1 to T, rising.
    """
    borders = [1]
    for left in range(min(count, T - 1), 0, -1):
        ratio = (T / borders[-1]) ** (1 / left)
        borders.append(min(max(borders[-1] + 1, round(borders[-1] * ratio)), T - left + 1))
    return borders


@dataclass(frozen=True, slots=True)
class Step:
    """q(x_s | x_t, x_0) of an earlier time s < t (Ho et al. 2020, equations 6 and 7, for steps of any size).

    Attributes:
        of_x0: What the mean takes of x_0.
        of_xt: What it takes of x_t.
        small: Its variance, beta-tilde; 0 where s is the image itself.
        large: beta, the variance of q(x_t | x_s).
    """

    of_x0: float
    of_xt: float
    small: float
    large: float


class Chain:
    """x_t = sqrt(alpha-bar_t) x_0 + sqrt(1 - alpha-bar_t) eps for t = 0 to T - 1; t = -1 is the image itself.

    Args:
        alpha_bar: alpha-bar_t for t = 0 to T - 1, two times at least.
    """

    def __init__(self, alpha_bar: Sequence[float]) -> None:
        self._alpha_bar = [*alpha_bar, 1.0]  # at -1

    def alpha_bar(self, t: int) -> float:
        """Return alpha-bar_t, 1 at t = -1."""
        return self._alpha_bar[t]

    def sigma(self, t: int) -> float:
        """Return the noise level of x_t / sqrt(alpha-bar_t) = x_0 + sigma eps."""
        return math.sqrt((1 - self._alpha_bar[t]) / self._alpha_bar[t])

    def step(self, t: int, s: int) -> Step:
        """Return q(x_s | x_t, x_0) for s < t."""
        a_t, a_s = self._alpha_bar[t], self._alpha_bar[s]
        beta = 1 - a_t / a_s
        return Step(
            of_x0=math.sqrt(a_s) * beta / (1 - a_t),
            of_xt=math.sqrt(1 - beta) * (1 - a_s) / (1 - a_t),
            small=(1 - a_s) / (1 - a_t) * beta,
            large=beta,
        )

    def log_variances(self, t: int) -> tuple[float, float]:
        """Return log beta-tilde_t and log beta_t; at t = 0, where beta-tilde is 0, both of them are beta-tilde_1.

        That is what decodes images: a Gaussian without variance says nothing of grey levels.
        """
        step = self.step(t, t - 1)
        if t == 0:
            least = self.step(1, 0).small
            return math.log(least), math.log(max(least, step.large))
        return math.log(step.small), math.log(step.large)
