"""Auto-Encoding Variational Bayes (Kingma and Welling 2014, arXiv:1312.6114)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from genharness import DataShape
from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import latent_paths, random_normal
from genharness.kit.dequantise import GreyLevels
from genharness.kit.generators import seeded_generator
from genharness.kit.optim import adam, minimise
from genharness_model_vae.configs import VAEConfig
from genharness_model_vae.likelihoods import likelihood
from genharness_model_vae.networks import decoder, encoder

__all__ = ["VAE", "kl_to_standard_normal"]


def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """Return KL(N(mu, exp(log_var)) || N(0, 1)) in nats `(n,)` of `(n, d)` (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(1)


class VAE(GenerativeModel):
    """q(z|x) = N(mu(x), sigma(x)^2), p(z) = N(0, 1), p(x|z) by option.

    Args:
        data: What the samples look like.
        config: The options.
    """

    def __init__(self, data: DataShape, config: VAEConfig) -> None:
        super().__init__(data, config)
        self.latent = config.latent
        self.encoder = encoder(data, config, 2 * config.latent)
        self.decoder = decoder(data, config, config.latent)
        self.likelihood = likelihood(config.likelihood, config.sigma, data)
        self.optimiser = adam(self.parameters(), config.lr)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and log sigma^2 of q(z|x), each `(n, latent)`."""
        mu, log_var = self.encoder(x).float().chunk(2, dim=1)
        return mu, log_var

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Maximise the evidence lower bound; losses in nats per sample."""
        mu, log_var = self.posterior(batch.data)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        reconstruction = -self.likelihood.log_prob(batch.data, self.decoder(z)).mean()
        kl = kl_to_standard_normal(mu, log_var).mean()
        loss = self.objective(reconstruction, kl)
        minimise(self.optimiser, loss)
        return {"loss": loss.detach(), "reconstruction": reconstruction.detach(), "kl": kl.detach()}

    def objective(self, reconstruction: Tensor, kl: Tensor) -> Tensor:
        """Return the negative evidence lower bound."""
        return reconstruction + kl

    def decode(self, z: Tensor) -> Tensor:
        """Return the mean of p(x|z), in the range of samples."""
        return self.likelihood.mean(self.decoder(z))

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return the means of p(x|z) for z drawn from the prior."""
        return self.decode(random_normal(n, self.latent, generator=generator))

    def interpolate(self, rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
        """Return samples along great circles between codes of the prior."""
        return self.decode(latent_paths(rows, columns, self.latent, generator=generator))

    def encode(self, x: Tensor) -> Tensor:
        """Return the posterior means."""
        return self.posterior(x)[0]

    def reconstruct(self, x: Tensor) -> Tensor:
        """Decode the posterior means."""
        return self.decode(self.encode(x))

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return an upper bound of the bits per dimension `(n,)`: the negative evidence lower bound of one draw of z.

        Images are dequantised with uniform noise (Theis et al. 2016, section 3.1), which makes it a bound for the grey
        levels that the data has; of a table it is the bound of the density. All noise comes from a fixed seed. NaN
        where the likelihood is no density (`bernoulli`).
        """
        if not self.likelihood.is_density:
            return torch.full((len(x),), math.nan, device=x.device)
        generator = seeded_generator(x.device, 0)
        image, levels = self.data.modality == "image", GreyLevels.of(self.data)
        if image:
            x = x + levels.spacing * (levels.uniform(x, generator) - 0.5)
        mu, log_var = self.posterior(x)
        z = mu + torch.exp(0.5 * log_var) * random_normal(*mu.shape, generator=generator)
        nats = self.kl(mu, log_var, z) - self.likelihood.log_prob(x, self.decoder(z))
        return nats / (x[0].numel() * math.log(2)) - (math.log2(levels.spacing) if image else 0.0)

    def kl_to_prior(self, x: Tensor) -> Tensor:
        """Return KL(q(z|x) || p(z)) in nats `(n,)`; where it has no closed form, from one draw with a fixed seed."""
        mu, log_var = self.posterior(x)
        generator = seeded_generator(x.device, 0)
        return self.kl(mu, log_var, mu + torch.exp(0.5 * log_var) * random_normal(*mu.shape, generator=generator))

    def kl(self, mu: Tensor, log_var: Tensor, z: Tensor) -> Tensor:
        """Return KL(q(z|x) || p(z)) in nats `(n,)`; a prior without a closed form estimates it from z."""
        return kl_to_standard_normal(mu, log_var)
