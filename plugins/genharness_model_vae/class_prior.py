"""A prior that knows classes: a Gaussian for each, learnt with the autoencoder.

p(z) = mean over y of N(mu_y, diag sigma_y^2). The encoder needs no label, so that whatever is asked of unlabelled
samples (reconstructions, codes, likelihoods) can be answered; the class decides where a code is drawn. Sohn et al.
2015, section 4, has such a conditional prior; Jiang et al. 2017 (arXiv:1611.05148) the mixture, there without labels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

__all__ = ["ClassPrior"]


class ClassPrior(nn.Module):
    """N(mu_y, diag sigma_y^2) for every class y, all of them equally likely.

    Args:
        classes: How many.
        latent: Dimensions of z.
    """

    def __init__(self, classes: int, latent: int) -> None:
        super().__init__()
        self.classes = classes
        self.mean = nn.Parameter(torch.randn(classes, latent))  # apart from each other, as the classes are to be
        self.log_var = nn.Parameter(torch.zeros(classes, latent))

    def kl(self, mu: Tensor, log_var: Tensor, labels: Tensor) -> Tensor:
        """Return KL(N(mu, exp(log_var)) || p(z|y)) in nats `(n,)` of `(n, latent)`, y the labels `(n,)`."""
        prior_mean, prior_log_var = self.mean[labels], self.log_var[labels]
        ratio = ((mu - prior_mean) ** 2 + log_var.exp()) / prior_log_var.exp()
        return 0.5 * (ratio - 1 + prior_log_var - log_var).sum(1)

    def log_prob(self, z: Tensor) -> Tensor:
        """Return log p(z) in nats `(n,)` of codes `(n, latent)`."""
        squares = (z[:, None] - self.mean) ** 2 / self.log_var.exp()  # (n, classes, latent)
        log_p = -0.5 * (squares + self.log_var + math.log(2 * math.pi)).sum(2)
        return torch.logsumexp(log_p, dim=1) - math.log(self.classes)

    def place(self, noise: Tensor, labels: Tensor) -> Tensor:
        """Return codes of classes `(n,)` made of standard normal noise `(n, latent)`."""
        return self.mean[labels] + torch.exp(0.5 * self.log_var[labels]) * noise
