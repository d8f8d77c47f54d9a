"""How alike two images are: mean squared error, PSNR, binary cross-entropy and SSIM of uint8 images.

Images are `(n, c, h, w)` uint8; grey levels are divided by 255, so that all is on the scale 0..1 with a data range of
1. Every function returns one float64 number an image.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_images, check_whole
from genharness.functional.pairs import PairMean, pair_mean, random_pairs
from genharness.functional.parallel import full_precision
from genharness.functional.prdc import nearest

__all__ = ["NearestReal", "bce", "mse", "nearest_real", "pair_ssim", "psnr", "ssim"]

_BATCH_VALUES = 2**19
_SIGMA = 1.5  # of the Gaussian window, as Wang et al. (2004)
_RADIUS = 5  # of the 11 x 11 window
_C1, _C2 = 0.01**2, 0.03**2  # (K L)^2 for a data range L of 1
_LOG_FLOOR = -100.0  # as torch.nn.BCELoss


def mse(real: ArrayLike, fake: ArrayLike) -> Tensor:
    """Return the mean squared error of each image, float64 `(n,)` in 0..1.

    Args:
        real: Images `(n, c, h, w)` uint8.
        fake: As many of the same shape.

    Raises:
        ValueError: The shapes differ, are not those of images, or are empty.
        TypeError: An argument is not uint8.

    Example:
        >>> black, grey = np.zeros((2, 3, 8, 8), np.uint8), np.full((2, 3, 8, 8), 51, np.uint8)
        >>> mse(black, grey)  # (51 / 255)^2
        tensor([0.0400, 0.0400], dtype=torch.float64)
    """
    return _in_batches(lambda a, b: (a - b).square().flatten(1).mean(1), real, fake)


def psnr(real: ArrayLike, fake: ArrayLike) -> Tensor:
    """Return the peak signal-to-noise ratio of each image in decibels, -10 log10(MSE), float64 `(n,)`.

    At least 0, and infinite for equal images. Arguments and errors are those of `mse`.

    Example:
        >>> black, white = np.zeros((1, 3, 8, 8), np.uint8), np.full((1, 3, 8, 8), 255, np.uint8)
        >>> psnr(black, white).abs().item(), psnr(white, white).item()
        (0.0, inf)
    """
    return _decibels(mse(real, fake))


def _decibels(error: Tensor) -> Tensor:
    return -10 * torch.log10(error)


def bce(real: ArrayLike, fake: ArrayLike) -> Tensor:
    """Return the mean binary cross-entropy of each image in nats a value, float64 `(n,)`.

    -(x log y + (1 - x) log(1 - y)) for real x and fake y in 0..1; logarithms are held above -100, as in
    `torch.nn.BCELoss`, so that the result lies in 0..100. Arguments and errors are those of `mse`.

    Example:
        >>> black, white = np.zeros((1, 3, 8, 8), np.uint8), np.full((1, 3, 8, 8), 255, np.uint8)
        >>> bce(white, white).abs().item(), bce(white, black).item()
        (0.0, 100.0)
    """
    return _in_batches(_cross_entropy, real, fake)


def _cross_entropy(real: Tensor, fake: Tensor) -> Tensor:
    on, off = (part.log().clamp(min=_LOG_FLOOR) for part in (fake, 1 - fake))
    return -(real * on + (1 - real) * off).flatten(1).mean(1)


def ssim(real: ArrayLike, fake: ArrayLike) -> Tensor:
    """Return the structural similarity of each image (Wang et al. 2004), float64 `(n,)` in -1..1.

    Local means, variances and covariance are taken under a Gaussian window of sigma 1.5 and radius 5, images mirrored
    at their edges, K1 = .01, K2 = .03, averaged over pixels and channels, as torchmetrics does by default. Mirroring
    needs more pixels than the radius: on a side of 5 or less the window's radius is that side less 1, and its weights
    are normalised again. Arguments and errors are those of `mse`.

    Example:
        >>> noise = np.random.default_rng(0).integers(0, 256, (2, 1, 16, 16), np.uint8)
        >>> ssim(noise, noise).round(decimals=6)
        tensor([1., 1.], dtype=torch.float64)
        >>> bool((ssim(noise, noise[::-1]) < 0.5).all())
        True
    """
    return _in_batches(_structural_similarity, real, fake)


def _structural_similarity(real: Tensor, fake: Tensor) -> Tensor:
    rows, columns = (_blur_matrix(side).to(real.device) for side in real.shape[-2:])
    moments = torch.stack([real, fake, real * real, fake * fake, real * fake])
    mean_a, mean_b, square_a, square_b, product = rows @ moments @ columns.T
    variances = (square_a - mean_a**2).clamp(min=0) + (square_b - mean_b**2).clamp(min=0)
    luminance = (2 * mean_a * mean_b + _C1) / (mean_a**2 + mean_b**2 + _C1)
    structure = (2 * (product - mean_a * mean_b) + _C2) / (variances + _C2)
    similarity: Tensor = luminance * structure
    return similarity.flatten(1).mean(1)


@lru_cache(maxsize=16)
def _blur_matrix(side: int) -> Tensor:
    """Return the mirrored Gaussian window as a float64 matrix `(side, side)` that blurs one axis."""
    radius = min(_RADIUS, side - 1)
    offsets = torch.arange(-radius, radius + 1)
    weights = torch.exp(-(offsets.double() ** 2) / (2 * _SIGMA**2))
    reached = (torch.arange(side)[:, None] + offsets).abs()
    mirrored = torch.minimum(reached, 2 * (side - 1) - reached)
    matrix = torch.zeros(side, side, dtype=torch.float64)
    return matrix.scatter_add_(1, mirrored, (weights / weights.sum()).expand(side, -1))


def _in_batches(score: Callable[[Tensor, Tensor], Tensor], real: ArrayLike, fake: ArrayLike) -> Tensor:
    reals, fakes = as_images(real, "real"), as_images(fake, "fake")
    if reals.shape != fakes.shape:
        raise ValueError(f"fake has shape {tuple(fakes.shape)} where real has {tuple(reals.shape)}")
    size = max(1, _BATCH_VALUES // reals[0].numel())
    with full_precision(reals.device):
        parts = zip(reals.split(size), fakes.split(size), strict=True)
        return torch.cat([score(a.double() / 255, b.double() / 255) for a, b in parts])


@dataclass(frozen=True, slots=True)
class NearestReal:
    """Every fake beside the real image that is nearest in mean squared error.

    Attributes:
        index: Int64 `(m,)` indices into the reals.
        psnr: Float64 `(m,)` in decibels: the highest of any real; infinite for copies.
        ssim: Float64 `(m,)` with that same real.
    """

    index: Tensor
    psnr: Tensor
    ssim: Tensor


def nearest_real(real: ArrayLike, fake: ArrayLike) -> NearestReal:
    """Find the real image nearest to every fake in mean squared error, and how alike the two are.

    Args:
        real: Images `(n, c, h, w)` uint8.
        fake: Images `(m, c, h, w)` uint8.

    Raises:
        ValueError: The images differ in shape, are not `(n, c, h, w)`, or are empty.
        TypeError: An argument is not uint8.

    Example:
        >>> real = np.stack([np.full((1, 4, 4), level, np.uint8) for level in (0, 100, 200)])  # (n, c, h, w)
        >>> found = nearest_real(real, real[[2]])
        >>> found.index, found.psnr
        (tensor([2]), tensor([inf], dtype=torch.float64))
    """
    reals, fakes = as_images(real, "real"), as_images(fake, "fake")
    if reals.shape[1:] != fakes.shape[1:]:
        raise ValueError(f"fake has images of {tuple(fakes.shape[1:])} where real has {tuple(reals.shape[1:])}")
    distances, indices = nearest(fakes.flatten(1).float(), reals.flatten(1).float())
    error, index = (distances[:, 0] / 255) ** 2 / fakes[0].numel(), indices[:, 0]
    return NearestReal(index, _decibels(error), ssim(reals[index], fakes))


def pair_ssim(images: ArrayLike, pairs: int = 1000, seed: int = 0) -> PairMean:
    """Return the mean SSIM over random pairs of images, without repeats: near 1 for a collapsed generator.

    Args:
        images: `(n, c, h, w)` uint8, n at least 2.
        pairs: How many pairs; all of them where there are fewer.
        seed: Seed of the draw.

    Returns:
        A mean in -1..1, and its error.

    Raises:
        ValueError: There is one image, or `images` is not `(n, c, h, w)` or empty.
        TypeError: `images` is not uint8.

    Example:
        >>> pair_ssim(np.zeros((5, 1, 16, 16), np.uint8))  # one image five times
        PairMean(mean=1.0, error=0.0, pairs=10)
    """
    given = as_images(images, "images")
    if len(given) < 2:
        raise NotDefinedError("images must be at least 2 to make a pair, not 1")
    drawn = random_pairs(len(given), check_whole(pairs, "pairs"), np.random.default_rng(seed))
    i, j = (torch.from_numpy(side).to(given.device) for side in drawn)
    size = max(1, _BATCH_VALUES // given[0].numel())
    values = torch.cat([ssim(given[a], given[b]) for a, b in zip(i.split(size), j.split(size), strict=True)])
    return pair_mean(values.cpu().numpy(), drawn)
