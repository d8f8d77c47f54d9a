"""SAGAN: Zhang et al. 2019, Self-Attention Generative Adversarial Networks (arXiv:1805.08318)."""

from __future__ import annotations

from typing import Any

from torch import nn

from genharness.spec.plugins import DataShape
from genharness_model_gan.base import spectrally_normalise
from genharness_model_gan.resnet_body import ResNetCritic, ResNetGenerator
from genharness_model_gan.sngan import SNGAN

__all__ = ["SAGAN"]


class SAGAN(SNGAN):
    """The game of SNGAN between networks that attend to themselves; spectral norm 1 in both, two learning rates."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """SNGAN's networks with attention at 16 pixels: 4.359M and 1.074M parameters at 32x32x3 without classes."""
        options = {"classes": self.classes, "attention": config.attention}
        G = ResNetGenerator(data, config.latent, config.generator_width, **options)
        D = ResNetCritic(data, config.width, sum_pooling=True, **options)
        return spectrally_normalise(G), spectrally_normalise(D)
