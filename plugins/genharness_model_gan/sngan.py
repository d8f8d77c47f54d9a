"""SNGAN: Miyato et al. 2018, Spectral Normalization for GANs (arXiv:1802.05957)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from genharness.kit import Batch
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import CriticGAN, spectrally_normalise
from genharness_model_gan.losses import hinge_loss
from genharness_model_gan.resnet_body import ResNetCritic, ResNetGenerator

__all__ = ["SNGAN"]


class SNGAN(CriticGAN):
    """The hinge game between residual networks; every layer of the discriminator has spectral norm 1."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """Table 4: 4.28M and 1.05M parameters at 32x32x3 with the default widths."""
        G = ResNetGenerator(data, config.latent, config.generator_width, classes=self.classes)
        D = spectrally_normalise(ResNetCritic(data, config.width, sum_pooling=True, classes=self.classes))
        return G, D

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """One discriminator step, and the generator's at every `critic_steps`-th step (equations 16 and 17)."""
        x, y = self.augment(batch.data), self.labels_of(batch)
        scores_real, scores_fake = self.scores(x, self.fake(batch), *y)
        loss_D = hinge_loss(scores_real, scores_fake)
        minimise(self.optimiser_d, loss_D)

        return {
            "discriminator_loss": loss_D.detach(),
            "generator_loss": self.step_generator(batch, self.config.generator_batch),
            "d_real": scores_real.detach().mean(),
            "d_fake": scores_fake.detach().mean(),
        }
