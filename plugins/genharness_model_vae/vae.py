"""Auto-Encoding Variational Bayes (Kingma and Welling 2014, arXiv:1312.6114)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from genharness import ConfigError, DataShape
from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import latent_paths, random_normal
from genharness.kit.classes import learnt_classes
from genharness.kit.dequantise import GreyLevels
from genharness.kit.generators import seeded_generator
from genharness_model_vae.class_prior import ClassPrior
from genharness_model_vae.configs import GaussianCodesConfig
from genharness_model_vae.descent import descend, optimiser_of
from genharness_model_vae.likelihoods import likelihood
from genharness_model_vae.networks import decoder, encoder

__all__ = ["VAE", "kl_to_standard_normal", "log_normal"]


def kl_to_standard_normal(mu: Tensor, log_var: Tensor) -> Tensor:
    """Return KL(N(mu, exp(log_var)) || N(0, 1)) in nats `(n,)` of `(n, d)` (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(1)


class VAE(GenerativeModel):
    """q(z|x) = N(mu(x), sigma(x)^2), p(z) = N(0, 1) or a Gaussian for each class, p(x|z) by option.

    Args:
        data: What the samples look like.
        config: The options.

    Raises:
        ConfigError: If classes are to be learnt and the data has no two of them.
    """

    normal_latents = True

    def __init__(self, data: DataShape, config: GaussianCodesConfig) -> None:
        super().__init__(data, config)
        classes = learnt_classes(data, conditional=getattr(config, "conditional", False))
        self.class_prior = ClassPrior(classes, config.latent) if classes else None
        self.latent = config.latent
        self.encoder = encoder(data, config, 2 * config.latent)
        self.decoder = decoder(data, config, config.latent)
        self.likelihood = likelihood(config.likelihood, config.sigma, data)
        self.optimiser = optimiser_of(config, self.parameters())

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mu and log sigma^2 of q(z|x), each `(n, latent)`."""
        mu, log_var = self.encoder(x).float().chunk(2, dim=1)
        return mu, log_var

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Maximise the evidence lower bound; losses in nats per sample."""
        mu, log_var = self.posterior(batch.data)
        z = mu + torch.exp(0.5 * log_var) * torch.randn_like(mu)
        reconstruction = -self.likelihood.log_prob(batch.data, self.decoder(z)).mean()
        kl = self._kl_of(mu, log_var, batch.labels).mean()
        loss = self.objective(reconstruction, kl)
        descend(self.config, self.optimiser, loss, batch)
        return {"loss": loss.detach(), "reconstruction": reconstruction.detach(), "kl": kl.detach()}

    def _kl_of(self, mu: Tensor, log_var: Tensor, labels: Tensor | None) -> Tensor:
        if self.class_prior is None:
            return kl_to_standard_normal(mu, log_var)
        if labels is None:
            raise ConfigError("conditional=true was given a batch without labels: use a dataset with classes")
        return self.class_prior.kl(mu, log_var, labels)

    def objective(self, reconstruction: Tensor, kl: Tensor) -> Tensor:
        """Return the negative evidence lower bound."""
        return reconstruction + kl

    def decode(self, z: Tensor) -> Tensor:
        """Return the mean of p(x|z), in the range of samples."""
        return self.likelihood.mean(self.decoder(z))

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return the means of p(x|z) for z drawn from the prior, of a class's where classes are learnt."""
        if self.class_prior is not None and labels is None:
            labels = torch.randint(self.class_prior.classes, (n,), generator=generator, device=generator.device)
        return self.decode_latents(self.draw_latents(n, labels=labels, generator=generator), labels)

    def draw_latents(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw standard normal noise `(n, latent)`: z itself, or what `decode_latents` puts where a class is."""
        return random_normal(n, self.latent, generator=generator)

    def decode_latents(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """Return the means of p(x|z) of codes that `draw_latents` gives."""
        if self.class_prior is None or labels is None:
            return self.decode(latents)
        return self.decode(self.class_prior.place(latents, labels))

    def interpolate(self, rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
        """Return samples along great circles between codes of the prior; row r is of class r, in turn."""
        z = latent_paths(rows, columns, self.latent, generator=generator)
        if self.class_prior is not None:
            labels = torch.arange(rows, device=z.device).remainder(self.class_prior.classes)
            z = self.class_prior.place(z, labels.repeat_interleave(columns))
        return self.decode(z)

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
            x = levels.spread(x, generator)
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
        if self.class_prior is None:
            return kl_to_standard_normal(mu, log_var)
        return log_normal(z, mu, log_var) - self.class_prior.log_prob(z)


def log_normal(z: Tensor, mu: Tensor, log_var: Tensor) -> Tensor:
    """Return log N(z; mu, diag exp(log_var)) in nats `(n,)` of `(n, d)`."""
    return -0.5 * ((z - mu) ** 2 / log_var.exp() + log_var + math.log(2 * math.pi)).sum(1)
