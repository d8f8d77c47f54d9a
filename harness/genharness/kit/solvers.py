"""Samplers of diffusion models and solvers of their differential equations: functions, with no model in them.

A *denoiser* D(x, sigma) says what x0 is in x = x0 + sigma n, n ~ N(0, 1): the coordinates of Karras et al. (2022,
arXiv:2206.00364). Other models are denoisers after a change of variables: a variance-preserving
z = a x0 + s n is x = z / a at sigma = s / a, and the point z = (1 - t) n + t x0 of a straight path is x = z / t at
sigma = (1 - t) / t. Levels fall from the noisiest to 0, where the sample is. They are numbers of the host in double
precision: no step waits for the device.

A *slope* v(x, t) is the right-hand side of dx/dt = v; `euler`, `heun` and `dopri5` follow it along any times.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from genharness.errors import ConfigError
from genharness.kit.blocks import random_normal

__all__ = [
    "Denoiser",
    "Reverse",
    "Slope",
    "ancestral",
    "ddim",
    "dopri5",
    "dpmpp_2m",
    "edm_stochastic",
    "euler",
    "heun",
    "karras_levels",
    "predictor_corrector",
    "probability_flow",
]

Denoiser = Callable[[Tensor, float], Tensor]
"""D(x, sigma): the expected x0 `(n, ...)` of x `(n, ...)` = x0 + sigma n."""

Slope = Callable[[Tensor, float], Tensor]
"""v(x, t), in the shape of x."""

Reverse = Callable[[Tensor, float, float], tuple[Tensor, Tensor | float]]
"""p(x at the second level | x at the first): mean, and standard deviation as a number or in a shape that fits."""


def karras_levels(steps: int, low: float, high: float, rho: float = 7.0) -> list[float]:
    """Return the noise levels of Karras et al. 2022, equation 5: `steps` from `high` down to `low`, and 0.

    Args:
        steps: Levels above 0, at least 1; one is `high` alone.
        low: Lowest level above 0.
        high: Highest.
        rho: How much closer together the low ones are.
    """
    top, bottom = high ** (1 / rho), low ** (1 / rho)
    shares = (place / max(steps - 1, 1) for place in range(steps))
    return [(top + share * (bottom - top)) ** rho for share in shares] + [0.0]


def ancestral(reverse: Reverse, x: Tensor, levels: Sequence[float], generator: torch.Generator) -> Tensor:
    """Draw from a chain of Gaussians, without noise at the last step (Ho et al. 2020, algorithm 2).

    Args:
        reverse: Mean and deviation of each step.
        x: Noise `(n, ...)` at the first level.
        levels: In any coordinate that `reverse` understands, the last one that of the sample.
        generator: The only source of randomness.
    """
    for place, (here, there) in enumerate(pairwise(levels), start=2):
        mean, deviation = reverse(x, here, there)
        x = mean if place == len(levels) else mean + deviation * _noise(x, generator)
    return x


def ddim(denoise: Denoiser, x: Tensor, levels: Sequence[float], generator: torch.Generator, eta: float = 0.0) -> Tensor:
    """Sample by denoising diffusion implicit models (Song et al. 2021, arXiv:2010.02502, equation 12).

    The step from sigma to tau keeps the direction of the noise that is thought to be there, (x - D) / sigma, and draws
    anew the share of variance that `eta` says: none at 0, what makes the chain Markov (the posterior variance of
    ancestral sampling) at 1.

    Args:
        denoise: D(x, sigma).
        x: Noise `(n, ...)` of standard deviation `levels[0]`.
        levels: Noise levels, falling, to 0.
        generator: The only source of randomness; not drawn from where `eta` is 0.
        eta: In [0, 1].
    """
    for sigma, tau in pairwise(levels):
        drawn = eta * (tau / sigma) * math.sqrt(sigma**2 - tau**2)
        x0 = denoise(x, sigma)
        x = x0 + (math.sqrt(tau**2 - drawn**2) / sigma) * (x - x0)
        if drawn > 0:
            x = x + drawn * _noise(x, generator)
    return x


def dpmpp_2m(denoise: Denoiser, x: Tensor, levels: Sequence[float]) -> Tensor:
    """Solve by the second-order multistep DPM-Solver++ (Lu et al. 2022, arXiv:2211.01095, algorithm 2).

    It extrapolates D along lambda = -log sigma from two evaluations, one of which the step before has made; the first
    step, and the last one down to 0, where lambda is infinite, are of first order.

    Args:
        denoise: D(x, sigma).
        x: Noise `(n, ...)` of standard deviation `levels[0]`.
        levels: Noise levels, falling, to 0.
    """
    before: tuple[Tensor, float] | None = None
    for sigma, tau in pairwise(levels):
        x0 = denoise(x, sigma)
        direction, h = x0, math.inf if tau == 0 else math.log(sigma / tau)
        if before is not None and tau > 0:
            ratio = h / before[1]  # 1 / r of the paper is h / h_before
            direction = (1 + ratio / 2) * x0 - (ratio / 2) * before[0]
        x = (tau / sigma) * x - math.expm1(-h) * direction
        before = x0, h
    return x


def edm_stochastic(
    denoise: Denoiser,
    x: Tensor,
    levels: Sequence[float],
    generator: torch.Generator,
    *,
    churn: float,
    low: float = 0.0,
    high: float = math.inf,
    noise: float = 1.0,
) -> Tensor:
    """Sample by algorithm 2 of Karras et al. 2022: before each of Heun's steps, some noise is added and taken away.

    Args:
        denoise: D(x, sigma).
        x: Noise `(n, ...)` of standard deviation `levels[0]`.
        levels: Noise levels, falling, to 0.
        generator: The only source of randomness; not drawn from where `churn` is 0.
        churn: S_churn, how much noise over all steps; 0 is `heun` on the probability flow.
        low: S_tmin, the lowest level that is churned.
        high: S_tmax, the highest.
        noise: S_noise, the standard deviation of what is added.
    """
    most = min(churn / (len(levels) - 1), math.sqrt(2) - 1)
    slope = probability_flow(denoise)
    for sigma, tau in pairwise(levels):
        gamma = most if low <= sigma <= high else 0.0
        raised = sigma * (1 + gamma)
        if gamma > 0:
            x = x + math.sqrt(raised**2 - sigma**2) * noise * _noise(x, generator)
        x = heun(slope, x, (raised, tau), euler_last=tau == 0)
    return x


def predictor_corrector(
    denoise: Denoiser,
    x: Tensor,
    levels: Sequence[float],
    generator: torch.Generator,
    *,
    corrections: int = 1,
    snr: float = 0.16,
) -> Tensor:
    """Sample by steps of the reverse diffusion, each corrected by Langevin dynamics (Song et al. 2021, 2011.13456).

    The predictor takes away the variance sigma^2 - tau^2 along the score s = (D - x) / sigma^2 and draws it anew
    (appendix E). The corrector moves by e s + sqrt(2 e) z with e = 2 (r |z| / |s|)^2 (algorithm 4), where |z| / |s| is
    tau, what it is for the score of noise: the paper measures it over a batch, whose samples then would know of each
    other. The last step, to 0, is D.

    Args:
        denoise: D(x, sigma).
        x: Noise `(n, ...)` of standard deviation `levels[0]`.
        levels: Noise levels, falling, to 0.
        generator: The only source of randomness.
        corrections: Steps of Langevin dynamics at every level between.
        snr: r, the ratio of signal to noise that a correction keeps to.
    """
    for sigma, tau in pairwise(levels):
        gone = sigma**2 - tau**2
        x = x + (gone / sigma**2) * (denoise(x, sigma) - x)
        if tau > 0:
            x = x + math.sqrt(gone) * _noise(x, generator)
            for _ in range(corrections):
                x = _corrected(denoise, x, tau, generator, snr)
    return x


def _corrected(denoise: Denoiser, x: Tensor, sigma: float, generator: torch.Generator, snr: float) -> Tensor:
    """Return x + e s + sqrt(2 e) z."""
    e = 2 * (snr * sigma) ** 2
    return x + (e / sigma**2) * (denoise(x, sigma) - x) + math.sqrt(2 * e) * _noise(x, generator)


def probability_flow(denoise: Denoiser) -> Slope:
    """Return dx/dsigma = (x - D(x, sigma)) / sigma (Karras et al. 2022, equation 3): noise becomes samples along it.

    It is undefined at sigma = 0: `euler` never asks for it there, `heun` does not with `euler_last`.
    """
    return lambda x, sigma: (x - denoise(x, sigma)) / sigma


def euler(slope: Slope, x: Tensor, times: Sequence[float]) -> Tensor:
    """Follow dx/dt = v(x, t) in straight steps between the times: first order, one evaluation a step."""
    for here, there in pairwise(times):
        x = x + (there - here) * slope(x, here)
    return x


def heun(slope: Slope, x: Tensor, times: Sequence[float], *, euler_last: bool = False) -> Tensor:
    """Follow dx/dt = v(x, t) by Heun's rule: second order, two evaluations a step.

    Args:
        slope: v(x, t).
        x: `(n, ...)` at `times[0]`.
        times: Rising or falling.
        euler_last: Take the last step by Euler's rule, with one evaluation: a probability flow has no slope at level 0
            (Karras et al. 2022, algorithm 1).
    """
    for place, (here, there) in enumerate(pairwise(times), start=2):
        h, first = there - here, slope(x, here)
        ahead = x + h * first
        last = euler_last and place == len(times)
        x = ahead if last else x + (h / 2) * (first + slope(ahead, there))
    return x


def dopri5(slope: Slope, x: Tensor, start: float, end: float, *, tolerance: float = 1e-5) -> Tensor:
    """Follow dx/dt = v(x, t) by the adaptive rule of Dormand and Prince, of fifth order.

    Args:
        slope: v(x, t).
        x: `(n, ...)` at `start`. Step sizes suit the whole of it: they depend on what is solved together.
        start: First time.
        end: Last time.
        tolerance: Relative and absolute error of a step.

    Raises:
        ConfigError: If torchdiffeq is not installed.
    """
    try:
        torchdiffeq = importlib.import_module("torchdiffeq")
    except ImportError as error:
        raise ConfigError("dopri5 needs torchdiffeq: pip install 'genharness[ode]'") from error
    times = torch.tensor([start, end], dtype=torch.float64, device=x.device)
    options = {"dtype": torch.float64}
    path: Tensor = torchdiffeq.odeint(
        lambda t, y: slope(y, float(t)), x, times, rtol=tolerance, atol=tolerance, method="dopri5", options=options
    )
    return path[-1]


def _noise(x: Tensor, generator: torch.Generator) -> Tensor:
    return random_normal(*x.shape, generator=generator).to(x)
