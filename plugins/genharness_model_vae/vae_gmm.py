"""A VAE whose samples come from Gaussian mixtures fitted to its latent means.

The codes of a trained VAE do not fill N(0, 1) evenly, and what the decoder never saw it decodes badly. A density
fitted to the codes afterwards closes that gap (Ghosh et al. 2020, arXiv:1903.12436, section 4).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from genharness import DataError, DataShape
from genharness.kit.mixture import GaussianMixtures
from genharness_model_vae.codes import straight_lines, training_codes
from genharness_model_vae.configs import VAEGMMConfig
from genharness_model_vae.vae import VAE, log_normal

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["VAEGMM"]


class VAEGMM(VAE):
    """Trained as a VAE; `fit` then puts a mixture over the latent means of every class, in equal shares.

    Before `fit` it samples as the VAE does. Data without classes gets one mixture.

    Args:
        data: What the samples look like.
        config: The options.
    """

    normal_latents = False

    def __init__(self, data: DataShape, config: VAEGMMConfig) -> None:
        super().__init__(data, config)
        self.classes = max(1, data.classes) if config.per_class else 1
        self.prior = GaussianMixtures(self.classes, config.components, config.latent)
        self.reg_covar = config.reg_covar

    def fit(self, data: PreparedData) -> None:
        """Fit the mixtures to the latent means of the training split, then widen them by the mean posterior variance.

        Without the second part a mixture is narrower than the codes that the decoder was trained on: their
        covariance is that of the means plus the mean of the posterior covariances (law of total covariance).

        Raises:
            DataError: If a class has fewer samples than its mixture has components.
        """
        moments, labels = training_codes(lambda x: torch.cat(self.posterior(x), dim=1), data, self.device)
        means, log_vars = np.split(moments, 2, axis=1)
        try:
            self.prior.fit(means, labels if self.classes > 1 else None, reg_covar=self.reg_covar, seed=0)
        except ValueError as error:
            raise DataError(f"vae-gmm: {error}: lower vae-gmm.components or set vae-gmm.per_class=false") from error
        self.prior.widen(torch.from_numpy(np.exp(log_vars).mean(axis=0)))

    def draw_latents(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw codes `(n, latent)` from the mixtures, each class having its share as exactly as can be."""
        first = torch.randint(self.classes, (), generator=generator, device=generator.device)
        classes = (torch.arange(n, device=generator.device) + first) % self.classes
        return self.prior.sample(classes, generator)

    def interpolate(self, rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
        """Return samples along straight lines between codes of the mixtures."""
        return self.decode(straight_lines(self.draw_latents(2 * rows, labels=None, generator=generator), columns))

    def kl(self, mu: Tensor, log_var: Tensor, z: Tensor) -> Tensor:
        """Return log q(z|x) - log p(z) in nats `(n,)`, whose mean over z is the divergence from the mixtures."""
        return log_normal(z, mu, log_var) - torch.logsumexp(self.prior.log_prob(z), dim=1) + math.log(self.classes)
