"""beta-VAE (Higgins et al. 2017, ICLR): the KL term weighs beta times as much."""

from __future__ import annotations

from torch import Tensor

from genharness import DataShape
from genharness_model_vae.configs import BetaVAEConfig
from genharness_model_vae.vae import VAE

__all__ = ["BetaVAE"]


class BetaVAE(VAE):
    """The VAE with `reconstruction + beta * kl` as its loss; its likelihood bound is that of beta 1.

    Args:
        data: What the samples look like.
        config: The options.
    """

    def __init__(self, data: DataShape, config: BetaVAEConfig) -> None:
        super().__init__(data, config)
        self.beta = config.beta

    def objective(self, reconstruction: Tensor, kl: Tensor) -> Tensor:
        """Return equation 4 of the paper, as a loss."""
        return reconstruction + self.beta * kl
