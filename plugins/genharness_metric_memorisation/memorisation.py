"""Memorisation over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from genharness.functional.memorisation import HeldOut, memorisation
from genharness.kit import Evaluation
from genharness.kit.evaluation import SampleSet
from genharness.kit.sampling_errors import share_error
from genharness_metric_memorisation import MemorisationConfig

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
        found = memorisation(train, test, fake, **options, standard=standard)
        for key, share in (("authenticity", found.authenticity), ("copied", found.copied)):
            evaluation.state_error(key, share_error(share, len(fake)))
        return {
            "authenticity": found.authenticity,
            "ct": found.copying_score,
            "distance_ratio": found.distance_ratio,
            "copied": found.copied,
        }
