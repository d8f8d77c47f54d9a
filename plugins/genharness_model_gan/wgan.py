"""WGAN: Arjovsky, Chintala and Bottou 2017, Wasserstein GAN (arXiv:1701.07875)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import RMSprop

from genharness.kit import Batch
from genharness.kit.blocks import frozen
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import CriticGAN
from genharness_model_gan.dcgan_body import DCGANDiscriminator, DCGANGenerator

__all__ = ["WGAN"]


class WGAN(CriticGAN):
    """A critic with clipped weights estimates the Wasserstein-1 distance that the generator descends."""

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        self.optimiser_g = RMSprop(self.G.parameters(), lr=config.lr)
        self.optimiser_d = RMSprop(self.D.parameters(), lr=config.lr)

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """The networks of DCGAN (section 4.1); the critic has no sigmoid."""
        G = DCGANGenerator(data, config.latent, config.width)
        D = DCGANDiscriminator(data, config.width)
        return G, D

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Algorithm 1: one critic step, and the generator's at every `critic_steps`-th step."""
        x = batch.data
        distance = self.D(x).float().mean() - self.D(self.fake(len(x))).float().mean()
        minimise(self.optimiser_d, -distance)
        self.clip_critic()

        if self.generator_due(batch):
            with frozen(self.D):
                loss_G = -self.D(self.G(self.noise(len(x)))).float().mean()
            minimise(self.optimiser_g, loss_G)
            self.generator_loss.copy_(loss_G.detach())

        return {
            "critic_loss": -distance.detach(),
            "wasserstein": distance.detach(),
            "generator_loss": self.generator_loss.clone(),
        }

    @torch.no_grad()
    def clip_critic(self) -> None:
        """Clip every weight of the critic to [-clip, clip], so that it is Lipschitz."""
        for weight in self.D.parameters():
            weight.clamp_(-self.config.clip, self.config.clip)
