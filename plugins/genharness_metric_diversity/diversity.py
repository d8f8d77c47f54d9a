"""Diversity over an evaluation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from genharness.functional.image_quality import pair_ssim
from genharness.functional.vendi import vendi_score
from genharness.kit import Evaluation
from genharness.kit.equal_counts import draw_of
from genharness_metric_diversity import PairsConfig, VendiConfig

__all__ = ["PairSsim", "Vendi"]


class Vendi:
    """Friedman and Dieng 2023, definition 3.1."""

    def __init__(self, config: VendiConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `vendi`, from 1 (all alike) to the number of samples or of feature dimensions."""
        drawn = draw_of(evaluation, "fake", self.config.count)
        return {"vendi": vendi_score(drawn.of(evaluation.features("fake")))}


class PairSsim:
    """Mean SSIM over random pairs, of generated and of real images."""

    def __init__(self, config: PairsConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return both means, in [-1, 1]."""
        images = {"pair_ssim": evaluation.fake_images(), "pair_ssim_real": evaluation.real_images()}
        return {
            key: pair_ssim(np.asarray(value), pairs=self.config.pairs, seed=evaluation.seed)
            for key, value in images.items()
        }
