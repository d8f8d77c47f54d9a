from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from genharness_metric_reconstruction import NearestRealConfig
from genharness_metric_reconstruction.nearest import NearestRealMetric

RNG = np.random.default_rng(0)
REAL = RNG.integers(0, 256, (40, 1, 12, 12)).astype(np.uint8)


def scores(fake, count=1000):
    evaluation = SimpleNamespace(real_images=lambda: REAL, fake_images=lambda: fake)
    return NearestRealMetric(NearestRealConfig(count=count)).compute(evaluation)


def shifted(by):
    return (REAL[::-1].astype(int) + by).clip(0, 255).astype(np.uint8)


def test_scores_are_those_of_torchmetrics_with_the_nearest_image():
    fake = shifted(RNG.integers(-20, 20, REAL.shape))
    pairs = list(zip(torch.from_numpy(REAL[::-1].copy()).double(), torch.from_numpy(fake).double(), strict=True))
    psnr = np.mean([peak_signal_noise_ratio(b, a, data_range=255.0) for a, b in pairs])
    ssim = np.mean([structural_similarity_index_measure(b[None], a[None], data_range=255.0) for a, b in pairs])
    found = scores(fake)
    assert found["nearest_psnr"] == pytest.approx(psnr, rel=1e-5)
    assert found["nearest_ssim"] == pytest.approx(ssim, rel=1e-5)


def test_copies_score_more_than_anything_else_and_stay_finite():
    copied, off_by_one = scores(REAL), scores(shifted(1))
    assert copied["nearest_ssim"] == pytest.approx(1)
    assert np.isfinite(copied["nearest_psnr"])
    assert copied["nearest_psnr"] > off_by_one["nearest_psnr"] > scores(255 - REAL)["nearest_psnr"]


def test_only_the_first_ones_are_looked_at():
    mixed = np.concatenate([REAL[:5], 255 - REAL])
    assert scores(mixed, count=5) == scores(REAL[:5])
