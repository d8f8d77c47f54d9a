"""cGAN with a projection discriminator: Miyato and Koyama 2018 (arXiv:1802.05637)."""

from __future__ import annotations

from genharness_model_gan.sngan import SNGAN

__all__ = ["CGANPD"]


class CGANPD(SNGAN):
    """SNGAN with classes: D adds <embed(y), h> to its score (equation 3), G has a batch norm for each class."""

    always_conditional = True
