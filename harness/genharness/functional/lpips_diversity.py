"""Mean perceptual distance between random pairs of generated images: how different they look from each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_images, check_whole
from genharness.functional.pairs import PairMean, Pairs, pair_mean, random_pairs, random_pairs_within

__all__ = ["Distance", "LpipsDiversity", "lpips_diversity"]

Distance = Callable[[Tensor, Tensor], Tensor]
"""Takes two batches `(b, 3, h, w)` float32 in -1..1 and returns `(b,)` or `(b, 1, 1, 1)`, as `lpips.LPIPS` does."""


@dataclass(frozen=True, slots=True)
class LpipsDiversity:
    """Mean distances of pairs.

    Attributes:
        overall: Over all images, at least 0; 0 for a generator that has collapsed to one image.
        within_class: The mean over classes of the mean within each, or None without labels: near 0 where a
            conditional generator knows one image a class, though `overall` is large.
        pairs: How many pairs `overall` is the mean of.
        error: Standard error of `overall` over other images.
        within_class_error: That of `within_class`.
    """

    overall: float
    within_class: float | None
    pairs: int
    error: float
    within_class_error: float | None


def lpips_diversity(
    images: ArrayLike,
    distance: Distance,
    *,
    labels: NDArray[Any] | None = None,
    pairs: int = 1000,
    seed: int = 0,
    batch: int = 32,
    device: torch.device | str | None = None,
) -> LpipsDiversity:
    """Return the mean distance over random pairs of images, without repeats.

    Args:
        images: `(n, c, h, w)` uint8, n at least 2; grey images (c = 1) are shown to `distance` in three channels.
        distance: A perceptual distance, such as `lpips.LPIPS(net="alex")`; it is called without gradients.
        labels: Class of every image `(n,)`.
        pairs: How many pairs; all of them where there are fewer. As many again are drawn within classes.
        seed: Seed of the draws.
        batch: Pairs a call.
        device: Where `distance` works; that of `images` where None.

    Raises:
        ValueError: There is one image, `images` is not `(n, 1 or 3, h, w)`, labels differ in number or pair no two
            images, or `distance` returns other than one number a pair.
        TypeError: `images` is not uint8.

    Example:
        >>> images = np.repeat(np.array([0, 255], np.uint8), 2)[:, None, None, None] * np.ones((1, 8, 8), np.uint8)
        >>> found = lpips_diversity(images, lambda a, b: (a - b).abs().mean((1, 2, 3)), labels=np.array([0, 0, 1, 1]))
        >>> found.pairs, round(found.overall, 4), found.within_class  # 4 of 6 pairs differ, by 2; classes do not
        (6, 1.3333, 0.0)
    """
    given = as_images(images, "images")
    if given.shape[1] not in (1, 3):
        raise ValueError(f"images must have 1 or 3 channels, not {given.shape[1]}")
    if len(given) < 2:
        raise NotDefinedError("images must be at least 2 to make a pair, not 1")
    check_whole(pairs, "pairs")
    measure = _PairDistance(given, distance, check_whole(batch, "batch"), torch.device(device or given.device))
    found = measure.mean(random_pairs(len(given), pairs, np.random.default_rng([seed, 0])))
    within = (None, None) if labels is None else _within_classes(measure, labels, pairs, seed)
    return LpipsDiversity(found.mean, within[0], found.pairs, found.error, within[1])


def _within_classes(measure: _PairDistance, labels: NDArray[Any], pairs: int, seed: int) -> tuple[float, float]:
    if np.shape(labels) != (len(measure.images),):
        raise ValueError(f"labels must be ({len(measure.images)},), not of shape {np.shape(labels)}")
    classes = random_pairs_within(labels, pairs, np.random.default_rng([seed, 1]))
    found = [measure.mean(drawn) for drawn in classes]
    error = float(np.sqrt(np.square([one.error for one in found]).sum())) / len(found)
    return float(np.mean([one.mean for one in found])), error


@dataclass(frozen=True, slots=True)
class _PairDistance:
    images: Tensor
    distance: Distance
    batch: int
    device: torch.device

    def mean(self, drawn: Pairs) -> PairMean:
        """Return the mean distance of pairs, in float64."""
        i, j = (torch.from_numpy(side).to(self.images.device) for side in drawn)
        parts = []
        with torch.no_grad():
            for a, b in zip(i.split(self.batch), j.split(self.batch), strict=True):
                found = self.distance(self._shown(a), self._shown(b))
                if found.numel() != len(a):
                    raise ValueError(f"distance must return one number a pair, not {tuple(found.shape)} for {len(a)}")
                parts.append(found.double().flatten().cpu())
        return pair_mean(torch.cat(parts).numpy(), drawn)

    def _shown(self, index: Tensor) -> Tensor:
        shown = self.images[index].to(self.device, torch.float32) / 127.5 - 1
        return shown.expand(-1, 3, -1, -1)
