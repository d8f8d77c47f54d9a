"""Class modes and bins over an evaluation."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from genharness.kit import Evaluation
from genharness.kit.modes import RealBins, bin_statistics, class_modes, real_bins
from genharness_metric_modes import BinsConfig, ModesConfig

__all__ = ["Bins", "Modes"]


class Modes:
    """Class frequencies of generated samples beside those of real ones, both as the classifier predicts them."""

    def __init__(self, config: ModesConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return modes covered, KL divergence (nats) and total variation to the real class distribution."""
        real, fake = evaluation.posteriors("real"), evaluation.posteriors("fake")
        classes = real.shape[1]
        real_counts, fake_counts = (np.bincount(one.argmax(axis=1), minlength=classes) for one in (real, fake))
        found = class_modes(real_counts, fake_counts, threshold=self.config.threshold)
        return {"modes_covered": found.covered, "mode_kl": found.kl, "mode_tv": found.total_variation}


class Bins:
    """Richardson and Weiss 2018, in feature space."""

    def __init__(self, config: BinsConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return the share of different bins, the Jensen-Shannon divergence (nats) and the share of bins reached."""
        real, fake = evaluation.features("real"), evaluation.features("fake")
        options = {"bins": max(2, min(self.config.bins, len(real) // 10)), "seed": evaluation.seed}
        kept = evaluation.derived(
            f"k-means bins, {options}", ("real",), lambda: dataclasses.asdict(real_bins(real, **options))
        )
        found = bin_statistics(real, fake, **options, level=self.config.level, known_bins=RealBins(**kept))
        return {"ndb": found.different_share, "jsd": found.jsd, "bin_coverage": found.coverage}
