"""What all GANs here share: noise in, samples out, classes, optimisers, and paths through the latent space."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.optim import Optimizer

from genharness.errors import ConfigError
from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import frozen, latent_paths, random_normal
from genharness.kit.dequantise import GreyLevels
from genharness.kit.optim import minimise, optimiser, scheduled, set_learning_rate
from genharness.spec.plugins import DataShape
from genharness_model_gan.conditioning import ScoreHead
from genharness_model_gan.diffaugment import diff_augment

__all__ = ["CriticGAN", "LatentGAN", "spectrally_normalise"]


class LatentGAN(GenerativeModel):
    """A generator G that maps noise z ~ N(0, I) to samples, and a discriminator or critic D that scores them.

    Both are given classes where the model learns them: always, or where its option `conditional` is on.

    Args:
        data: What the samples look like.
        config: Options; `latent` is the number of dimensions of z.

    Attributes:
        classes: Classes that are learnt, 0 for none.

    Raises:
        ConfigError: If classes are to be learnt and the data has no two of them, or rows of a table to be augmented.
    """

    always_conditional = False
    normal_latents = True

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        self.classes = self._learnt_classes()
        self.latent = self.latent_dimensions()
        if config.diffaugment and data.modality != "image":
            raise ConfigError("diffaugment changes images, and the data is a table: leave it out")
        self.G, self.D = self.networks(data, config)
        self.optimiser_g = self.optimiser(self.G, config.lr)
        self.optimiser_d = self.optimiser(self.D, self.discriminator_lr)

    def _learnt_classes(self) -> int:
        if not (self.always_conditional or getattr(self.config, "conditional", False)):
            return 0
        if self.data.classes < 2:
            asked = "" if self.always_conditional else " with conditional=true"
            name = type(self).__name__.lower()
            raise ConfigError(
                f"{name}{asked} needs data with at least two classes, not {self.data.classes}: "
                "use a model that learns none, such as dcgan"
            )
        return self.data.classes

    def latent_dimensions(self) -> int:
        """Return the length of z."""
        return int(self.config.latent)

    def networks(self, data: DataShape, config: Any) -> tuple[nn.Module, nn.Module]:
        """Return G, z `(n, latent)` to samples `(n, ...)`, and D, samples to logits or scores `(n, 1)`.

        Where `self.classes` is not 0, both take classes `(n,)` as well.
        """
        raise NotImplementedError

    def optimiser(self, network: nn.Module, lr: float) -> Optimizer:
        """Return what trains one player: `config.optimizer`, with `config.beta1` and `config.beta2`."""
        config = self.config
        return optimiser(config.optimizer, network.parameters(), lr, (config.beta1, config.beta2))

    @property
    def discriminator_lr(self) -> float:
        """Learning rate of D, before any schedule."""
        return float(self.config.lr if self.config.discriminator_lr is None else self.config.discriminator_lr)

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Set the learning rates of this place in the budget, prepare the real samples, and play."""
        for player, lr in ((self.optimiser_g, self.config.lr), (self.optimiser_d, self.discriminator_lr)):
            set_learning_rate(player, scheduled(lr, batch.progress, self.config.schedule))
        if self.config.dequantise and self.data.modality == "image":
            levels = GreyLevels.of(self.data)
            y = levels.dequantise(batch.data, levels.uniform(batch.data))
            batch = dataclasses.replace(batch, data=2 * y - 1)
        return self.play(batch)

    def play(self, batch: Batch) -> Mapping[str, Tensor]:
        """Let every player that is due take its step; return the losses, detached."""
        raise NotImplementedError

    def labels_of(self, batch: Batch, times: int = 1) -> tuple[Tensor, ...]:
        """Return the classes of the batch, that many times over, for G and D; nothing where none are learnt.

        Raises:
            ConfigError: If classes are learnt, and the batch has none.
        """
        if not self.classes:
            return ()
        if batch.labels is None:
            name = type(self).__name__.lower()
            raise ConfigError(f"{name} was given a batch without labels: use a dataset with classes, or dcgan")
        return (batch.labels.repeat(times),)

    def augment(self, samples: Tensor) -> Tensor:
        """Return samples as D sees them, real or generated: changed at random where `config.diffaugment` says so."""
        return diff_augment(samples, self.config.diffaugment)

    def noise(self, n: int) -> Tensor:
        """Draw training noise `(n, latent)` from torch's global generator of the model's device."""
        return torch.randn(n, self.latent, device=self.device)

    def generate(self, z: Tensor, *labels: Tensor) -> Tensor:
        """Return samples of z, of classes where they are learnt, in the range of samples."""
        samples: Tensor = self.G(z, *labels)
        return samples

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw `n` samples, where classes are learnt of those in `labels` `(n,)`, else of uniformly random ones."""
        if self.classes and labels is None:
            labels = torch.randint(self.classes, (n,), generator=generator, device=generator.device)
        z = random_normal(n, self.latent, generator=generator)
        return self.generate(z, labels) if self.classes and labels is not None else self.generate(z)

    def draw_latents(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw z `(n, latent)`."""
        return random_normal(n, self.latent, generator=generator)

    def decode_latents(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """Return the samples of codes, of classes where they are learnt."""
        return self.generate(latents, labels) if self.classes and labels is not None else self.generate(latents)

    def interpolate(self, rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
        """Return samples `(rows * columns, ...)` along great circles between random z; row r has class r, in turn."""
        z = latent_paths(rows, columns, self.latent, generator=generator)
        if not self.classes:
            return self.generate(z)
        labels = torch.arange(rows, device=z.device).remainder(self.classes).repeat_interleave(columns)
        return self.generate(z, labels)

    def averaged_module(self) -> nn.Module:
        """The generator: nothing else is needed to sample."""
        return self.G


class CriticGAN(LatentGAN):
    """A GAN whose critic takes a step in every training step and its generator one in `config.critic_steps`.

    A training step consumes one batch of real data, so that images per second count real images. The
    generator is due in steps 0, critic_steps, 2 critic_steps ...; in between its last loss is reported.
    """

    generator_loss: Tensor

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        self.register_buffer("generator_loss", torch.zeros(()))

    def generator_due(self, batch: Batch) -> bool:
        """Whether the generator steps as well."""
        return batch.step % int(self.config.critic_steps) == 0

    def step_generator(self, batch: Batch, times: int = 1) -> Tensor:
        """Descend -E[D(G(z))] over `times` batches of noise where the generator is due; return its latest loss."""
        if self.generator_due(batch):
            labels = self.labels_of(batch, times)
            fake = self.augment(self.G(self.noise(times * len(batch.data)), *labels))
            with frozen(self.D):
                loss = -self.D(fake, *labels).float().mean()
            minimise(self.optimiser_g, loss)
            self.generator_loss.copy_(loss.detach())
        return self.generator_loss.clone()

    @torch.no_grad()
    def fake(self, batch: Batch) -> Tensor:
        """Return as many generated samples as real ones, as D sees them and without a graph, for the critic's step."""
        return self.augment(self.G(self.noise(len(batch.data)), *self.labels_of(batch)))

    def scores(self, real: Tensor, fake: Tensor, *labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the critic's scores of both batches from one pass: only for a critic without batch norm."""
        twice = [torch.cat((part, part)) for part in labels]
        scores_real, scores_fake = self.D(torch.cat((real, fake)), *twice).float().split((len(real), len(fake)))
        return scores_real, scores_fake


def spectrally_normalise(network: nn.Module) -> nn.Module:
    """Divide every weight matrix by its largest singular value (Miyato et al. 2018, algorithm 1), in place.

    Convolutions, linear layers and the classes' vectors of a `ScoreHead` have one; gains of a batch norm have none.
    """
    layers = [part for part in network.modules() if isinstance(part, (nn.Conv2d, nn.Linear))]
    embeds = [part.embed for part in network.modules() if isinstance(part, ScoreHead) and part.embed is not None]
    for layer in (*layers, *embeds):
        spectral_norm(layer)
    return network
