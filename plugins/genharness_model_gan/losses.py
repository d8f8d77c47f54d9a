"""The adversarial losses, in the papers' notation: minimised, averaged over the batch, in float32."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genharness.kit.precision import no_autocast

__all__ = ["discriminator_loss", "gradient_penalty", "hinge_loss", "non_saturating_loss"]


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return -E[log D(x)] - E[log(1 - D(G(z)))] (Goodfellow et al. 2014, algorithm 1).

    Args:
        real: Logits of D for real samples, any shape.
        fake: Logits of D for generated samples.
    """
    return F.softplus(-real.float()).mean() + F.softplus(fake.float()).mean()


def non_saturating_loss(fake: Tensor) -> Tensor:
    """Return -E[log D(G(z))] (Goodfellow et al. 2014, section 3) from logits of generated samples."""
    return F.softplus(-fake.float()).mean()


def hinge_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Return E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))] (Miyato et al. 2018, equation 16)."""
    return F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()


def gradient_penalty(critic: nn.Module, real: Tensor, fake: Tensor, *labels: Tensor) -> Tensor:
    """Return E[(||grad D(x_hat)||_2 - 1)^2] (Gulrajani et al. 2017, equation 3), not yet times lambda.

    x_hat lies uniformly at random on the line between a real and a generated sample. The critic must
    treat samples independently: no batch norm.

    Args:
        critic: Maps samples `(n, ...)` to scores.
        real: Real samples `(n, ...)`.
        fake: Generated samples, same shape, without a graph.
        labels: Classes `(n,)` where the critic scores samples as such.
    """
    epsilon = torch.rand(len(real), *[1] * (real.dim() - 1), device=real.device, dtype=real.dtype)
    x_hat = torch.lerp(fake.to(real.dtype), real, epsilon).requires_grad_(True)
    scores = critic.forward(
        x_hat, *labels
    )  # past __call__: what torch.compile puts there cannot be differentiated twice
    with no_autocast(x_hat.device):
        (gradient,) = torch.autograd.grad(scores.sum(), x_hat, create_graph=True)
    norm: Tensor = torch.linalg.vector_norm(gradient.flatten(1), dim=1)
    return (norm - 1).square().mean()
