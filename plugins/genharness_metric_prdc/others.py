"""Cover, probabilistic precision and recall, and realism over an evaluation's features."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from genharness.functional.neighbours.cover import cover
from genharness.functional.neighbours.probable import probable_precision_recall
from genharness.kit import Evaluation
from genharness.kit.equal_counts import equal_draws
from genharness.kit.neighbours import neighbour_pass
from genharness.kit.sampling_errors import half_sample_errors, share_error
from genharness_metric_prdc import CoverConfig, ProbableConfig, RealismConfig

__all__ = ["CoverMetric", "ProbableMetric", "RealismMetric"]

_SHOWN = 8


class CoverMetric:
    """Cheema and Urner 2023."""

    def __init__(self, config: CoverConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the shares of fakes and of reals, in [0, 1]."""
        real, fake = _equal_rows(evaluation, self.config.count)
        evaluation.state("cover_samples", len(real))
        found = cover(real, fake, self.config.k)
        evaluation.state_error("cover_fakes", found.fakes_error)
        evaluation.state_error("cover_reals", found.reals_error)
        return {"cover_fakes": found.fakes, "cover_reals": found.reals}


class ProbableMetric:
    """Park and Kim 2023. Both are best near what real samples score: shrinkage raises one, and spread the other."""

    def __init__(self, config: ProbableConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return both, in [0, 1]."""
        found = probable_precision_recall(*_equal_rows(evaluation, self.config.count))
        evaluation.state_error("p_precision", found.precision_error)
        evaluation.state_error("p_recall", found.recall_error)
        return {"p_precision": found.precision, "p_recall": found.recall}


class RealismMetric:
    """Kynkaanniemi et al. 2019, equation 5: how deep in the balls of the reals a sample lies, 1 at their edges."""

    def __init__(self, config: RealismConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the median, NaN where half of the samples are copies, and the share of samples at 1 or above.

        The eight most and the eight least realistic images are shown.
        """
        found = neighbour_pass(evaluation, self.config.k, self.config.count)
        of_each = found.realism[found.fake.own.place]
        median, share = float(np.median(of_each)), float((of_each >= 1).mean())
        if math.isfinite(median):
            evaluation.state_error("realism", lambda: _median_error(of_each))
        evaluation.state_error("realistic", share_error(share, len(of_each)))
        images = evaluation.samples("fake")
        if images.dtype == np.uint8:
            drawn = equal_draws(evaluation, self.config.count)[1].of(np.arange(len(images)))
            order = drawn[np.argsort(-of_each, kind="stable")]
            evaluation.show("realism", images[np.concatenate([order[:_SHOWN], order[-_SHOWN:]])], _SHOWN)
        return {"realism": median if math.isfinite(median) else math.nan, "realistic": share}


def _median_error(values: np.ndarray) -> float:
    return half_sample_errors(lambda half: {"median": float(np.median(values[half]))}, len(values))["median"]


def _equal_rows(evaluation: Evaluation, count: int) -> tuple[Tensor, Tensor]:
    real, fake = (
        torch.from_numpy(draw.of(evaluation.features(draw.which))).to(evaluation.device)
        for draw in equal_draws(evaluation, count)
    )
    return real, fake
