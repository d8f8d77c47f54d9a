"""Denoising diffusion probabilistic models (Ho et al. 2020, arXiv:2006.11239; Nichol and Dhariwal 2021, 2102.09672)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import torch
from torch import Tensor

from genharness import DataShape
from genharness.kit import Batch
from genharness.kit.dequantise import GreyLevels
from genharness.kit.generators import seeded_generator
from genharness.kit.solvers import ancestral
from genharness_model_diffusion.base import UNetModel, per_image
from genharness_model_diffusion.chain import Chain, alpha_bars, evenly, parts
from genharness_model_diffusion.configs import DDPMConfig
from genharness_model_diffusion.sampling import along_chain

__all__ = ["DDPM"]

VLB_WEIGHT = 0.001
"""Lambda of Nichol and Dhariwal 2021, equation 16, where the variance is learnt."""


class DDPM(UNetModel):
    """p(x_{t-1} | x_t) = N(mu(x_t, t), Sigma(x_t, t)), from a network that predicts eps (or v, or x_0).

    Args:
        data: What the samples look like.
        config: The options.
    """

    config: DDPMConfig
    alpha_bar: Tensor
    posterior: Tensor

    def __init__(self, data: DataShape, config: DDPMConfig) -> None:
        super().__init__(data, config, out=2 if config.variance == "learned" else 1)
        self.chain = Chain(alpha_bars(config.schedule, config.T))
        self.levels = GreyLevels.of(data)
        table = [(*_mean_of(self.chain, t), *self.chain.log_variances(t)) for t in range(config.T)]
        alpha_bar = [self.chain.alpha_bar(t) for t in range(config.T)]
        self.register_buffer("alpha_bar", torch.tensor(alpha_bar, dtype=torch.float32), persistent=False)
        self.register_buffer("posterior", torch.tensor(table, dtype=torch.float32), persistent=False)  # (T, 4)

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise L_simple (equation 14), and a little of the bound where the variance is learnt."""
        x_0 = batch.data
        t = torch.randint(self.config.T, (len(x_0),), device=x_0.device)
        eps = torch.randn_like(x_0)
        output = self.network(self.diffused(x_0, t, eps), self._position(t), self.known_classes(batch))
        prediction = output[:, : self.data.channels]
        errors = ((prediction - self._target(x_0, t, eps)) ** 2).flatten(1).mean(1)
        simple = (self._weight(t) * errors).mean()
        losses = {"loss": simple.detach()}
        loss = simple
        if self.config.variance == "learned":
            still = torch.cat((prediction.detach(), output[:, self.data.channels :]), dim=1)
            vlb = self._bound_terms(x_0, self.diffused(x_0, t, eps), t, still).mean() * self.config.T
            loss = simple + VLB_WEIGHT * vlb
            losses |= {"loss": loss.detach(), "simple": simple.detach(), "vlb": vlb.detach()}
        self.descend(loss, batch)
        return losses

    def diffused(self, x_0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
        """Return x_t ~ q(x_t | x_0) for times `(n,)` (equation 4)."""
        a = per_image(self.alpha_bar[t])
        return a.sqrt() * x_0 + (1 - a).sqrt() * eps

    def _target(self, x_0: Tensor, t: Tensor, eps: Tensor) -> Tensor:
        if self.config.predict == "eps":
            return eps
        if self.config.predict == "x0":
            return x_0
        a = per_image(self.alpha_bar[t])  # v of Salimans and Ho 2022, arXiv:2202.00512
        return a.sqrt() * eps - (1 - a).sqrt() * x_0

    def _weight(self, t: Tensor) -> Tensor:
        """Return the weight of each error (Min-SNR, Hang et al. 2023, arXiv:2303.09556), 1 unless it is asked for."""
        if self.config.min_snr is None:
            return torch.ones_like(t, dtype=torch.float32)
        snr = self.alpha_bar[t] / (1 - self.alpha_bar[t])
        least = snr.clamp(max=self.config.min_snr)
        return {"eps": least / snr, "x0": least, "v": least / (snr + 1)}[self.config.predict]

    def _x0(self, x_t: Tensor, a: Tensor | float, prediction: Tensor, *, clip: bool) -> Tensor:
        """Return the x_0 that a prediction means at alpha-bar `a`, clipped to the range of images on request."""
        root, rest = a**0.5, (1 - a) ** 0.5
        if self.config.predict == "eps":
            x_0 = (x_t - rest * prediction) / root
        else:
            x_0 = prediction if self.config.predict == "x0" else root * x_t - rest * prediction
        return x_0.clamp(-1, 1) if clip else x_0

    def _position(self, t: Tensor) -> Tensor:
        """Return times on the scale that the network's embedding is made for."""
        return t * (1000 / self.config.T)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw x_T ~ N(0, I) and go back to x_0, by the sampler that the options name."""
        times = evenly(self.config.T, self.config.steps)
        x_T = self.noise(n, generator)
        if self.config.sampler == "ddpm":
            x_0 = ancestral(lambda x, t, s: self._reverse(x, int(t), int(s), labels), x_T, [*times, -1], generator)
        else:
            x_0 = self._by_denoising(x_T, times, labels, generator)
        return x_0.clamp(-1, 1)

    def _reverse(self, x_t: Tensor, t: int, s: int, labels: Tensor | None) -> tuple[Tensor, Tensor | float]:
        """Return mean and standard deviation of p(x_s | x_t) (algorithm 2)."""
        output = self._output(x_t, t, labels)
        step = self.chain.step(t, s)
        x_0 = self._x0(x_t, self.chain.alpha_bar(t), output[:, : self.data.channels], clip=self.config.clip_x0)
        mean = step.of_x0 * x_0 + step.of_xt * x_t
        if s < 0:
            return mean, 0.0
        if self.config.variance == "learned":
            share = output[:, self.data.channels :].sigmoid()
            log_variance = math.log(step.small) + share * math.log(step.large / step.small)
            return mean, (0.5 * log_variance).exp()
        return mean, math.sqrt(step.small if self.config.variance == "fixed-small" else step.large)

    def _by_denoising(self, x_T: Tensor, times: list[int], labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Sample x = x_t / sqrt(alpha-bar_t) = x_0 + sigma eps, in which the chain is a falling noise level."""
        at = {self.chain.sigma(t): t for t in times}
        clip = self.config.clip_x0 and self.config.sampler == "ddim"

        def denoise(x: Tensor, sigma: float) -> Tensor:
            t = at[sigma]
            a = self.chain.alpha_bar(t)
            x_t = math.sqrt(a) * x
            return self._x0(x_t, a, self._output(x_t, t, labels)[:, : self.data.channels], clip=clip)

        x = x_T / math.sqrt(self.chain.alpha_bar(times[0]))
        return along_chain(self.config, denoise, x, [*at, 0.0], generator)

    def _output(self, x_t: Tensor, t: int, labels: Tensor | None) -> Tensor:
        position = x_t.new_full((len(x_t),), t * 1000 / self.config.T)
        return self.guided(x_t, position, labels, self.data.channels)

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return the variational bound of the bits per dimension `(n,)` (equation 5), unconditional.

        L_T and L_0 are always there; of the terms between, `bound_terms` are computed for each image, one at a random
        time in each part of the chain: an unbiased estimate, exact where there are as many parts as times. Parts are
        short where little noise is, because the terms fall like 1 / t. All noise comes from a fixed seed.
        """
        generator = seeded_generator(x.device, 0)
        first = torch.zeros(len(x), dtype=torch.int64, device=x.device)
        nats = self._prior_term(x) + self._term_at(x, first, generator)
        for low, high in itertools.pairwise(parts(self.config.T, self.config.bound_terms)):
            t = torch.randint(low, high, (len(x),), generator=generator, device=x.device)
            nats = nats + (high - low) * self._term_at(x, t, generator)
        return nats / math.log(2)

    def _prior_term(self, x_0: Tensor) -> Tensor:
        """Return L_T, KL(q(x_T | x_0) || N(0, I)), in nats per dimension `(n,)`."""
        a = self.chain.alpha_bar(self.config.T - 1)
        return 0.5 * (a * x_0**2 - a - math.log1p(-a)).flatten(1).mean(1)

    def _term_at(self, x_0: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        """Return L_t `(n,)`, in nats per dimension, from one draw of x_t."""
        eps = torch.randn(x_0.shape, generator=generator, device=x_0.device)
        x_t = self.diffused(x_0, t, eps)
        return self._bound_terms(x_0, x_t, t, self.network(x_t, self._position(t)))

    def _bound_terms(self, x_0: Tensor, x_t: Tensor, t: Tensor, output: Tensor) -> Tensor:
        """Return KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t)), at t = 0 -log p(x_0 | x_1), in nats per dimension."""
        of_x0, of_xt, log_small, log_large = (per_image(column) for column in self.posterior[t].unbind(1))
        predicted = self._x0(x_t, per_image(self.alpha_bar[t]), output[:, : self.data.channels], clip=True)
        mean, true = (of_x0 * each + of_xt * x_t for each in (predicted, x_0))
        log_variance = log_small if self.config.variance == "fixed-small" else log_large
        if self.config.variance == "learned":
            log_variance = torch.lerp(log_small, log_large, output[:, self.data.channels :].sigmoid())
        kl = _gaussian_kl(true, log_small, mean, log_variance).flatten(1).mean(1)
        decoded = -self._log_probability(x_0, mean, (0.5 * log_variance).exp()).flatten(1).mean(1)
        return torch.where(t == 0, decoded, kl)

    def _log_probability(self, x_0: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
        """Return the log-probability of each grey level under a Gaussian, the outer ones open (equation 13)."""
        half = self.levels.spacing / 2
        indices = self.levels.indices(x_0)
        centre = self.levels.images(indices)
        upper = _normal_cdf((centre + half - mean) / deviation).masked_fill(indices == self.levels.count - 1, 1.0)
        lower = _normal_cdf((centre - half - mean) / deviation).masked_fill(indices == 0, 0.0)
        return (upper - lower).clamp(min=1e-12).log()


def _mean_of(chain: Chain, t: int) -> tuple[float, float]:
    step = chain.step(t, t - 1)
    return step.of_x0, step.of_xt


def _normal_cdf(x: Tensor) -> Tensor:
    return 0.5 * torch.erfc(x * -(0.5**0.5))


def _gaussian_kl(mean: Tensor, log_variance: Tensor, other: Tensor, log_other: Tensor) -> Tensor:
    """Return KL(N(mean, exp(log_variance)) || N(other, exp(log_other))) in nats, element by element."""
    spread = (log_variance - log_other).exp()
    return 0.5 * (log_other - log_variance + spread + (mean - other) ** 2 * (-log_other).exp() - 1)
