"""The density of samples under a flow: the change of variables along an ordinary differential equation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genharness.kit.solvers import Slope

__all__ = ["log_density", "standard_normal_log_density"]


def log_density(
    slope: Slope,
    x: Tensor,
    times: Sequence[float],
    prior: Callable[[Tensor], Tensor],
    generator: torch.Generator,
    *,
    probes: int = 1,
) -> Tensor:
    """Return log p(x) of samples that dx/dt = v(x, t) carries to where the density is known.

    d log p / dt = -div v along the path (Chen et al. 2018, arXiv:1806.07366, equation 8), followed by Heun's rule. The
    divergence is estimated by e' dv/dx e with random signs e, the same along a path (Hutchinson; Grathwohl et al. 2019,
    arXiv:1810.01367): without bias for v as it is, exact up to the solver's error where v is linear with a diagonal
    matrix.

    Args:
        slope: v(x, t), differentiable in x.
        x: Samples `(n, ...)` at `times[0]`.
        times: From the samples to the prior, rising or falling.
        prior: Log-density `(n,)` in nats at `times[-1]`.
        generator: Of the signs.
        probes: Draws of signs that the divergence is averaged over.

    Returns:
        Nats `(n,)`.
    """
    signs = [_signs(x, generator) for _ in range(probes)]
    x, gained = x.detach(), torch.zeros(len(x), dtype=x.dtype, device=x.device)
    for here, there in pairwise(times):
        h = there - here
        v, divergence = _with_divergence(slope, x, here, signs)
        v_ahead, divergence_ahead = _with_divergence(slope, x + h * v, there, signs)
        x = x + (h / 2) * (v + v_ahead)
        gained = gained + (h / 2) * (divergence + divergence_ahead)
    return prior(x) + gained


def _with_divergence(slope: Slope, x: Tensor, t: float, signs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return v(x, t) and the estimate of its divergence `(n,)`, both without a graph."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        v = slope(x, t)
        products = [(torch.autograd.grad(v, x, e, retain_graph=e is not signs[-1])[0] * e).flatten(1) for e in signs]
    return v.detach(), torch.stack(products).mean(0).sum(1)


def _signs(x: Tensor, generator: torch.Generator) -> Tensor:
    return 2 * torch.randint(0, 2, x.shape, generator=generator, device=x.device).to(x) - 1


def standard_normal_log_density(x: Tensor) -> Tensor:
    """Return log N(x; 0, I) in nats `(n,)` of `(n, ...)`."""
    return -0.5 * (x**2 + math.log(2 * math.pi)).flatten(1).sum(1)
