"""DiffAugment: Zhao et al. 2020, Differentiable Augmentation for Data-Efficient GAN Training (arXiv:2006.10738).

The discriminator sees real and generated images through the same random transformations, in its own step and in the
generator's, so that it cannot learn a small dataset by heart and the generator learns nothing of the transformations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

__all__ = ["TRANSFORMATIONS", "diff_augment"]


def diff_augment(images: Tensor, names: Sequence[str]) -> Tensor:
    """Return every image changed at random, by torch's global generator; gradients flow through all of it.

    Args:
        images: `(n, c, h, w)` in [-1, 1].
        names: Keys of `TRANSFORMATIONS`, in any order; none returns the images themselves.
    """
    for name, transform in TRANSFORMATIONS.items():
        if name in names:
            images = transform(images)
    return images


def _colour(x: Tensor) -> Tensor:
    """Shift brightness by up to a half, and scale saturation by [0, 2] and contrast by [1/2, 3/2]."""
    x = x + (_uniform(x) - 0.5)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (2 * _uniform(x))
    middle = x.mean((1, 2, 3), keepdim=True)
    return middle + (x - middle) * (_uniform(x) + 0.5)


def _translation(x: Tensor) -> Tensor:
    """Shift by whole pixels, up to an eighth of the side each way; what comes in is 0."""
    for dim in (2, 3):
        x = _shifted(x, dim, _whole(x, -_eighth(x.shape[dim]), _eighth(x.shape[dim])))
    return x


def _eighth(side: int) -> int:
    return int(side / 8 + 0.5)


def _shifted(x: Tensor, dim: int, by: Tensor) -> Tensor:
    """Return x whose image i is moved along `dim` by `by[i]` pixels."""
    side = x.shape[dim]
    source = torch.arange(side, device=x.device) - by[:, None]  # (n, side)
    known = ((source >= 0) & (source < side)).to(x.dtype)
    shape = (len(x), 1, side, 1) if dim == 2 else (len(x), 1, 1, side)
    index = source.clamp(0, side - 1).view(shape).expand_as(x)
    return x.gather(dim, index) * known.view(shape)


def _cutout(x: Tensor) -> Tensor:
    """Set a square of half the side to 0; its centre is anywhere, so that part of it may lie outside."""
    hidden = torch.ones((), dtype=torch.bool, device=x.device)
    for dim in (2, 3):
        side = x.shape[dim]
        size = int(side * 0.5 + 0.5)
        first = _whole(x, 0, side - size % 2) - size // 2
        place = torch.arange(side, device=x.device) - first[:, None]
        inside = (place >= 0) & (place < size)
        hidden = hidden & inside.view((-1, 1, side, 1) if dim == 2 else (-1, 1, 1, side))
    return x.masked_fill(hidden, 0.0)


def _uniform(x: Tensor) -> Tensor:
    return torch.rand(len(x), 1, 1, 1, device=x.device, dtype=x.dtype)


def _whole(x: Tensor, low: int, high: int) -> Tensor:
    return torch.randint(low, high + 1, (len(x),), device=x.device)


TRANSFORMATIONS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "colour": _colour,
    "translation": _translation,
    "cutout": _cutout,
}
"""The three of the paper, in its order."""
