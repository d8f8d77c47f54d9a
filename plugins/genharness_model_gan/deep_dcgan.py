"""A deeper DCGAN: residual convolutions at every resolution of both players."""

from __future__ import annotations

from typing import Any

from torch import nn

from genharness.spec.plugins import DataShape
from genharness_model_gan.dcgan_body import DCGANDiscriminator, DCGANGenerator
from genharness_model_gan.gan import GAN

__all__ = ["DeepDCGAN"]


class DeepDCGAN(GAN):
    """DCGAN with `blocks` residual 3x3 convolutions after every change of resolution."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """DCGAN's networks, deepened."""
        G = DCGANGenerator(data, config.latent, config.width, blocks=config.blocks)
        D = DCGANDiscriminator(data, config.width, blocks=config.blocks)
        return G, D
