"""Diversity over an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from genharness.functional.gaussian_kernel import median_square, mode_number
from genharness.functional.image_quality import pair_ssim
from genharness.functional.vendi import vendi_error, vendi_score
from genharness.kit import Evaluation
from genharness.kit.equal_counts import draw_of
from genharness_metric_diversity import PairsConfig, VendiConfig

__all__ = ["PairSsim", "SecondOrder", "Vendi"]


class Vendi:
    """Friedman and Dieng 2023, definition 3.1."""

    def __init__(self, config: VendiConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `vendi`, from 1 (all alike) to the number of samples or of feature dimensions."""
        drawn = draw_of(evaluation, "fake", self.config.count)
        features = drawn.of(evaluation.features("fake"))
        if len(features) > 1:
            evaluation.state_error("vendi", partial(vendi_error, features))
        return {"vendi": vendi_score(features)}


class SecondOrder:
    """Effective numbers in which rare samples count less: order 2 of Vendi, and Renyi kernel entropy (RKE).

    Both are best near what real samples score: dropped modes can raise the one, and spread raises the other.
    """

    def __init__(self, config: VendiConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return both, from 1 to the number of samples.

        The Gaussian kernel's squared bandwidth is a quarter of the median squared distance of the reals, stated as
        `rke_square`: half a standard deviation of Gaussian data in each of their dimensions.
        """
        features = draw_of(evaluation, "fake", self.config.count).of(evaluation.features("fake"))
        kept = evaluation.derived(
            f"median square of distances, seed={evaluation.seed}",
            ("real",),
            lambda: {"square": np.array(median_square(evaluation.features("real"), seed=evaluation.seed))},
        )
        square = float(kept["square"]) / 4
        evaluation.state("rke_square", square)
        found = mode_number(features, square)
        if len(features) > 1:
            evaluation.state_error("vendi_2", partial(vendi_error, features, order=2))
            evaluation.state_error("rke", found.error)
        return {"vendi_2": vendi_score(features, order=2), "rke": found.value}


class PairSsim:
    """Mean SSIM over random pairs, of generated and of real images."""

    def __init__(self, config: PairsConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return both means, in [-1, 1]."""
        images = {"pair_ssim": evaluation.fake_images(), "pair_ssim_real": evaluation.real_images()}
        found = {
            key: pair_ssim(np.asarray(value), pairs=self.config.pairs, seed=evaluation.seed)
            for key, value in images.items()
        }
        evaluation.state_error("pair_ssim", found["pair_ssim"].error)
        return {key: one.mean for key, one in found.items()}
