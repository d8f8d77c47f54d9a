"""What all GANs here share: noise in, samples out, and paths through the latent space."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Optimizer

from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import frozen, latent_paths, random_normal
from genharness.kit.optim import adam, linear_decay, minimise, set_learning_rate
from genharness.spec.plugins import DataShape

__all__ = ["CriticGAN", "LatentGAN", "spectrally_normalise"]


class LatentGAN(GenerativeModel):
    """A generator G that maps noise z ~ N(0, I) to samples, and a discriminator or critic D that scores them.

    Args:
        data: What the samples look like.
        config: Options; `latent` is the number of dimensions of z.
    """

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        self.G, self.D = self.networks(data, config)
        self.optimiser_g, self.optimiser_d = self.optimiser(self.G), self.optimiser(self.D)

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """Return G, z `(n, latent)` to samples `(n, ...)`, and D, samples to logits or scores `(n, 1)`."""
        raise NotImplementedError

    def optimiser(self, network: nn.Module) -> Optimizer:
        """Return what trains one player: Adam at `config.lr`, with `config.beta1` and `config.beta2`."""
        return adam(network.parameters(), self.config.lr, (self.config.beta1, self.config.beta2))

    def noise(self, n: int) -> Tensor:
        """Draw training noise `(n, latent)` from torch's global generator of the model's device."""
        return torch.randn(n, self.config.latent, device=self.device)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw `n` samples; `labels` has no meaning for a model without classes."""
        samples: Tensor = self.G(random_normal(n, self.config.latent, generator=generator))
        return samples

    def interpolate(self, rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
        """Return samples `(rows * columns, ...)` along `rows` great-circle paths between random z."""
        samples: Tensor = self.G(latent_paths(rows, columns, self.config.latent, generator=generator))
        return samples

    def averaged_module(self) -> nn.Module:
        """The generator: nothing else is needed to sample."""
        return self.G


class CriticGAN(LatentGAN):
    """A GAN whose critic takes a step in every training step and its generator one in `config.critic_steps`.

    A training step consumes one batch of real data, so that images per second count real images. The
    generator is due in steps 0, critic_steps, 2 critic_steps ...; in between its last loss is reported.
    """

    generator_loss: Tensor

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        self.register_buffer("generator_loss", torch.zeros(()))

    def generator_due(self, batch: Batch) -> bool:
        """Whether the generator steps as well."""
        return batch.step % int(self.config.critic_steps) == 0

    def step_generator(self, batch: Batch, n: int) -> Tensor:
        """Descend -E[D(G(z))] over `n` noises where the generator is due, and return its latest loss."""
        if self.generator_due(batch):
            with frozen(self.D):
                loss = -self.D(self.G(self.noise(n))).float().mean()
            minimise(self.optimiser_g, loss)
            self.generator_loss.copy_(loss.detach())
        return self.generator_loss.clone()

    @torch.no_grad()
    def fake(self, n: int) -> Tensor:
        """Return `n` generated samples without a graph, for the critic's step."""
        samples: Tensor = self.G(self.noise(n))
        return samples

    def scores(self, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return the critic's scores of both batches from one pass: only for a critic without batch norm."""
        scores_real, scores_fake = self.D(torch.cat((real, fake))).float().split((len(real), len(fake)))
        return scores_real, scores_fake

    def set_rates(self, batch: Batch) -> None:
        """Let both learning rates fall linearly with the progress of the budget, where `config.decay` says so."""
        if self.config.decay:
            lr = linear_decay(self.config.lr, batch.progress)
            set_learning_rate(self.optimiser_g, lr)
            set_learning_rate(self.optimiser_d, lr)


def spectrally_normalise(network: nn.Module) -> nn.Module:
    """Divide the weight of every layer by its largest singular value (Miyato et al. 2018, algorithm 1), in place."""
    layers = [part for part in network.modules() if isinstance(part, (nn.Conv2d, nn.Linear))]
    for layer in layers:
        spectral_norm(layer)
    return network
