"""MiFID and its distance over an evaluation's features."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness import NoOptions
from genharness.functional.copying.cosine import THRESHOLD, mifid, nearest_cosines
from genharness.functional.frechet import frechet_distance_from_statistics
from genharness.functional.gaussian import GaussianStatistics
from genharness.functional.sampling_error import frechet_influence
from genharness.kit import Evaluation
from genharness.kit.evaluation import SampleSet
from genharness.kit.sampling_errors import half_sample_errors, mean_error

__all__ = ["Mifid"]

HALVES = 20
"""Half-samples where covariances are singular."""


class Mifid:
    """Bai et al. 2021, section 4.1: nearest among all training samples."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the distance in [0, 1], that of held-out samples to training ones, and `mifid` over Inception.

        Well below the second distance, samples were copied. The threshold of `mifid` means something over Inception's
        features only.
        """
        train = _rows(evaluation, "train")
        kept = evaluation.derived(
            "cosine distances of held-out samples",
            ("train", "test"),
            lambda: {"mean": np.array(nearest_cosines(train, _rows(evaluation, "test")).mean())},
        )
        of_each = nearest_cosines(train, _rows(evaluation, "fake"))
        evaluation.state_error("memorisation_distance", mean_error(of_each))
        scores = {
            "memorisation_distance": float(of_each.mean()),
            "memorisation_distance_test": float(kept["mean"]),
        }
        if evaluation.extractor != "inception":
            return scores
        real, fake = evaluation.statistics("real"), evaluation.statistics("fake")
        fid = frechet_distance_from_statistics(real, fake)
        evaluation.state_error("mifid", lambda: _error(real, evaluation.features("fake"), of_each, evaluation.seed))
        return scores | {"mifid": mifid(fid, scores["memorisation_distance"])}


def _error(real: GaussianStatistics, rows: NDArray[np.float32], of_each: NDArray[np.float64], seed: int) -> float:
    """Return the error over other samples on its side of the threshold: that of a quotient, by both influences.

    By halves where a covariance is singular, so that the distance has no derivative. NaN where rows are zero, which
    have no direction.
    """
    if len(of_each) != len(rows) or len(rows) < 4:
        return math.nan
    distance, own = float(of_each.mean()), GaussianStatistics.fit(rows)
    if real.cholesky is None or own.cholesky is None:

        def of_half(half: NDArray[np.int64]) -> dict[str, float]:
            fid = frechet_distance_from_statistics(real, GaussianStatistics.fit(rows[half]))
            return {"mifid": mifid(fid, float(of_each[half].mean()))}

        return half_sample_errors(of_half, len(rows), halves=HALVES, seed=seed)["mifid"]
    influence = frechet_influence(real, rows)
    if distance < THRESHOLD:
        fid = frechet_distance_from_statistics(real, own)
        influence = (influence - fid * of_each / distance) / distance if distance > 0 else influence * math.nan
    return float(influence.std()) / math.sqrt(len(rows))


def _rows(evaluation: Evaluation, which: SampleSet) -> Tensor:
    return torch.from_numpy(evaluation.features(which)).to(evaluation.device)
