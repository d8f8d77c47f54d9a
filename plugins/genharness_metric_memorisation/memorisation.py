"""Memorisation over an evaluation's features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np
import torch

from genharness.functional.memorisation import HeldOut, Memorisation, memorisation
from genharness.kit import Evaluation
from genharness.kit.evaluation import SampleSet
from genharness.kit.sampling_errors import half_sample_errors, share_error
from genharness_metric_memorisation import MemorisationConfig
from genharness_metric_memorisation.nearest_rows import nearest_rows

__all__ = ["MemorisationMetric"]


class MemorisationMetric:
    """Generated samples against the training split, with held-out samples as the standard."""

    def __init__(self, config: MemorisationConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return authenticity and copies in [0, 1], C_T (below about -3: copying) and the distance ratio (1: none).

        C_T is undefined for few samples, the ratio where held-out samples repeat the training split.
        """

        def features(which: SampleSet) -> torch.Tensor:
            return torch.from_numpy(evaluation.features(which)).to(evaluation.device)

        options = {"cells": self.config.cells, "seed": evaluation.seed}
        train, test, fake = features("train"), features("test"), features("fake")
        kept = evaluation.derived(
            f"distances of held-out samples, {options}",
            ("train", "test"),
            lambda: HeldOut.of(train, test, **options).arrays(),
        )
        standard = HeldOut.from_arrays(kept, evaluation.device)
        found = memorisation(train, test, fake, **options, standard=standard, found=nearest_rows(evaluation))
        for key, share in (("authenticity", found.authenticity), ("copied", found.copied)):
            evaluation.state_error(key, share_error(share, len(fake)))
        evaluation.state_error("ct", found.copying_error)
        evaluation.state_error("distance_ratio", partial(_ratio_error, found))
        return {
            "authenticity": found.authenticity,
            "ct": found.copying_score,
            "distance_ratio": found.distance_ratio,
            "copied": found.copied,
        }


def _ratio_error(found: Memorisation) -> float:
    """Return the error of the ratio: that of the median distance, the held-out one being what it is."""
    middle = float(np.median(found.distances))
    if len(found.distances) < 2 or not middle > 0:
        return math.nan
    halves = half_sample_errors(lambda half: {"median": float(np.median(found.distances[half]))}, len(found.distances))
    return halves["median"] * found.distance_ratio / middle
