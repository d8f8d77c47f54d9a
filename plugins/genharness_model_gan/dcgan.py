"""DCGAN: Radford, Metz and Chintala 2016 (arXiv:1511.06434): the game of `gan`, played by convolutions."""

from __future__ import annotations

from typing import Any

from torch import nn

from genharness.spec.plugins import DataShape
from genharness_model_gan.dcgan_body import DCGANDiscriminator, DCGANGenerator
from genharness_model_gan.gan import GAN

__all__ = ["DCGAN"]


class DCGAN(GAN):
    """Strided convolutions, batch norm in both players, ReLU in G, LeakyReLU in D, N(0, .02) weights."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """The guidelines of section 3, with as many stages as the image has halvings."""
        G = DCGANGenerator(data, config.latent, config.width, classes=self.classes, blocks=config.blocks)
        D = DCGANDiscriminator(data, config.width, blocks=config.blocks, classes=self.classes)
        return G, D
