"""WGAN: Arjovsky, Chintala and Bottou 2017, Wasserstein GAN (arXiv:1701.07875)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer, RMSprop

from genharness.kit import Batch
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import CriticGAN
from genharness_model_gan.dcgan_body import DCGANDiscriminator, DCGANGenerator

__all__ = ["WGAN"]


class WGAN(CriticGAN):
    """A critic with clipped weights estimates the Wasserstein-1 distance that the generator descends."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """The networks of DCGAN (section 4.1); the critic has no sigmoid."""
        G = DCGANGenerator(data, config.latent, config.width)
        D = DCGANDiscriminator(data, config.width)
        return G, D

    def optimiser(self, network: nn.Module) -> Optimizer:
        """RMSProp: with Adam the game of section 3 becomes unstable."""
        return RMSprop(network.parameters(), lr=self.config.lr)

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Algorithm 1: one critic step, and the generator's at every `critic_steps`-th step."""
        x = batch.data
        distance = self.D(x).float().mean() - self.D(self.fake(len(x))).float().mean()
        minimise(self.optimiser_d, -distance)
        self.clip_critic()

        return {
            "critic_loss": -distance.detach(),
            "wasserstein": distance.detach(),
            "generator_loss": self.step_generator(batch, len(x)),
        }

    @torch.no_grad()
    def clip_critic(self) -> None:
        """Clip every weight of the critic to [-clip, clip], so that it is Lipschitz."""
        for weight in self.D.parameters():
            weight.clamp_(-self.config.clip, self.config.clip)
