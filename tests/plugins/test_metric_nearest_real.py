import numpy as np
import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from evaluations import row_evaluation
from genharness_metric_reconstruction import NearestRealConfig
from genharness_metric_reconstruction.nearest import NearestRealMetric

RNG = np.random.default_rng(0)
REAL = RNG.integers(0, 256, (40, 1, 12, 12)).astype(np.uint8)


def scores(fake, count=1000):
    return NearestRealMetric(NearestRealConfig(count=count)).compute(row_evaluation(real=REAL, fake=fake))


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


def test_of_a_folder_whose_copies_come_first_all_parts_are_looked_at():
    mixed = np.concatenate([np.repeat(REAL, 5, axis=0), np.repeat(255 - REAL, 5, axis=0)])
    assert scores(REAL)["nearest_ssim"] > scores(mixed, count=100)["nearest_ssim"] > scores(255 - REAL)["nearest_ssim"]
    assert scores(mixed, count=100)["nearest_ssim"] == pytest.approx(scores(mixed)["nearest_ssim"], abs=0.1)
