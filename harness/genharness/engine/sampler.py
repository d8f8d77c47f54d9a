"""Drawing samples from a model: seeded, checked, quantised to what will be scored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.engine.costs.guarded import guarded
from genharness.errors import RunError
from genharness.kit.generators import seeded_generator
from genharness.kit.model import GenerativeModel
from genharness.kit.precision import autocast
from genharness.spec.plugins import DataShape

__all__ = ["Sampler", "check_samples", "class_shares", "draw_labels", "quantise"]

BATCH = 250
"""Samples drawn at a time: fixed, because it decides how the generator's numbers are used."""

_TOLERANCE = 1e-3
"""How far outside [-1, 1] rounding may put a pixel."""


def quantise(images: Tensor) -> Tensor:
    """Return images in [-1, 1] as uint8, rounded to the nearest of 256 levels."""
    return images.float().add(1).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)


def check_samples(samples: Tensor, n: int, data: DataShape, model: str) -> None:
    """Refuse samples that break the contract.

    Raises:
        RunError: If the count, the shape, a value or the range is wrong; the message says which.
    """
    want = (n, *data.shape)
    if not isinstance(samples, Tensor):
        raise RunError(f"{model}.sample returned {type(samples).__name__}: it must return a tensor {want}")
    if strange := _strange(samples):
        raise RunError(f"{model}.sample returned {strange}: it must return a dense tensor {want} of real numbers")
    if samples.dim() and len(samples) != n:
        raise RunError(f"{model}.sample returned {len(samples)} samples where {n} were asked for")
    if tuple(samples.shape) != want:
        raise RunError(f"{model}.sample returned shape {tuple(samples.shape)}: it must be {want}")
    if not bool(torch.isfinite(samples).all()):
        raise RunError(f"{model}.sample returned NaN or infinite values: lower its learning rate or mend sample()")
    if data.modality == "image":
        low, high = float(samples.min()), float(samples.max())
        if low < -1 - _TOLERANCE or high > 1 + _TOLERANCE:
            raise RunError(f"{model}.sample returned values in [{low:.3g}, {high:.3g}]: images must be in [-1, 1]")


def _strange(samples: Tensor) -> str:
    """Return what no samples can be made of; empty where they can."""
    if samples.is_complex():
        return "complex numbers"
    if samples.layout != torch.strided or samples.is_quantized:
        return "a quantised tensor" if samples.is_quantized else f"a tensor of layout {samples.layout}"
    return "a tensor without values (device meta)" if samples.is_meta else ""


def class_shares(labels: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Return the frequency of every class."""
    shares: NDArray[np.float64] = np.bincount(labels, minlength=classes) / len(labels)
    return shares


def draw_labels(n: int, shares: NDArray[np.float64], seed: int) -> NDArray[np.int64]:
    """Return n class indices: every class its share of n as exactly as n allows, in random order."""
    generator = np.random.default_rng([seed, 17])
    ideal = shares * n
    counts = np.floor(ideal).astype(np.int64)
    missing = n - int(counts.sum())
    counts[np.argsort(ideal - counts, kind="stable")[::-1][:missing]] += 1
    return generator.permutation(np.repeat(np.arange(len(shares)), counts)).astype(np.int64)


class Sampler:
    """Draws checked samples from a model that is in eval mode.

    Args:
        model: The model.
        name: Its name, for messages.
        precision: `fp32`, `tf32` or `bf16`.
    """

    def __init__(self, model: GenerativeModel, name: str, precision: str) -> None:
        self.model = model
        self.name = name
        self.precision = precision

    def batch(self, n: int, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        """Return n samples as the model makes them: float32, on its device, checked."""
        samples = self.raw(n, generator, labels)
        check_samples(samples, n, self.model.data, self.name)
        return samples.detach().float()  # a view of a parameter still asks for gradients

    def raw(self, n: int, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        """Return what the model gives for n samples, as it is."""
        with torch.no_grad(), autocast(self.model.device, self.precision):
            return self.model.sample(n, labels=labels, generator=generator)

    def draw(
        self,
        n: int,
        *,
        seed: int,
        labels: NDArray[np.int64] | None = None,
        on_progress: Callable[[int], None] = lambda done: None,
    ) -> NDArray[Any]:
        """Return n samples as they are scored: uint8 images or float32 rows.

        Args:
            n: How many.
            seed: The only source of randomness.
            labels: Classes to make, or None.
            on_progress: Told how many are done.
        """
        parts = []
        for part in self._parts(n, seed, labels):
            parts.append(part)
            on_progress(sum(map(len, parts)))
        return np.concatenate(parts)

    def _parts(self, n: int, seed: int, labels: NDArray[np.int64] | None) -> Iterator[NDArray[Any]]:
        device = self.model.device
        generator = seeded_generator(device, seed)
        wanted = None if labels is None else torch.from_numpy(labels).to(device)
        for start in range(0, n, BATCH):
            stop = min(start + BATCH, n)
            with guarded(f"{self.name}.sample"):
                samples = self.batch(stop - start, generator, None if wanted is None else wanted[start:stop])
            # a model may fill one buffer again and again
            scored = quantise(samples) if self.model.data.modality == "image" else samples.clone()
            yield scored.contiguous().cpu().numpy()
