"""How samples are drawn, by the options of sampling: training uses nothing of this, so a sampler more costs none."""

from __future__ import annotations

import torch
from torch import Tensor

from genharness.kit.solvers import (
    Denoiser,
    Slope,
    ddim,
    dopri5,
    dpmpp_2m,
    edm_stochastic,
    euler,
    heun,
    probability_flow,
)
from genharness_model_diffusion.configs import DDPMConfig, EDMConfig, FlowMatchingConfig

__all__ = ["along_chain", "along_flow", "along_levels"]


def along_chain(
    config: DDPMConfig, denoise: Denoiser, x: Tensor, levels: list[float], generator: torch.Generator
) -> Tensor:
    """Return images from noise `x` of level `levels[0]` by `ddim`, `dpmpp-2m` or `heun`, over levels of the chain."""
    if config.sampler == "ddim":
        return ddim(denoise, x, levels, generator, config.eta)
    if config.sampler == "dpmpp-2m":
        return dpmpp_2m(denoise, x, levels)
    return heun(probability_flow(denoise), x, levels, euler_last=True)


def along_levels(
    config: EDMConfig, denoise: Denoiser, x: Tensor, levels: list[float], generator: torch.Generator
) -> Tensor:
    """Return images from noise `x` of level `levels[0]`, over the noise levels of Karras et al. 2022."""
    if config.sampler == "dpmpp-2m":
        return dpmpp_2m(denoise, x, levels)
    if config.sampler == "euler":
        return euler(probability_flow(denoise), x, levels)
    if config.churn == 0:
        return heun(probability_flow(denoise), x, levels, euler_last=True)
    return edm_stochastic(
        denoise,
        x,
        levels,
        generator,
        churn=config.churn,
        low=config.churn_low,
        high=config.churn_high,
        noise=config.churn_noise,
    )


def along_flow(config: FlowMatchingConfig, velocity: Slope, x: Tensor) -> Tensor:
    """Return images from noise `x` at t = 0, along `velocity` to t = 1."""
    if config.sampler == "dopri5":
        return dopri5(velocity, x, 0.0, 1.0, tolerance=config.tolerance)
    times = [step / config.steps for step in range(config.steps + 1)]
    return (heun if config.sampler == "heun" else euler)(velocity, x, times)
