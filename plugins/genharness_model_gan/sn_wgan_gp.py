"""WGAN-GP with a spectrally normalised critic (Miyato et al. 2018, section 4 compares the two)."""

from __future__ import annotations

from typing import Any

from torch import nn

from genharness.spec.plugins import DataShape
from genharness_model_gan.base import spectrally_normalise
from genharness_model_gan.wgan_gp import WGANGP

__all__ = ["SNWGANGP"]


class SNWGANGP(WGANGP):
    """The step of `wgan-gp`; every layer of the critic has spectral norm 1."""

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """The networks of `wgan-gp`, the critic spectrally normalised."""
        G, D = super().networks(data, config)
        return G, spectrally_normalise(D)
