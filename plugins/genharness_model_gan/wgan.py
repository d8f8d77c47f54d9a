"""WGAN: Arjovsky, Chintala and Bottou 2017, Wasserstein GAN (arXiv:1701.07875)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from genharness.kit import Batch
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import CriticGAN
from genharness_model_gan.dcgan_body import DCGANDiscriminator, DCGANGenerator

__all__ = ["WGAN"]


class WGAN(CriticGAN):
    """A critic with clipped weights estimates the Wasserstein-1 distance that the generator descends.

    RMSProp unless another optimiser is asked for: with Adam the game of section 3 becomes unstable.
    """

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """The networks of DCGAN (section 4.1); the critic has no sigmoid."""
        G = DCGANGenerator(data, config.latent, config.width, classes=self.classes, blocks=config.blocks)
        D = DCGANDiscriminator(data, config.width, blocks=config.blocks, classes=self.classes)
        return G, D

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """Algorithm 1: one critic step, and the generator's at every `critic_steps`-th step."""
        x, y = self.augment(batch.data), self.labels_of(batch)
        distance = self.D(x, *y).float().mean() - self.D(self.fake(batch), *y).float().mean()
        minimise(self.optimiser_d, -distance)
        self.clip_critic()

        return {
            "critic_loss": -distance.detach(),
            "wasserstein": distance.detach(),
            "generator_loss": self.step_generator(batch),
        }

    @torch.no_grad()
    def clip_critic(self) -> None:
        """Clip every weight of the critic to [-clip, clip], so that it is Lipschitz."""
        for weight in self.D.parameters():
            weight.clamp_(-self.config.clip, self.config.clip)
