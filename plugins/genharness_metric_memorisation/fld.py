"""The gap of the feature likelihood divergence over an evaluation's features."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.functional.copying.likelihood_gap import likelihood_gap
from genharness.kit import Evaluation
from genharness.kit.equal_counts import draw_of, equal_draws
from genharness.kit.sampling_errors import half_sample_errors
from genharness_metric_memorisation import FldConfig
from genharness_metric_memorisation.held_out import are_held_out

__all__ = ["FldGap"]

HALVES = 20


class FldGap:
    """Jiralerspong et al. 2023, section 3.3: training rows against held-out ones under Gaussians around the samples."""

    def __init__(self, config: FldConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `fld_gap`, far below that of real samples for copies; NaN where samples are the held-out rows.

        Equally many training rows and samples are taken: how narrow the Gaussians get depends on both numbers.
        """
        if are_held_out(evaluation):
            return {"fld_gap": math.nan}
        draws = (
            *equal_draws(evaluation, self.config.count, ("train", "fake")),
            draw_of(evaluation, "test", self.config.count),
        )
        train, fake, test = (_tensor(draw.of(evaluation.features(draw.which)), evaluation) for draw in draws)
        evaluation.state("fld_samples", len(fake))
        evaluation.state("fld_held_out", len(test))

        def of_half(half: NDArray[np.int64]) -> dict[str, float]:
            return {"gap": likelihood_gap(train, test, fake[torch.from_numpy(half).to(fake.device)]).gap}

        evaluation.state_error(
            "fld_gap",
            lambda: (
                half_sample_errors(of_half, len(fake), halves=HALVES, seed=evaluation.seed)["gap"]
                if len(fake) > 1
                else math.nan
            ),
        )
        return {"fld_gap": likelihood_gap(train, test, fake).gap}


def _tensor(rows: NDArray[np.float32], evaluation: Evaluation) -> Tensor:
    return torch.from_numpy(rows).to(evaluation.device)
