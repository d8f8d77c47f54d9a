"""A model as the harness would build, feed, train and sample it, in few lines and without a runner."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from genharness.data import PreparedData
from genharness.engine.build import build_model
from genharness.engine.feed import Feeder
from genharness.engine.sampler import check_samples
from genharness.kit.generators import seeded_generator
from genharness.kit.model import Batch, FitsData, GenerativeModel
from genharness.kit.start import StartsFromData
from genharness.spec.plugins import ModelSpec
from genharness.testing.synthetic import CLASSES

__all__ = ["BATCH_SIZE", "Rig"]

BATCH_SIZE = 16


@dataclass
class Rig:
    """A model's spec beside data that it can be trained on.

    Attributes:
        spec: The model.
        data: What it is trained on.
        device: Where.
        steps: Length of the whole training, for `Batch.progress`.
    """

    spec: ModelSpec
    data: PreparedData
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    steps: int = 8

    def build(self, seed: int = 0) -> GenerativeModel:
        """Return a new model in training mode, with the options of its smoke recipe, that has looked at its data."""
        torch.manual_seed(seed)
        model = build_model(self.spec, self.spec.recipes["smoke"].options, self.data.shape, self.device)
        if isinstance(model, StartsFromData) and self.device.type != "meta":
            model.start_from(self.data)
        return model.train()

    @cached_property
    def _feeder(self) -> Feeder:
        size = min(self.spec.recipes["smoke"].batch_size, BATCH_SIZE)
        return Feeder(self.data, size, seed=0, device=self.device, resident=True)

    def batch(self, step: int, progress: float | None = None) -> Batch:
        """Return the batch of a step, at its place in the training or at the given progress."""
        samples, labels = self._feeder.batch(step)
        return Batch(samples, labels, step, step / self.steps if progress is None else progress)

    def train(self, model: GenerativeModel, start: int = 0, stop: int | None = None) -> list[dict[str, float]]:
        """Take the steps from `start` to `stop` (else to the end) and return the losses of each."""
        losses = []
        for step in range(start, self.steps if stop is None else stop) if self.spec.trained else ():
            values = model.training_step(self.batch(step))
            losses.append({name: float(value) for name, value in values.items()})
        return losses

    def fitted(self, seed: int = 0) -> GenerativeModel:
        """Return a model after the whole training, in eval mode."""
        model = self.build(seed)
        self.train(model)
        return self.finish(model)

    def generator(self, seed: int) -> torch.Generator:
        """Return a generator on the device."""
        return seeded_generator(self.device, seed)

    def finish(self, model: GenerativeModel) -> GenerativeModel:
        """Do what follows the last step: `fit`, eval mode."""
        model.eval()
        if isinstance(model, FitsData):
            model.fit(self.data)
        return model

    @torch.no_grad()
    def sample(self, model: GenerativeModel, n: int, seed: int = 0, labels: Tensor | None = None) -> Tensor:
        """Return n samples, held to the contract: count, shape, finite, range."""
        if labels is None and self.spec.can("conditions") and self.data.shape.classes:
            labels = torch.arange(n, device=self.device) % CLASSES
        samples = model.sample(n, labels=labels, generator=self.generator(seed))
        check_samples(samples, n, self.data.shape, self.spec.name)
        return samples.clone()  # a model may fill one buffer again and again
