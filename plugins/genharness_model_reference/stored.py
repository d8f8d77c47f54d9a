"""Rows that hand out stored samples: the held-out split (`real`) and the training split (`memoriser`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness import DataShape, RunError
from genharness.kit import GenerativeModel

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["Memoriser", "Real", "Stored"]


class Stored(GenerativeModel, ABC):
    """Hands out samples of one split in a random order that a generator decides.

    Calls that follow each other with one generator go on along the same order, so that n samples drawn in
    batches are n different ones. The samples are kept as they are stored (uint8 images, float32 rows) in a
    buffer, so that a checkpoint holds them.
    """

    samples: Tensor

    def __init__(self, data: DataShape, config: Any) -> None:
        super().__init__(data, config)
        kind = torch.uint8 if data.modality == "image" else torch.float32
        self.register_buffer("samples", torch.empty(0, *data.shape, dtype=kind))
        self._order = torch.empty(0, dtype=torch.int64)
        self._generator_state: Tensor | None = None

    @abstractmethod
    def fit(self, data: PreparedData) -> None:
        """Store one split of the data."""

    @abstractmethod
    def replenish(self, order: Tensor, n: int, generator: torch.Generator) -> Tensor:
        """Return an order of at least n indices, given what is left of the current one."""

    def store(self, samples: NDArray[Any]) -> None:
        """Keep a copy of `samples` `(n, ...)`."""
        self.samples = torch.tensor(np.ascontiguousarray(samples), dtype=self.samples.dtype, device=self.device)

    def shuffled(self, generator: torch.Generator) -> Tensor:
        """Return the indices of all samples in a random order."""
        return torch.randperm(len(self.samples), generator=generator, device=generator.device)

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return n stored samples; `labels` mean nothing here.

        Raises:
            RunError: If nothing is stored yet, or (`real`) fewer than n samples are.
        """
        if len(self.samples) == 0:
            raise RunError(f"{type(self).__name__.lower()} holds no samples: call fit(data) before sample()")
        goes_on = self._generator_state is not None and torch.equal(self._generator_state, generator.get_state())
        order = self._order if goes_on else self.shuffled(generator)
        order = self.replenish(order, n, generator)
        self._order, self._generator_state = order[n:], generator.get_state()
        chosen = self.samples[order[:n]]
        return chosen if self.data.modality == "tabular" else chosen.float() / 127.5 - 1

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Take the number of samples from the checkpoint: only the data knows it."""
        if f"{prefix}samples" in state_dict:
            self.samples = torch.empty_like(state_dict[f"{prefix}samples"], device=self.device)
        super()._load_from_state_dict(state_dict, prefix, *args)


class Real(Stored):
    """The held-out split as if it had been generated: each sample once, then a new order."""

    def fit(self, data: PreparedData) -> None:
        """Store the test split."""
        self.store(data.samples("test"))

    def replenish(self, order: Tensor, n: int, generator: torch.Generator) -> Tensor:
        """Return `order`, or a new shuffle where fewer than n indices are left of it.

        Raises:
            RunError: If the whole split has fewer than n samples.
        """
        held = len(self.samples)
        if n > held:
            raise RunError(f"real: {n} samples were asked for and {held} are held out: ask for at most {held}")
        return order if len(order) >= n else self.shuffled(generator)


class Memoriser(Stored):
    """A model that has learnt the training set by heart: each sample once, then all of them again."""

    def fit(self, data: PreparedData) -> None:
        """Store the training split."""
        self.store(data.samples("train"))

    def replenish(self, order: Tensor, n: int, generator: torch.Generator) -> Tensor:
        """Return `order` with as many new shuffles behind it as n samples need."""
        while len(order) < n:
            order = torch.cat([order, self.shuffled(generator)])
        return order
