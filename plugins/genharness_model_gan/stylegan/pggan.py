"""PGGAN: Karras et al. 2018, Progressive Growing of GANs (arXiv:1710.10196)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from genharness.kit import Batch
from genharness.kit.blocks import frozen
from genharness.kit.optim import minimise
from genharness.spec.plugins import DataShape
from genharness_model_gan.base import LatentGAN
from genharness_model_gan.losses import gradient_penalty
from genharness_model_gan.stylegan.progressive import (
    ProgressiveCritic,
    ProgressiveGenerator,
    growth_at,
    shown_at,
)

__all__ = ["PGGAN"]


class PGGAN(LatentGAN):
    """WGAN-GP between networks that grow, level by level, with the budget; a small drift keeps scores near 0.

    Both optimisers begin anew at every level, as the paper has it. The batch is the same at all of them: the paper
    makes it smaller at larger sides to save memory, which is no matter up to 64 pixels.
    """

    G: ProgressiveGenerator
    D: ProgressiveCritic

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """20.72M parameters each at 32x32x3 with the defaults, as far as the last level uses them."""
        shared: dict[str, int] = {"full_side": config.full_side, "classes": self.classes}
        G = ProgressiveGenerator(data, config.latent, config.width, **shared)
        D = ProgressiveCritic(data, config.width, **shared)
        return G, D

    def grow(self, batch: Batch) -> None:
        """Let both networks be as far as the budget is."""
        growth = growth_at(batch.progress, len(self.G.sides), self.config.final)
        if growth.level != self.G.growth.level:
            self.optimiser_g.state.clear()
            self.optimiser_d.state.clear()
        self.G.growth = self.D.growth = growth

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """One step of the critic and one of the generator (appendix A.1), at the side of the level."""
        self.grow(batch)
        config, level, sides = self.config, self.G.growth.level, self.G.sides
        below = sides[level - 1] if self.G.fading else None
        real = shown_at(batch.data, sides[level], below, self.G.alpha_on(batch.data))
        x, y = self.augment(real), self.labels_of(batch)
        fake = self.augment(self.G(self.noise(len(x)), *y))
        scores_real, scores_fake = self.D(x, *y).float(), self.D(fake.detach(), *y).float()
        distance = scores_real.mean() - scores_fake.mean()
        penalty = gradient_penalty(self.D, x, fake.detach(), *y)
        drift = scores_real.square().mean()
        loss_D = config.penalty * penalty + config.drift * drift - distance
        minimise(self.optimiser_d, loss_D)

        with frozen(self.D):
            loss_G = -self.D(fake, *y).float().mean()
        minimise(self.optimiser_g, loss_G)
        return {
            "critic_loss": loss_D.detach(),
            "wasserstein": distance.detach(),
            "gradient_penalty": penalty.detach(),
            "generator_loss": loss_G.detach(),
            "side": torch.full((), float(sides[level]), device=self.device),
        }

    def generate(self, z: Tensor, *labels: Tensor) -> Tensor:
        """Return images in [-1, 1] of the data's side, however far the generator has grown."""
        images: Tensor = self.G(z, *labels, full=True)
        return images.float().clamp(-1, 1)
