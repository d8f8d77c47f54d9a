"""A Gaussian mixture for each class: the baseline for tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from genharness import DataError, DataShape
from genharness.kit import GenerativeModel
from genharness.kit.mixture import GaussianMixtures
from genharness_model_reference.configs import ClassGMMConfig

if TYPE_CHECKING:
    from genharness.data import PreparedData

__all__ = ["ClassGMM"]


class ClassGMM(GenerativeModel):
    """p(x | y) as a Gaussian mixture for each class y, p(y) as in the training split.

    Args:
        data: What the rows look like.
        config: The options.
    """

    shares: Tensor

    def __init__(self, data: DataShape, config: ClassGMMConfig) -> None:
        super().__init__(data, config)
        self.reg_covar = config.reg_covar
        self.mixtures = GaussianMixtures(data.classes, config.components, data.columns)
        self.register_buffer("shares", torch.full((data.classes,), 1 / data.classes))

    def fit(self, data: PreparedData) -> None:
        """Fit a mixture to the training rows of every class.

        Raises:
            DataError: If a class has fewer rows than its mixture has components.
        """
        labels = np.asarray(data.labels("train"))
        try:
            self.mixtures.fit(data.samples("train"), labels, reg_covar=self.reg_covar, seed=0)
        except ValueError as error:
            raise DataError(f"class-gmm: {error}: lower class-gmm.components") from error
        self.shares.copy_(torch.from_numpy(np.bincount(labels, minlength=self.data.classes) / len(labels)))

    def sample(self, n: int, *, labels: Tensor | None, generator: torch.Generator) -> Tensor:
        """Return rows `(n, columns)` of the classes asked for, else of classes in the training split's shares."""
        if labels is None:
            labels = torch.multinomial(self.shares, n, replacement=True, generator=generator)
        return self.mixtures.sample(labels, generator)
