"""The Frechet distance over an evaluation's statistics."""

from __future__ import annotations

from collections.abc import Mapping

from genharness import NoOptions
from genharness.kit import Evaluation
from genharness.kit.frechet import frechet_distance_from_statistics

__all__ = ["Fid"]


class Fid:
    """Squared Frechet distance (Heusel et al. 2017, equation 6), in float64."""

    def __init__(self, config: NoOptions) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `fid`: 0 for equal moments, no upper limit."""
        real, fake = evaluation.statistics("real"), evaluation.statistics("fake")
        return {"fid": frechet_distance_from_statistics(real, fake)}
