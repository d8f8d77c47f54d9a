"""Where samples come from: a model, the average of its weights, and the classes it is asked for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genharness.data import PreparedData
from genharness.engine.average import WeightAverage
from genharness.engine.sampler import Sampler, class_shares, draw_labels
from genharness.kit.model import GenerativeModel
from genharness.spec.plugins import ModelSpec

__all__ = ["SampleSource"]


@dataclass(frozen=True, kw_only=True)
class SampleSource:
    """A model that samples can be drawn from, in training or after it.

    Attributes:
        spec: The model's plugin.
        model: The model, with the weights that are trained.
        average: The weights that samples come from.
        data: What it is trained on.
        precision: Arithmetic of sampling.
    """

    spec: ModelSpec
    model: GenerativeModel
    average: WeightAverage
    data: PreparedData
    precision: str

    def applied(self) -> AbstractContextManager[GenerativeModel]:
        """Give the model as it is sampled: averaged weights, eval mode; as before afterwards."""
        return self.average.applied()

    def sampler(self, model: GenerativeModel) -> Sampler:
        """Return a sampler of the model that `applied` gives."""
        return Sampler(model, self.spec.name, self.precision)

    def labels(self, n: int, seed: int) -> NDArray[np.int64] | None:
        """Return classes to ask for, in the training split's shares; None for an unconditional model."""
        labels = self.data.labels("train")
        if not self.spec.can("conditions") or labels is None:
            return None
        return draw_labels(n, class_shares(labels, self.data.shape.classes), seed)
