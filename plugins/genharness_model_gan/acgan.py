"""ACGAN: Odena, Olah and Shlens 2017, Auxiliary Classifier GANs (arXiv:1610.09585)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit import Batch
from genharness.kit.blocks import frozen
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import LatentGAN
from genharness_model_gan.dcgan_body import DCGANDiscriminator, DCGANGenerator
from genharness_model_gan.losses import discriminator_loss, non_saturating_loss

__all__ = ["ACGAN"]


class ACGAN(LatentGAN):
    """G makes the class that is asked for; D tells real from generated (S) and one class from another (C)."""

    always_conditional = True

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """DCGAN's networks: G with class-conditional batch norm, D with a logit for S and one for each class."""
        G = DCGANGenerator(data, config.latent, config.width, classes=data.classes, blocks=config.blocks)
        D = DCGANDiscriminator(data, config.width, outputs=1 + data.classes, blocks=config.blocks)
        return G, D

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """Section 3: D maximises L_S + L_C, G maximises L_C - L_S (here non-saturating), each weighted."""
        x, (c,), config = self.augment(batch.data), self.labels_of(batch), self.config
        c_fake = torch.randint(self.data.classes, c.shape, device=c.device)
        fake = self.augment(self.G(self.noise(len(x)), c_fake))

        # Real and generated samples pass separately: batch norm must not mix them.
        (S_real, C_real), (S_fake, C_fake) = self.judge(x), self.judge(fake.detach())
        source = discriminator_loss(S_real, S_fake)  # -L_S
        class_real, class_fake = F.cross_entropy(C_real, c), F.cross_entropy(C_fake, c_fake)  # -L_C
        classes = class_real + class_fake if config.classify_fakes else class_real
        minimise(self.optimiser_d, source + config.class_weight * classes)

        with frozen(self.D):
            S_fake, C_fake = self.judge(fake)
        loss_G = non_saturating_loss(S_fake)
        minimise(self.optimiser_g, loss_G + config.generator_class_weight * F.cross_entropy(C_fake, c_fake))

        return {
            "discriminator_loss": source.detach(),
            "generator_loss": loss_G.detach(),
            "class_loss_real": class_real.detach(),
            "class_loss_fake": class_fake.detach(),
        }

    def judge(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the source logits `(n, 1)` and the class logits `(n, classes)` of images."""
        S, C = self.D(x).float().split((1, self.data.classes), dim=1)
        return S, C
