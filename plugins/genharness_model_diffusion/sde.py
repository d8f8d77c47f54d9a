"""The noise levels of stochastic differential equations (Song et al. 2021, arXiv:2011.13456, section 3.4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

__all__ = ["SDE"]

_FIRST = {"ve": 1e-5, "vp": 1e-3, "sub-vp": 1e-3}
"""The earliest time of sampling, as in the paper's appendix C: before it nothing is learnt that could be relied on."""


@dataclass(frozen=True)
class SDE:
    """z(t) = a(t) (x_0 + sigma(t) eps) for t in [0, 1]: in x = z / a all of them only add noise, at different paces.

    Attributes:
        kind: `ve`: a = 1, sigma growing geometrically; `vp`: a^2 (1 + sigma^2) = 1, the limit of ddpm's chain;
            `sub-vp`: a sigma = 1 - a^2, less noise than `vp` at any time.
        low: Lowest sigma of `ve`.
        high: Highest sigma of `ve`.
        beta_min: beta(0) of the other two.
        beta_max: beta(1).
    """

    kind: Literal["ve", "vp", "sub-vp"]
    low: float = 0.01
    high: float = 50.0
    beta_min: float = 0.1
    beta_max: float = 20.0

    @property
    def first(self) -> float:
        """The earliest time at which the equation is followed."""
        return _FIRST[self.kind]

    def sigma(self, t: Tensor) -> Tensor:
        """Return sigma at times (equations 30, 29 and 34 of the paper, divided by a)."""
        if self.kind == "ve":
            return self.low * (self.high / self.low) ** t
        B = self.beta_min * t + 0.5 * (self.beta_max - self.beta_min) * t**2  # a = exp(-B / 2)
        return torch.expm1(B).sqrt() if self.kind == "vp" else torch.expm1(B) * (-0.5 * B).exp()

    def scale(self, sigma: Tensor) -> Tensor:
        """Return a where the noise level is sigma."""
        if self.kind == "ve":
            return torch.ones_like(sigma)
        if self.kind == "vp":
            return (1 + sigma**2).rsqrt()
        return 2 / (sigma + (sigma**2 + 4).sqrt())  # of a sigma = 1 - a^2

    def time(self, sigma: Tensor) -> Tensor:
        """Return the time at which the noise level is sigma: the inverse of `sigma`."""
        if self.kind == "ve":
            return (sigma / self.low).log() / math.log(self.high / self.low)
        B = torch.log1p(sigma**2) if self.kind == "vp" else -2 * self.scale(sigma).log()
        rise = self.beta_max - self.beta_min
        return 2 * B / (self.beta_min + (self.beta_min**2 + 2 * rise * B).sqrt())  # the root that does not cancel

    def levels(self, steps: int) -> list[float]:
        """Return sigma at `steps` evenly spaced times from 1 down to `first`, and 0."""
        t = torch.linspace(1, self.first, steps, dtype=torch.float64, device="cpu")
        return [*self.sigma(t).tolist(), 0.0]
