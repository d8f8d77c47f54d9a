"""MiFID and its distance over an evaluation's features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from genharness import NoOptions
from genharness.functional.copying.cosine import mifid, nearest_cosines
from genharness.functional.frechet import frechet_distance_from_statistics
from genharness.kit import Evaluation
from genharness.kit.evaluation import SampleSet
from genharness.kit.sampling_errors import mean_error

__all__ = ["Mifid"]


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
        fid = frechet_distance_from_statistics(evaluation.statistics("real"), evaluation.statistics("fake"))
        return scores | {"mifid": mifid(fid, scores["memorisation_distance"])}


def _rows(evaluation: Evaluation, which: SampleSet) -> Tensor:
    return torch.from_numpy(evaluation.features(which)).to(evaluation.device)
