"""Neural Discrete Representation Learning: the VQ-VAE (van den Oord et al. 2017, arXiv:1711.00937)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genharness import DataShape
from genharness.kit import Batch, GenerativeModel
from genharness.kit.blocks import down_conv, halvings, image_side, up_conv
from genharness.kit.classes import learnt_classes, withheld
from genharness.kit.dequantise import GreyLevels
from genharness.kit.generators import seeded_generator
from genharness.kit.optim import adam, minimise
from genharness.kit.pixelcnn import GatedPixelCNN
from genharness_model_vae.configs import VQVAEConfig
from genharness_model_vae.quantiser import Codebook, perplexity, straight_through

__all__ = ["VQVAE"]

HALVINGS = 2
"""Strided convolutions of the paper: 32x32 images become 8x8 codes (8x8 images: 4x4, by one)."""


class _Residual(nn.Module):
    """ReLU, 3x3 conv, ReLU, 1x1 conv, and the input added."""

    def __init__(self, hidden: int, bottleneck: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(), nn.Conv2d(hidden, bottleneck, 3, padding=1), nn.ReLU(), nn.Conv2d(bottleneck, hidden, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.body(x)
        return out


class VQVAE(GenerativeModel):
    """x -> z_e(x) -> nearest e -> x; then, with those frozen, a PixelCNN learns the grid of codes, of a class if asked.

    Args:
        data: What the samples look like.
        config: The options.

    Raises:
        ConfigError: If classes are to be learnt and the data has no two of them.
    """

    last: Tensor
    error: Tensor

    def __init__(self, data: DataShape, config: VQVAEConfig) -> None:
        super().__init__(data, config)
        self.sides = halvings(image_side(data))[: HALVINGS + 1]
        self.encoder = self._encoder(config)
        self.codebook = Codebook(config.codes, config.dimensions, config.decay, config.restart)
        self.decoder = self._decoder(config)
        self.classes = learnt_classes(data, conditional=config.conditional)
        self.prior = GatedPixelCNN(config.codes, config.prior_width, config.prior_layers, classes=self.classes)
        self.optimiser = adam([*self.encoder.parameters(), *self.decoder.parameters()], config.lr)
        self.prior_optimiser = adam(self.prior.parameters(), config.prior_lr)
        self.register_buffer("last", torch.zeros(3))  # losses of the autoencoder when it was frozen
        self.register_buffer("error", torch.ones(()))  # running mean of its squared error, for the likelihood

    def _encoder(self, config: VQVAEConfig) -> nn.Sequential:
        channels = [self.data.channels] + [config.hidden] * (len(self.sides) - 1)
        layers: list[nn.Module] = []
        for side, (inputs, outputs) in zip(self.sides, itertools.pairwise(channels), strict=False):
            layers += [down_conv(inputs, outputs, side), nn.ReLU()]
        layers += [nn.Conv2d(config.hidden, config.hidden, 3, padding=1)]
        layers += [_Residual(config.hidden, config.residual) for _ in range(config.blocks)]
        return nn.Sequential(*layers, nn.ReLU(), nn.Conv2d(config.hidden, config.dimensions, 1))

    def _decoder(self, config: VQVAEConfig) -> nn.Sequential:
        channels = [self.data.channels] + [config.hidden] * (len(self.sides) - 1)
        layers: list[nn.Module] = [nn.Conv2d(config.dimensions, config.hidden, 3, padding=1)]
        layers += [_Residual(config.hidden, config.residual) for _ in range(config.blocks)]
        for side, (outputs, inputs) in reversed(list(zip(self.sides, itertools.pairwise(channels), strict=False))):
            layers += [nn.ReLU(), up_conv(inputs, outputs, side)]
        return nn.Sequential(*layers)  # no tanh: on data that is mostly black it saturates before it learns

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Train the autoencoder, or from `prior_from` of the budget on the prior.

        Until then the prior is uniform (section 3.2), which costs log K nats a code; from then on the
        autoencoder's losses stay as they were when it was frozen.
        """
        if batch.progress < self.config.prior_from:
            uniform = torch.full((), math.log(self.config.codes), device=batch.data.device)
            self.last = self._autoencoder_step(batch.data)
            return self._losses(uniform)
        labels = withheld(batch.labels, self.config.label_dropout, self.classes)
        return self._losses(self._prior_step(batch.data, labels))

    def _losses(self, prior: Tensor) -> dict[str, Tensor]:
        reconstruction, commitment, used = self.last.clone().unbind()
        loss = reconstruction + self.config.commitment * commitment + prior
        return {
            "loss": loss,
            "reconstruction": reconstruction,
            "commitment": commitment,
            "prior": prior,
            "perplexity": used,
        }

    def _autoencoder_step(self, x: Tensor) -> Tensor:
        """Minimise squared error over the data's variance, and the commitment (equation 3; codebook by averages)."""
        grid = self.encoder(x).float()
        z = _flat(grid)
        self.codebook.begin(z)
        indices = self.codebook.nearest(z)
        quantised = self.codebook.e[indices]
        commitment = F.mse_loss(z, quantised)
        x_hat = self.decoder(_grid(straight_through(z, quantised), grid.shape)).float()
        squared = F.mse_loss(x_hat, x)
        reconstruction = squared / x.var()
        minimise(self.optimiser, reconstruction + self.config.commitment * commitment)
        self.codebook.update(z.detach(), indices)
        self.error.lerp_(squared.detach(), 1 - self.config.decay)
        used = perplexity(indices, self.config.codes)
        return torch.stack([reconstruction.detach(), commitment.detach(), used])

    def _prior_step(self, x: Tensor, labels: Tensor | None) -> Tensor:
        """Minimise the prior's negative log-likelihood, in nats per code."""
        indices = self.codes(x)
        loss = F.cross_entropy(self.prior(indices, labels).float(), indices)
        minimise(self.prior_optimiser, loss)
        return loss.detach()

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """Return the code of every position `(n, h, w)` int64."""
        grid = self.encoder(x).float()
        return self.codebook.nearest(_flat(grid)).view(len(x), *grid.shape[2:])

    def decode(self, indices: Tensor) -> Tensor:
        """Return images in [-1, 1] from codes `(n, h, w)`."""
        return self.decoded(indices).clamp(-1, 1)

    def decoded(self, indices: Tensor) -> Tensor:
        """Return what the decoder says of codes `(n, h, w)`, which may lie a little beyond images."""
        images: Tensor = self.decoder(self.codebook.e[indices].permute(0, 3, 1, 2)).float()  # of (n, D, h, w)
        return images

    def reconstruct(self, x: Tensor) -> Tensor:
        """Encode, quantise and decode."""
        return self.decode(self.codes(x))

    def encode(self, x: Tensor) -> Tensor:
        """Return the quantised vectors of all positions in one row, `(n, h * w * D)`."""
        return self.codebook.e[self.codes(x)].flatten(1)

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return an upper bound of the bits per dimension `(n,)` of dequantised images, without classes.

        log p(x) >= log p(x|z) + log p(z) for the codes z of x (section 3.1), with p(x|z) = N(x_hat, s^2) of the squared
        error s^2 that training left. All noise comes from a fixed seed.
        """
        levels = GreyLevels.of(self.data)
        indices = self.codes(x)
        spread = levels.spread(x, seeded_generator(x.device, 0))
        errors = ((spread - self.decoded(indices)) ** 2).flatten(1)
        variance = self.error + levels.spacing**2 / 12  # an image that is met exactly is as wide as its levels
        pixels = 0.5 * (errors / variance + (2 * math.pi * variance).log()).sum(1)
        codes = F.cross_entropy(self.prior(indices).float(), indices, reduction="none").flatten(1).sum(1)
        return (pixels + codes) / (x[0].numel() * math.log(2)) - math.log2(levels.spacing)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw codes from the prior, position by position, and decode them."""
        side = self.sides[-1]
        labels = labels if self.classes else None
        return self.decode(
            self.prior.sample(n, side, side, generator, labels=labels, temperature=self.config.temperature)
        )


def _flat(grid: Tensor) -> Tensor:
    """Return `(n * h * w, D)` from `(n, D, h, w)`."""
    return grid.permute(0, 2, 3, 1).flatten(0, 2)


def _grid(vectors: Tensor, shape: torch.Size) -> Tensor:
    """Return `(n, D, h, w)` from `(n * h * w, D)`."""
    n, dimensions, height, width = shape
    return vectors.view(n, height, width, dimensions).permute(0, 3, 1, 2)
