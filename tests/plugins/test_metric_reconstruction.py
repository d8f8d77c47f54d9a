"""Quality of reconstructions over an evaluation, beside the formulas."""

import numpy as np
import pytest

from genharness import ConfigError, NoOptions
from genharness.kit import Reconstructions
from genharness.measure.evaluation import SampleEvaluation
from genharness.spec.protocol import Protocol
from genharness_metric_reconstruction.reconstruction import Reconstruction

RNG = np.random.default_rng(0)
ORIGINALS = RNG.integers(0, 256, (9, 1, 16, 16), dtype=np.uint8)
WORSE = np.clip(ORIGINALS + RNG.normal(0, 20, ORIGINALS.shape), 0, 255).astype(np.uint8)


def scores(**views):
    evaluation = SampleEvaluation({}, Protocol(extractor="none", sample_count=1), lambda name: None, views=views)
    return Reconstruction(NoOptions()).compute(evaluation)


def test_errors_are_means_over_images_of_pixels_from_0_to_1():
    found = scores(reconstructions=lambda: Reconstructions(ORIGINALS, WORSE))
    squares = ((ORIGINALS / 255 - WORSE / 255) ** 2).mean((1, 2, 3))
    assert found["mse"] == pytest.approx(squares.mean())
    assert found["psnr"] == pytest.approx((-10 * np.log10(squares)).mean())
    assert 0 < found["ssim"] < 1


def test_a_better_reconstruction_is_better_by_every_measure():
    near = ((ORIGINALS.astype(int) * 3 + WORSE) // 4).astype(np.uint8)
    better = scores(reconstructions=lambda: Reconstructions(ORIGINALS, near))
    worse = scores(reconstructions=lambda: Reconstructions(ORIGINALS, WORSE))
    assert better["psnr"] > worse["psnr"]
    assert better["ssim"] > worse["ssim"]
    assert better["mse"] < worse["mse"]
    assert better["bce"] < worse["bce"]


def test_a_model_that_reconstructs_nothing_is_passed_over():
    with pytest.raises(ConfigError, match="the model gives no reconstructions"):
        scores()
