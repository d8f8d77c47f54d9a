"""MMD under a Gaussian kernel over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from genharness.functional.gaussian_kernel import gaussian_mmd, median_square
from genharness.kit import Evaluation
from genharness.kit.equal_counts import draw_of
from genharness.kit.evaluation import SampleSet
from genharness_metric_kid import MmdConfig

__all__ = ["Cmmd", "GaussianMmd"]

_SCALE = 1000
_SIGMA = 10.0


class GaussianMmd:
    """Gretton et al. 2012, with the median heuristic of the real data, whatever is compared with them."""

    def __init__(self, config: MmdConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `mmd`: 0 on average where both are alike. The squared bandwidth is stated as `mmd_square`."""
        kept = evaluation.derived(
            f"median square of distances, seed={evaluation.seed}",
            ("real",),
            lambda: {"square": np.array(median_square(evaluation.features("real"), seed=evaluation.seed))},
        )
        square = float(kept["square"])
        evaluation.state("mmd_square", square)
        real = draw_of(evaluation, "real", self.config.count).of(evaluation.features("real"))
        fake = draw_of(evaluation, "fake", self.config.count).of(evaluation.features("fake"))
        first, second = (torch.from_numpy(rows).to(evaluation.device) for rows in (real, fake))
        found = gaussian_mmd(first, second, square)
        evaluation.state_error("mmd", _SCALE * found.error)
        return {"mmd": _SCALE * found.unbiased}


class Cmmd:
    """Jayasumana et al. 2024, with its bandwidth, scale and biased estimator."""

    def __init__(self, config: MmdConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `cmmd`, at least 0. Collapse that keeps the mean of the features it does not see."""
        real, fake = _unit(evaluation, "real", self.config.count), _unit(evaluation, "fake", self.config.count)
        found = gaussian_mmd(real, fake, _SIGMA**2)
        evaluation.state_error("cmmd", _SCALE * found.error)
        return {"cmmd": _SCALE * found.biased}


def _unit(evaluation: Evaluation, which: SampleSet, count: int) -> Tensor:
    features = draw_of(evaluation, which, count).of(evaluation.extracted(which, "clip").features)
    return normalize(torch.from_numpy(features).to(evaluation.device).double(), dim=1)
