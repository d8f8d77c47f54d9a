"""Likeness of generated images to the nearest real ones."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from genharness.functional.image_quality import nearest_real
from genharness.kit import Evaluation
from genharness.kit.equal_counts import draw_of
from genharness.kit.sampling_errors import mean_error
from genharness_metric_reconstruction import NearestRealConfig

__all__ = ["NearestRealMetric"]


class NearestRealMetric:
    """Means over generated images, each beside the reference image that is nearest in mean squared error."""

    def __init__(self, config: NearestRealConfig) -> None:
        self.config = config

    def compute(self, evaluation: Evaluation) -> Mapping[str, float]:
        """Return `nearest_psnr` (dB) and `nearest_ssim` in [-1, 1].

        The PSNR of a copy is infinite; it counts as if one value were one grey level off, which bounds the mean.
        """
        fakes = np.asarray(draw_of(evaluation, "fake", self.config.count).of(evaluation.fake_images()))
        found = nearest_real(np.asarray(evaluation.real_images()), fakes)
        highest = 10 * math.log10(255**2 * fakes[0].size)
        values = {"nearest_psnr": found.psnr.clamp(max=highest).numpy(), "nearest_ssim": found.ssim.numpy()}
        for key, of_each in values.items():
            evaluation.state_error(key, mean_error(of_each))
        return {key: float(of_each.mean()) for key, of_each in values.items()}
