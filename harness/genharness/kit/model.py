"""The contract of a generative model, and the optional capabilities that metrics use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from genharness.errors import RunError
from genharness.spec.plugins import DataShape

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = [
    "Batch",
    "Decodes",
    "Encodes",
    "FitsData",
    "GenerativeModel",
    "HasLikelihood",
    "HasPosterior",
    "Interpolates",
    "Reconstructs",
]


@dataclass(frozen=True, slots=True)
class Batch:
    """One training batch, on the model's device.

    Attributes:
        data: Images `(n, c, h, w)` float32 in [-1, 1]; or rows `(n, d)` float32, standardised.
        labels: Class indices `(n,)` int64, or None for unlabelled data.
        step: Index of this training step, from 0.
        progress: Fraction of the budget that is done, in [0, 1): for schedules, whatever the unit of the budget.
    """

    data: Tensor
    labels: Tensor | None
    step: int
    progress: float


class GenerativeModel(nn.Module):
    """A model that the harness trains, samples and measures.

    The model owns its networks, its optimisers and one step. The harness owns the loop, the device, the
    precision, weight averaging, checkpoints, the budget, divergence detection and every clock.

    Args:
        data: What the samples look like.
        config: An instance of the spec's Config.

    Attributes:
        likelihood_samples: Held-out samples that `bits_per_dim` is asked for at most, where it takes long; of a bound
            the harness has a limit of its own, 1,000.
    """

    likelihood_samples: int | None = None

    @property
    def operations_counted(self) -> bool:
        """Whether `sample` computes by torch's own operators, whose floating-point operations can be counted."""
        return True

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__()
        self.data = data
        self.config = config

    def training_step(self, batch: Batch) -> Mapping[str, Tensor]:
        """Take one optimisation step (for a GAN: of every player that is due).

        Args:
            batch: The samples of this step.

        Returns:
            Named losses as the paper names them: detached scalars left on the device (no `.item()`).
        """
        raise RunError(f"{type(self).__name__} has no training step: its recipes must say length='0steps'")

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw samples; called in eval mode without gradients.

        Args:
            n: How many.
            labels: Classes to make `(n,)` int64 where the model is conditional, else None.
            generator: The only source of randomness, on the model's device.

        Returns:
            Images `(n, c, h, w)` in [-1, 1], or rows `(n, d)`.
        """
        raise NotImplementedError

    def averaged_module(self) -> nn.Module:
        """The part that `sample` needs and that weight averaging covers; a GAN returns its generator."""
        return self

    def training_state(self) -> dict[str, Any]:
        """State beside `state_dict` that a checkpoint must hold: by default every optimiser and schedule.

        Everything among the model's own attributes that has `state_dict` and `load_state_dict` and is no
        module is kept under its attribute's name.
        """
        return {name: part.state_dict() for name, part in self._stateful_attributes().items()}

    def load_training_state(self, state: Mapping[str, Any]) -> None:
        """Restore what `training_state` gave."""
        parts = self._stateful_attributes()
        for name, part_state in state.items():
            parts[name].load_state_dict(part_state)

    def _stateful_attributes(self) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(self).items()
            if hasattr(value, "state_dict") and hasattr(value, "load_state_dict") and not isinstance(value, nn.Module)
        }

    @property
    def device(self) -> torch.device:
        """Where the model's parameters (else buffers) are; the CPU when it has none."""
        for tensor in (*self.parameters(), *self.buffers()):
            return tensor.device
        return torch.device("cpu")


@runtime_checkable
class FitsData(Protocol):
    """Looks at the whole data once, after the last training step (`vae-gmm`) or instead of any (`gaussian`)."""

    def fit(self, data: PreparedData) -> None:
        """Fit from `data.samples("train")` (uint8 images or float32 rows) and `data.labels("train")`.

        Whatever `sample` needs afterwards must be in parameters or buffers, so that a checkpoint holds it.
        """


@runtime_checkable
class Reconstructs(Protocol):
    """Encodes and decodes a sample."""

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return reconstructions of `x` `(n, ...)`, in the same shape and range."""


@runtime_checkable
class HasLikelihood(Protocol):
    """Knows the likelihood of a sample, or a bound of it."""

    def bits_per_dim(self, x: Tensor) -> Tensor:
        """Return bits per dimension `(n,)` of dequantised samples; the spec says whether exact or a bound."""


@runtime_checkable
class HasPosterior(Protocol):
    """Infers a distribution over latent codes for a sample."""

    def kl_to_prior(self, x: Tensor) -> Tensor:
        """Return KL(q(z|x) || p(z)) in nats `(n,)`; where it is estimated, by the same draws at every call."""


@runtime_checkable
class Encodes(Protocol):
    """Maps samples to latent codes."""

    def encode(self, x: Tensor) -> Tensor:
        """Return latent codes `(n, latent)` of `x`, for a VAE the posterior means."""


@runtime_checkable
class Decodes(Protocol):
    """Makes samples of latent codes: `sample` decodes what `draw_latents` draws.

    Attributes:
        normal_latents: Whether codes are standard normal, so that paths between them are great circles; else lines.
    """

    normal_latents: bool

    def draw_latents(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Draw codes `(n, latent)`, of classes `(n,)` where the model is conditional."""

    def decode_latents(self, latents: Tensor, labels: Tensor | None) -> Tensor:
        """Return the samples of codes `(n, latent)`, the same ones at every call, in the range of samples."""


@runtime_checkable
class Interpolates(Protocol):
    """Draws samples along a path between two random points of its latent space."""

    def interpolate(self, rows: int, columns: int, *, generator: torch.Generator) -> Tensor:
        """Return images `(rows * columns, c, h, w)`, each row a path of `columns` points between two codes."""
