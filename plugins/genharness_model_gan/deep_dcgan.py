"""A deeper DCGAN: residual convolutions at every resolution of both players."""

from __future__ import annotations

from genharness_model_gan.dcgan import DCGAN

__all__ = ["DeepDCGAN"]


class DeepDCGAN(DCGAN):
    """DCGAN with `blocks` residual 3x3 convolutions after every change of resolution: one by default."""
