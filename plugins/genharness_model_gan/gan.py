"""GAN: Goodfellow et al. 2014, Generative Adversarial Nets (arXiv:1406.2661)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from genharness.kit import Batch
from genharness.kit.blocks import frozen
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import LatentGAN
from genharness_model_gan.losses import discriminator_loss, non_saturating_loss
from genharness_model_gan.mlp_body import MLPDiscriminator, MLPGenerator

__all__ = ["GAN"]


class GAN(LatentGAN):
    """The original two-player game between multilayer perceptrons, for images and tables."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """Multilayer perceptrons of `config.layers` hidden layers of `config.width` units."""
        G = MLPGenerator(data, config.latent, config.width, config.layers, classes=self.classes)
        D = MLPDiscriminator(data, config.width, config.layers, classes=self.classes)
        return G, D

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """Algorithm 1 with k = 1 and the non-saturating generator loss of section 3."""
        x, y = self.augment(batch.data), self.labels_of(batch)
        # One minibatch of z serves both players, as is usual: G runs once. D(G(z)) is computed anew after
        # D has moved, so that each player descends the gradient that the algorithm asks for.
        fake = self.augment(self.G(self.noise(len(x)), *y))

        # Real and generated samples pass separately: batch norm, where D has it, must not mix them.
        logits_real, logits_fake = self.D(x, *y), self.D(fake.detach(), *y)
        loss_D = discriminator_loss(logits_real, logits_fake)
        minimise(self.optimiser_d, loss_D)

        with frozen(self.D):
            loss_G = non_saturating_loss(self.D(fake, *y))
        minimise(self.optimiser_g, loss_G)

        return {
            "discriminator_loss": loss_D.detach(),
            "generator_loss": loss_G.detach(),
            "d_real": logits_real.detach().sigmoid().mean(),  # D(x)
            "d_fake": logits_fake.detach().sigmoid().mean(),  # D(G(z))
        }
