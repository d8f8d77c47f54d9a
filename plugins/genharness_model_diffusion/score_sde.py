"""Score-based generative modelling through stochastic differential equations (Song et al. 2021, arXiv:2011.13456)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from genharness import DataShape
from genharness.kit import Batch
from genharness.kit.dequantise import GreyLevels
from genharness.kit.generators import seeded_generator
from genharness.kit.ode_density import log_density, standard_normal_log_density
from genharness.kit.solvers import dpmpp_2m, heun, karras_levels, predictor_corrector, probability_flow
from genharness_model_diffusion.base import UNetModel, per_image
from genharness_model_diffusion.configs import ScoreSDEConfig
from genharness_model_diffusion.sde import SDE

__all__ = ["ScoreSDE"]


class ScoreSDE(UNetModel):
    """The score of noisy images along an SDE, -F / sigma, learnt by denoising score matching.

    Everything happens in x = z / a (see `SDE`), in which D(x; sigma) = x - sigma F(a x; t) is what the network thinks
    the image is: the preconditioning `VP` and `VE` of Karras et al. 2022, table 1.

    Args:
        data: What the samples look like.
        config: The options.
    """

    config: ScoreSDEConfig

    def __init__(self, data: DataShape, config: ScoreSDEConfig) -> None:
        super().__init__(data, config)
        self.sde = SDE(config.sde, config.sigma_low, config.sigma_high, config.beta_min, config.beta_max)
        self.likelihood_samples = config.likelihood_samples or None

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise the error of the score, weighted by the variance of the noise (equation 7): E ||F - eps||^2."""
        y = self.dequantised(batch.data) if self.config.dequantise else batch.data
        t = torch.rand(len(y), device=y.device) * (1 - self.sde.first) + self.sde.first
        sigma, eps = per_image(self.sde.sigma(t)), torch.randn_like(y)
        F = self.predicted_noise(y + sigma * eps, sigma, self.known_classes(batch))
        loss = ((F - eps) ** 2).mean()
        self.descend(loss, batch)
        return {"loss": loss.detach()}

    def predicted_noise(self, x: Tensor, sigma: Tensor, labels: Tensor | None) -> Tensor:
        """Return F, an estimate of (x - x_0) / sigma, for noise levels `(n, 1, 1, 1)`."""
        return self.guided(self.sde.scale(sigma) * x, 1000 * self.sde.time(sigma).flatten(), labels)

    def denoise(self, x: Tensor, sigma: float, labels: Tensor | None = None) -> Tensor:
        """Return D(x; sigma)."""
        return x - sigma * self.predicted_noise(x, x.new_full((len(x), 1, 1, 1), sigma), labels)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Go back from noise, by the reverse equation with corrections or along the probability flow."""
        config, levels = self.config, self.levels()
        x = levels[0] * self.noise(n, generator)

        def denoise(x: Tensor, sigma: float) -> Tensor:
            x_0 = self.denoise(x, sigma, labels)
            return x_0.clamp(-1, 1) if config.clip_x0 else x_0

        if config.sampler == "pc":
            x = predictor_corrector(denoise, x, levels, generator, corrections=config.corrections, snr=config.snr)
        elif config.sampler == "heun":
            x = heun(probability_flow(denoise), x, levels, euler_last=True)
        else:
            x = dpmpp_2m(denoise, x, levels)
        return x.clamp(-1, 1)

    def levels(self) -> list[float]:
        """Return the noise levels of the sampler: at even times, or as Karras et al. 2022 space them."""
        if self.config.spacing == "time":
            return self.sde.levels(self.config.steps)
        high, low, _ = self.sde.levels(2)
        return karras_levels(self.config.steps, low, high)

    def dequantised(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Return images whose pixels are spread over the width of their grey level."""
        return GreyLevels.of(self.data).spread(x, generator)

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return the bits per dimension `(n,)` of dequantised images under the probability flow, unconditional.

        Exact but for the error of the solver and of the divergence, which is estimated without bias; images are taken
        for those at the earliest time (the paper's appendix D.2). All noise comes from a fixed seed.
        """
        generator, steps = seeded_generator(x.device, 0), self.config.likelihood_steps
        high, low, _ = self.sde.levels(2)
        nats = log_density(
            self._scaled_flow,
            self.dequantised(x, generator) / math.sqrt(1 + low**2),
            [math.log(low) + math.log(high / low) * step / steps for step in range(steps + 1)],
            lambda w: _normal_log_density(w, high / math.sqrt(1 + high**2)),
            generator,
            probes=self.config.probes,
        )
        nats = nats - 0.5 * x[0].numel() * math.log1p(low**2)  # dw = dx / sqrt(1 + sigma^2)
        return -nats / (x[0].numel() * math.log(2)) - math.log2(GreyLevels.of(self.data).spacing)

    def _scaled_flow(self, w: Tensor, u: float) -> Tensor:
        """Return dw/du of w = x / sqrt(1 + sigma^2) at u = log sigma, in which the probability flow is smooth."""
        r = math.hypot(1, math.exp(u))
        return w / r**2 - self.denoise(r * w, math.exp(u)) / r


def _normal_log_density(w: Tensor, deviation: float) -> Tensor:
    return standard_normal_log_density(w / deviation) - w[0].numel() * math.log(deviation)
