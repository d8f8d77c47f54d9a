"""KID over an evaluation's features."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from genharness.functional.kid import kid
from genharness.functional.sampling_error import kid_error
from genharness.kit import Evaluation
from genharness_metric_kid import KidConfig

__all__ = ["Kid"]

MOST_FOR_ERROR = 2000


class Kid:
    """Binkowski et al. 2018, section 4."""

    def __init__(self, config: KidConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return mean and standard deviation over subsets; the mean may lie a little below 0.

        Where a set is no larger than a subset, every subset holds it whole: then also `kid_whole_sets`, of how many
        sets that is so, and where it is both, which leaves nothing random, no deviation.
        """
        real, fake = (torch.from_numpy(evaluation.features(which)).to(evaluation.device) for which in ("real", "fake"))
        size = min(self.config.subset_size, len(real), len(fake))
        found = kid(real, fake, subsets=self.config.subsets, subset_size=size, seed=evaluation.seed)
        evaluation.state_error("kid", lambda: _error(real, fake, evaluation.seed))
        whole = sum(len(rows) == size for rows in (real, fake))
        scores = {"kid": found.mean, "kid_std": found.std if whole < 2 else float("nan")}
        return scores | ({"kid_whole_sets": float(whole)} if whole else {})


def _error(real: Tensor, fake: Tensor, seed: int) -> float:
    """Return the error over other samples, from at most 2,000 of each set: the kernel of all would take minutes.

    The influences of few samples have the deviation of those of many; their number divides it.
    """
    generator = torch.Generator().manual_seed(seed)
    chosen = (torch.randperm(len(rows), generator=generator)[:MOST_FOR_ERROR] for rows in (real, fake))
    some = [rows[places.to(rows.device)] for rows, places in zip((real, fake), chosen, strict=True)]
    return kid_error(*some) * math.sqrt(len(some[1]) / len(fake))
