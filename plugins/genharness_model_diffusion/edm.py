"""Elucidating the design space of diffusion models (Karras et al. 2022, arXiv:2206.00364)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from genharness import DataShape
from genharness.kit import Batch
from genharness.kit.solvers import karras_levels
from genharness_model_diffusion.base import UNetModel, per_image
from genharness_model_diffusion.configs import EDMConfig
from genharness_model_diffusion.sampling import along_levels

__all__ = ["EDM"]


class EDM(UNetModel):
    """D(x; sigma) = c_skip x + c_out F(c_in x; c_noise), trained to return y from x = y + n, n ~ N(0, sigma^2).

    Args:
        data: What the samples look like.
        config: The options.
    """

    config: EDMConfig
    sigma_data: Tensor

    def __init__(self, data: DataShape, config: EDMConfig) -> None:
        super().__init__(data, config)
        self.register_buffer("sigma_data", torch.tensor(0.5 if config.sigma_data is None else config.sigma_data))

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise the weighted error of D at random noise levels (equations 2 and 8)."""
        y = batch.data
        if batch.step == 0 and self.config.sigma_data is None:
            self.sigma_data.copy_(y.std())
        ln_sigma = self.config.noise_mean + self.config.noise_std * torch.randn(len(y), device=y.device)
        sigma = per_image(ln_sigma.exp())
        D = self.denoise(y + sigma * torch.randn_like(y), sigma, self.known_classes(batch))
        weight = (sigma**2 + self.sigma_data**2) / (sigma * self.sigma_data) ** 2
        loss = (weight * (D - y) ** 2).mean()
        self.descend(loss, batch)
        return {"loss": loss.detach()}

    def denoise(self, x: Tensor, sigma: Tensor, labels: Tensor | None) -> Tensor:
        """Return D(x; sigma) `(n, c, h, w)` for noise levels `(n, 1, 1, 1)` (equation 7 and table 1)."""
        s, d = sigma, self.sigma_data
        c_skip = d**2 / (s**2 + d**2)
        c_out = s * d / (s**2 + d**2).sqrt()
        c_in = 1 / (s**2 + d**2).sqrt()
        c_noise = s.log() / 4
        # The embedding of the network is made for times from 0 to 1000.
        F = self.guided(c_in * x, 1000 * c_noise.flatten(), labels)
        return c_skip * x + c_out * F

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Follow the probability flow from noise of level sigma_max down to 0."""
        config = self.config

        def denoise(x: Tensor, sigma: float) -> Tensor:
            return self.denoise(x, x.new_full((len(x), 1, 1, 1), sigma), labels)

        levels = karras_levels(config.steps, config.sigma_min, config.sigma_max, config.rho)
        x = levels[0] * self.noise(n, generator)
        return along_levels(config, denoise, x, levels, generator).clamp(-1, 1)
