"""StyleGAN2: Karras et al. 2020 (arXiv:1912.04958), with adaptive augmentation (arXiv:2006.06676) as an option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from genharness.kit import Batch
from genharness.kit.blocks import frozen, image_side
from genharness.kit.optim import minimise, optimiser
from genharness.kit.precision import no_autocast
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import LatentGAN
from genharness_model_gan.losses import discriminator_loss, non_saturating_loss
from genharness_model_gan.stylegan.ada import ADAController, ada_augment
from genharness_model_gan.stylegan.networks import StyleDiscriminator, StyleGenerator

__all__ = ["StyleGAN2", "squared_gradient"]

RESIDUAL_SIDE = 64
"""Side in pixels from which the discriminator has residual paths, unless told otherwise."""


def squared_gradient(critic: nn.Module, images: Tensor, *labels: Tensor) -> Tensor:
    """Return E[||grad D(x)||^2] at real images (Mescheder et al. 2018, arXiv:1801.04406), in float32.

    Args:
        critic: Maps images to logits.
        images: As D sees them, `(n, c, h, w)`: no gradient is taken through what changed them.
        labels: Classes `(n,)` where the critic scores images as such.
    """
    with no_autocast(images.device):
        x = images.detach().float().requires_grad_(True)
        logits = critic.forward(x, *labels)  # past __call__: what torch.compile puts there has no second derivative
        (gradient,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
        return gradient.square().sum((1, 2, 3)).mean()


class StyleGAN2(LatentGAN):
    """The non-saturating game; D pays for its gradient at real images, in one step of `r1_every` that much more.

    Attributes:
        ada: Steers the probability of augmentations, where `config.ada` is on.
        r1: E[||grad D(x)||^2] as it was last computed.
    """

    normal_latents = False
    r1: Tensor

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        # The penalty has steps of its own: one step in `r1_every` more, each by so much less (appendix B, "lazy").
        betas = (config.beta1**self._share, config.beta2**self._share)
        self.optimiser_d = optimiser(config.optimizer, self.D.parameters(), self.discriminator_lr, betas)
        self.ada = ADAController(config.ada_target, config.ada_kimg) if config.ada else None
        self.register_buffer("r1", torch.zeros(()))

    @property
    def _share(self) -> float:
        return float(self.config.r1_every / (self.config.r1_every + 1))

    @property
    def discriminator_lr(self) -> float:
        """Learning rate of D, less the share of the penalty's own steps."""
        return super().discriminator_lr * self._share

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """19.95M and 20.72M parameters at 32x32x3 with the defaults."""
        residual = image_side(data) >= RESIDUAL_SIDE if config.residual is None else config.residual
        shared: dict[str, int] = {"full_side": config.full_side, "classes": self.classes}
        G = StyleGenerator(data, config.latent, config.style, config.width, config.mapping, **shared)
        D = StyleDiscriminator(data, config.width, group=config.group, residual=residual, **shared)
        return G, D

    def augment(self, samples: Tensor) -> Tensor:
        """Return images as D sees them."""
        samples = super().augment(samples)
        return samples if self.ada is None else ada_augment(samples, self.ada.p, colour=self.config.ada_colour)

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """One step of D, its penalty where it is due, one step of G."""
        x, y = self.augment(batch.data), self.labels_of(batch)
        fake = self.augment(self.G(self.noise(len(x)), *y))
        logits_real, logits_fake = self.D(x, *y), self.D(fake.detach(), *y)
        loss_D = discriminator_loss(logits_real, logits_fake)
        minimise(self.optimiser_d, loss_D)
        if batch.step % self.config.r1_every == 0:
            self.penalise(x, *y)

        with frozen(self.D):
            loss_G = non_saturating_loss(self.D(fake, *y))
        minimise(self.optimiser_g, loss_G)
        if self.ada is not None:
            self.ada.observe(logits_real.detach(), batch.step)

        return {
            "discriminator_loss": loss_D.detach(),
            "generator_loss": loss_G.detach(),
            "d_real": logits_real.detach().sigmoid().mean(),
            "d_fake": logits_fake.detach().sigmoid().mean(),
            "r1": self.r1.clone(),
            **({} if self.ada is None else {"augmentation": self.ada.p.clone()}),
        }

    def penalise(self, x: Tensor, *labels: Tensor) -> None:
        """Descend gamma / 2 E[||grad D(x)||^2], `r1_every` times as steeply since it is that rare."""
        r1 = squared_gradient(self.D, x, *labels)
        minimise(self.optimiser_d, 0.5 * self.config.r1_gamma * self.config.r1_every * r1)
        self.r1.copy_(r1.detach())

    def generate(self, z: Tensor, *labels: Tensor) -> Tensor:
        """Return images in [-1, 1], truncated as `config.truncation` says."""
        images: Tensor = self.G(z, *labels, truncation=self.config.truncation)
        return images.float().clamp(-1, 1)

    def draw_latents(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw styles w `(n, style)`: there paths are straight, and their length is that of the paper."""
        z = super().draw_latents(n, labels=labels, generator=generator)
        classes = (labels,) if self.classes and labels is not None else ()
        styles: Tensor = self.G.styles(z, *classes, truncation=self.config.truncation)  # type: ignore[operator]
        return styles

    def decode_latents(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """Return the images of styles, which hold their classes."""
        images: Tensor = self.G.synthesis(latents)  # type: ignore[operator]  # a module, though nn.Module says Tensor
        return images.float().clamp(-1, 1)
