"""Image quality beside torchmetrics, on small and constant images, and against the nearest real image."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from genharness.functional.image_quality import bce, mse, nearest_real, pair_ssim, psnr, ssim

SHAPES = [(5, 1, 6, 6), (4, 3, 8, 8), (4, 1, 28, 28), (3, 3, 32, 32), (2, 3, 17, 40), (1, 1, 64, 64)]


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def pictures(shape):
    """Return smooth pictures and noisy versions of them: similar, unlike two draws of noise."""
    n, c, h, w = shape
    phase = torch.arange(n * c).view(n, c, 1, 1)
    real = (torch.sin(torch.arange(h)[:, None] / 3 + phase) * torch.cos(torch.arange(w) / 4 + phase) + 1) * 127
    fake = real + 20 * torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return real.clamp(0, 255).byte(), fake.clamp(0, 255).byte()


def unit(images):
    return torch.as_tensor(images).float() / 255


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("make", [pictures, lambda shape: (noise(shape), noise(shape, 1))])
def test_ssim_equals_that_of_torchmetrics(shape, make):
    real, fake = make(shape)
    expected = structural_similarity_index_measure(unit(fake), unit(real), data_range=1.0, reduction="none")
    torch.testing.assert_close(ssim(real, fake).float(), expected.view(-1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_psnr_equals_that_of_torchmetrics(shape):
    real, fake = noise(shape), noise(shape, 1)
    each = peak_signal_noise_ratio(unit(fake), unit(real), data_range=1.0, dim=(1, 2, 3), reduction="none")
    torch.testing.assert_close(psnr(real, fake).float(), each, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_bce_and_mse_equal_those_of_torch(shape):
    real, fake = noise(shape), noise(shape, 1)
    entropy = torch.nn.functional.binary_cross_entropy(unit(fake), unit(real), reduction="none")
    torch.testing.assert_close(bce(real, fake).float(), entropy.flatten(1).mean(1), rtol=1e-5, atol=1e-5)
    squares = torch.nn.functional.mse_loss(unit(fake), unit(real), reduction="none")
    torch.testing.assert_close(mse(real, fake).float(), squares.flatten(1).mean(1), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(("a", "b"), [(0, 0), (255, 255), (0, 255), (100, 130), (1, 2), (200, 210)])
def test_constant_images_score_their_luminance_term(a, b):
    real, fake = (np.full((2, 3, 8, 8), level, np.uint8) for level in (a, b))
    x, y = a / 255, b / 255
    assert ssim(real, fake).numpy() == pytest.approx((2 * x * y + 1e-4) / (x**2 + y**2 + 1e-4))
    # In float32 torchmetrics loses up to 8e-4 here, to the cancellation in its variances.
    wide = (torch.from_numpy(images).double() / 255 for images in (fake, real))
    expected = structural_similarity_index_measure(*wide, data_range=1.0, reduction="none")
    torch.testing.assert_close(ssim(real, fake), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("side", [1, 2, 3, 5, 6, 8])
def test_equal_images_of_any_size_are_entirely_similar(side):
    images = noise((3, 1, side, side))
    assert ssim(images, images).numpy() == pytest.approx(1)
    assert psnr(images, images).tolist() == [math.inf] * 3
    assert mse(images, images).tolist() == [0] * 3


def test_the_window_shrinks_to_a_side_less_one_on_tiny_images():
    real, fake = noise((1, 1, 3, 3)), noise((1, 1, 3, 3), 1)
    weights = np.exp(-(np.arange(-2.0, 3) ** 2) / 4.5)
    window = np.outer(weights, weights) / weights.sum() ** 2

    def means(values):
        padded = np.pad(values, 2, mode="reflect")
        return np.array([[(padded[i : i + 5, j : j + 5] * window).sum() for j in range(3)] for i in range(3)])

    a, b = real[0, 0] / 255, fake[0, 0] / 255
    mean_a, mean_b = means(a), means(b)
    spread = means(a * a) - mean_a**2 + means(b * b) - mean_b**2
    together = means(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + 1e-4) / (mean_a**2 + mean_b**2 + 1e-4)
    expected = (luminance * (2 * together + 9e-4) / (spread + 9e-4)).mean()
    assert ssim(real, fake).item() == pytest.approx(expected)


def test_black_against_white_costs_the_bound_of_the_logarithm():
    black, white = np.zeros((1, 1, 4, 4), np.uint8), np.full((1, 1, 4, 4), 255, np.uint8)
    assert bce(white, black).item() == 100
    assert bce(black, black).item() == 0
    assert psnr(black, white).item() == 0


@pytest.mark.parametrize("score", [mse, psnr, bce, ssim])
def test_scores_of_an_image_do_not_depend_on_its_batch(score, monkeypatch):
    real, fake = noise((9, 3, 12, 12)), noise((9, 3, 12, 12), 1)
    together = score(real, fake)
    monkeypatch.setattr("genharness.functional.image_quality._BATCH_VALUES", 1)
    torch.testing.assert_close(score(real, fake), together, rtol=1e-12, atol=0)


def test_nearest_real_finds_copies_and_measures_them_as_equal():
    real = noise((30, 3, 8, 8))
    found = nearest_real(real, real[[4, 17]])
    assert found.index.tolist() == [4, 17]
    assert found.psnr.tolist() == [math.inf] * 2
    assert found.ssim.numpy() == pytest.approx(1)


def test_nearest_real_has_the_highest_psnr_of_all():
    real, fake = noise((25, 1, 8, 8)), noise((6, 1, 8, 8), 1)
    table = np.stack([psnr(np.repeat(image[None], 25, 0), real).numpy() for image in fake])
    found = nearest_real(real, fake)
    assert found.index.tolist() == table.argmax(1).tolist()
    np.testing.assert_allclose(found.psnr.numpy(), table.max(1), rtol=1e-12)
    np.testing.assert_allclose(found.ssim.numpy(), ssim(real[table.argmax(1)], fake).numpy(), rtol=1e-12)


def test_pair_ssim_is_one_for_a_collapsed_generator_and_near_zero_for_noise():
    assert pair_ssim(np.repeat(noise((1, 3, 8, 8)), 20, 0), pairs=50).mean == pytest.approx(1)
    assert abs(pair_ssim(noise((20, 3, 8, 8)), pairs=50).mean) < 0.1


def test_pair_ssim_of_all_pairs_is_their_mean():
    images = noise((5, 1, 8, 8))
    i, j = np.triu_indices(5, 1)
    assert pair_ssim(images, pairs=1000).mean == pytest.approx(ssim(images[i], images[j]).mean().item())


def test_pair_ssim_repeats_with_its_seed():
    images = noise((40, 1, 8, 8))
    assert pair_ssim(images, 20, seed=3) == pair_ssim(images, 20, seed=3)
    assert pair_ssim(images, 20, seed=3) != pair_ssim(images, 20, seed=4)


@pytest.mark.parametrize(
    ("real", "fake", "error", "message"),
    [
        (noise((2, 1, 8, 8)), noise((3, 1, 8, 8)), ValueError, r"fake has shape \(3, 1, 8, 8\) where real has \(2,"),
        (noise((2, 8, 8)), noise((2, 8, 8)), ValueError, r"real must be images .* shape \(2, 8, 8\)"),
        (noise((0, 1, 8, 8)), noise((0, 1, 8, 8)), ValueError, "real must be images"),
        (noise((2, 1, 8, 8)), noise((2, 1, 8, 8)) / 255, TypeError, "fake must be uint8 images"),
    ],
)
def test_bad_images_are_named(real, fake, error, message):
    with pytest.raises(error, match=message):
        ssim(real, fake)


def test_one_image_makes_no_pair():
    with pytest.raises(ValueError, match="at least 2 to make a pair"):
        pair_ssim(noise((1, 1, 8, 8)))


def test_nearest_real_wants_images_of_one_shape():
    with pytest.raises(ValueError, match=r"fake has images of \(3, 8, 8\) where real has \(1, 8, 8\)"):
        nearest_real(noise((2, 1, 8, 8)), noise((2, 3, 8, 8)))


@pytest.mark.gpu
@pytest.mark.parametrize("score", [mse, psnr, bce, ssim])
def test_cuda_gives_the_same_answer(score):
    real, fake = torch.from_numpy(noise((9, 3, 32, 32))), torch.from_numpy(noise((9, 3, 32, 32), 1))
    torch.testing.assert_close(score(real.cuda(), fake.cuda()).cpu(), score(real, fake), rtol=1e-10, atol=1e-12)
