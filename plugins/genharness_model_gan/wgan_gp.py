"""WGAN-GP: Gulrajani et al. 2017, Improved Training of Wasserstein GANs (arXiv:1704.00028)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from genharness.kit import Batch
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import CriticGAN
from genharness_model_gan.dcgan_body import DCGANDiscriminator, DCGANGenerator
from genharness_model_gan.losses import gradient_penalty
from genharness_model_gan.mlp_body import MLPDiscriminator, MLPGenerator
from genharness_model_gan.resnet_body import ResNetCritic, ResNetGenerator

__all__ = ["WGANGP"]


class WGANGP(CriticGAN):
    """A critic whose gradient norm is drawn towards 1 estimates the distance that the generator descends."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """Residual networks or DCGAN's for images, perceptrons for tables; never batch norm in the critic."""
        if data.modality == "tabular":
            units = 4 * config.width
            mlp_G = MLPGenerator(data, config.latent, units, layers=3, classes=self.classes)
            return mlp_G, MLPDiscriminator(data, units, layers=3, classes=self.classes)
        if config.body == "dcgan":
            G = DCGANGenerator(data, config.latent, config.width, classes=self.classes)
            return G, DCGANDiscriminator(data, config.width, batch_norm=False, classes=self.classes)
        resnet_G = ResNetGenerator(data, config.latent, config.width, classes=self.classes)
        return resnet_G, ResNetCritic(data, config.width, classes=self.classes)

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """Algorithm 1: one critic step, and the generator's at every `critic_steps`-th step."""
        x, y, config = self.augment(batch.data), self.labels_of(batch), self.config
        x_tilde = self.fake(batch)
        scores_real, scores_fake = self.scores(x, x_tilde, *y)
        distance = scores_real.mean() - scores_fake.mean()
        penalty = gradient_penalty(self.D, x, x_tilde, *y)
        loss_D = config.penalty * penalty - distance
        minimise(self.optimiser_d, loss_D)

        return {
            "critic_loss": loss_D.detach(),
            "wasserstein": distance.detach(),
            "gradient_penalty": penalty.detach(),
            "generator_loss": self.step_generator(batch, config.generator_batch),
        }
