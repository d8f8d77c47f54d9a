"""The plain autoencoder (Hinton and Salakhutdinov 2006), with a Gaussian over its codes so that it can sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F

from genharness import DataShape
from genharness.kit import Batch, GenerativeModel
from genharness.kit.mixture import GaussianMixtures
from genharness_model_vae.codes import straight_lines, training_codes
from genharness_model_vae.configs import AEConfig
from genharness_model_vae.descent import descend, optimiser_of
from genharness_model_vae.networks import decoder, encoder

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["AE"]

REG_COVAR = 1e-6


class AE(GenerativeModel):
    """Minimises the error of x -> z -> x. It has no prior: `fit` puts one full Gaussian over the codes.

    Before `fit`, that Gaussian is standard normal, which has nothing to do with the codes.

    Args:
        data: What the samples look like.
        config: The options.
    """

    normal_latents = False

    def __init__(self, data: DataShape, config: AEConfig) -> None:
        super().__init__(data, config)
        self.encoder = encoder(data, config, config.latent)
        self.decoder = decoder(data, config, config.latent)
        self.codes = GaussianMixtures(1, 1, config.latent)
        self.optimiser = optimiser_of(config, self.parameters())

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Minimise the cross-entropy of a pixel, as the paper does, or the mean squared error of a column."""
        output = self.decoder(self.encode(batch.data)).float()
        if self.data.modality == "image":
            loss = F.binary_cross_entropy_with_logits(output, (batch.data + 1) / 2)
        else:
            loss = F.mse_loss(output, batch.data)
        descend(self.config, self.optimiser, loss, batch)
        return {"loss": loss.detach()}

    def fit(self, data: PreparedData) -> None:
        """Fit the Gaussian to the codes of the training split."""
        codes, _ = training_codes(self.encode, data, self.device)
        self.codes.fit(codes, None, reg_covar=REG_COVAR, seed=0)

    def encode(self, x: Tensor) -> Tensor:
        """Return the codes `(n, latent)`."""
        codes: Tensor = self.encoder(x).float()
        return codes

    def decode(self, z: Tensor) -> Tensor:
        """Return samples from codes `(n, latent)`."""
        output: Tensor = self.decoder(z).float()
        return 2 * output.sigmoid() - 1 if self.data.modality == "image" else output

    def reconstruct(self, x: Tensor) -> Tensor:
        """Encode and decode."""
        return self.decode(self.encode(x))

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Decode codes drawn from the Gaussian."""
        return self.decode(self.draw_latents(n, labels=None, generator=generator))

    def draw_latents(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw codes `(n, latent)` from the Gaussian."""
        return self.codes.sample(torch.zeros(n, dtype=torch.int64, device=generator.device), generator)

    def decode_latents(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """Return samples from codes."""
        return self.decode(latents)

    def interpolate(self, rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
        """Decode straight lines between codes drawn from the Gaussian."""
        return self.decode(straight_lines(self.draw_latents(2 * rows, labels=None, generator=generator), columns))
