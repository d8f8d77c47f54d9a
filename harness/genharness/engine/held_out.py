"""Losses of held-out samples over training: what a training step says of them, and then the step is undone."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from genharness.data import PreparedData
from genharness.engine.average import WeightAverage
from genharness.engine.feed import to_unit_range
from genharness.engine.random_state import seed_everything, undisturbed
from genharness.engine.undone import KeptState
from genharness.kit.model import Batch, GenerativeModel
from genharness.kit.precision import autocast

__all__ = ["HeldOutLosses"]

_EVERY_PLAYER = 720_720
"""The least common multiple of 1 to 16: a step at which whatever is due once in so many steps is due. Not 0, at which
models look at the data for the first time."""


class HeldOutLosses:
    """The held-out samples that losses are taken of, the same ones at every look.

    Their whole batches are used, or all of them where they are fewer than a batch.

    Args:
        data: The dataset.
        batch_size: Samples in a batch, as in training.
        most: Samples at most, drawn by the seed.
        seed: Of the draw, and of what the steps themselves draw.
    """

    def __init__(self, data: PreparedData, batch_size: int, *, most: int, seed: int) -> None:
        self._data, self._seed = data, seed
        count = len(data.samples("test"))
        chosen = np.random.default_rng([seed, 59]).permutation(count)[:most]
        self._rows = chosen if len(chosen) < batch_size else chosen[: len(chosen) // batch_size * batch_size]
        self._size = min(batch_size, max(1, len(chosen)))

    def losses(
        self, model: GenerativeModel, average: WeightAverage, precision: str, progress: float
    ) -> dict[str, float | None]:
        """Return the mean of every loss, None where it is not finite; the model is left as it was.

        Every batch meets the same weights: a step gives its losses, and is undone. The losses are those of training,
        with whatever of dropout, noise or batch statistics belongs to them.

        Args:
            model: In training mode.
            average: Does not see these steps.
            precision: As in training.
            progress: Share of training that is done, in [0, 1).
        """
        found: dict[str, list[float]] = {}
        standing = KeptState(model, average)
        with undisturbed():
            seed_everything(self._seed)
            for samples, labels in self._batches(model.device):
                try:
                    with autocast(samples.device, precision):
                        losses = model.training_step(Batch(samples, labels, _EVERY_PLAYER, progress))
                finally:
                    standing.restore()
                for name, value in losses.items():
                    found.setdefault(name, []).append(float(value))
        means = {name: sum(values) / len(values) for name, values in found.items()}
        return {name: mean if math.isfinite(mean) else None for name, mean in means.items()}

    def _batches(self, device: torch.device) -> Iterator[tuple[Tensor, Tensor | None]]:
        samples, labels = self._data.samples("test"), self._data.labels("test")
        for start in range(0, len(self._rows), self._size):
            rows = np.sort(self._rows[start : start + self._size])
            batch = torch.from_numpy(np.array(samples[rows])).to(device)
            classes = None if labels is None else torch.from_numpy(np.array(labels[rows], np.int64)).to(device)
            yield to_unit_range(batch) if batch.dtype == torch.uint8 else batch, classes
