"""The resizers of published FID protocols, equal to their references and faster.

Scores move by whole points between conventions (Parmar et al. 2022, arXiv 2104.11222), so each is reproduced:

- `clean`: PIL's bicubic (a = -1/2) with antialiasing, on float channels, clipped to [0, 255], as clean-fid;
- `legacy-tf`: TensorFlow 1's bilinear without half-pixel centres or antialiasing, as torch-fidelity;
- `legacy-torch`: `interpolate(mode="bilinear", align_corners=False)`, no antialiasing, as pytorch-fid.

Resizing is separable: an image X (h, w) becomes A X B', where A and B depend on the sizes alone. Small images
are resized by these two matrix products, with A and B kept; large ones, where A is mostly zeros, by torch's kernels.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from genharness.functional.parallel import full_precision

__all__ = ["RESIZES", "resize"]

Weights = NDArray[np.float64]


_DENSE_SIDE = 64
"""Up to this many pixels a side, two dense products are faster than torch's kernels (benchmarks/bench_resize.py)."""


def resize(images: Tensor, size: int | tuple[int, int], convention: str) -> Tensor:
    """Return images of another size, by the convention of a published protocol; no gradient flows through.

    Args:
        images: `(n, c, h, w)` uint8, or float in [0, 255].
        size: Output side in pixels, or `(height, width)`.
        convention: `clean`, `legacy-tf` or `legacy-torch`.

    Returns:
        `(n, c, height, width)` float32 in [0, 255], not rounded, on the device of `images`; `images` itself
        where it is float32 of that size already.

    Raises:
        ValueError: If `images` is not 4-D or empty, or a size or `convention` is unknown.
    """
    new = (size, size) if isinstance(size, int) else size
    _check(images, new, convention)
    images, old = images.float(), (images.shape[2], images.shape[3])
    if old == new:
        return images
    with full_precision(images.device):
        resized = (_by_products if max(old) <= _DENSE_SIDE else _by_kernels)(images, new, convention)
    return resized.clamp_(0, 255) if convention == "clean" else resized


def _by_products(images: Tensor, size: tuple[int, int], convention: str) -> Tensor:
    n, channels, height, width = images.shape
    across = _matrix(convention, width, size[1], images.device)
    down = _matrix(convention, height, size[0], images.device)
    wide = images.reshape(n * channels, height, width) @ across.T  # (n c, height, new width)
    return torch.bmm(down.expand(n * channels, -1, -1), wide).view(n, channels, *size)


def _by_kernels(images: Tensor, size: tuple[int, int], convention: str) -> Tensor:
    if convention == "clean":
        return F.interpolate(images, size, mode="bicubic", antialias=True)
    if convention == "legacy-torch":
        return F.interpolate(images, size, mode="bilinear", align_corners=False)
    # One repeated edge pixel and one more output pixel turn aligned corners, which read output pixel i at
    # i * (old - 1) / (new - 1), into TensorFlow's i * old / new.
    padded = F.pad(images, (0, 1, 0, 1), mode="replicate")
    larger = (size[0] + 1, size[1] + 1)
    return F.interpolate(padded, larger, mode="bilinear", align_corners=True)[:, :, :-1, :-1]


def _check(images: Tensor, size: tuple[int, int], convention: str) -> None:
    if images.ndim != 4 or images.numel() == 0:
        raise ValueError(f"images must be (n, c, h, w) and not empty, not {tuple(images.shape)}")
    if min(size) < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size[0]}x{size[1]}")
    if convention not in RESIZES:
        raise ValueError(f"convention must be one of {', '.join(RESIZES)}, not {convention!r}")


@functools.lru_cache(maxsize=64)
def _matrix(convention: str, old: int, new: int, device: torch.device) -> Tensor:
    """Return the `(new, old)` float32 matrix that resizes one axis."""
    return torch.from_numpy(_CONVENTIONS[convention](old, new).astype(np.float32)).to(device)


def _clean(old: int, new: int) -> Weights:
    """PIL: the bicubic kernel, widened by the scale when shrinking, cut at the edges and normalised."""
    if old == new:
        return np.eye(new)
    scale = old / new
    stretch = max(scale, 1.0)
    centres = (np.arange(new)[:, None] + 0.5) * scale
    pixels = np.arange(old)[None, :]
    first = np.trunc(np.maximum(centres - 2 * stretch + 0.5, 0))
    after = np.trunc(np.minimum(centres + 2 * stretch + 0.5, old))
    weights = _bicubic((pixels - centres + 0.5) / stretch) * ((pixels >= first) & (pixels < after))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _bicubic(x: Weights) -> Weights:
    """Keys 1981 (doi 10.1109/TASSP.1981.1163711), equation 4, a = -1/2."""
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _legacy_tf(old: int, new: int) -> Weights:
    """TensorFlow 1: output pixel i reads at i * scale, computed in float32."""
    return _bilinear(np.arange(new, dtype=np.float32) * np.float32(old / new), old)


def _legacy_torch(old: int, new: int) -> Weights:
    """PyTorch: half-pixel centres, the same two neighbours whatever the scale."""
    scale = np.float32(old) / np.float32(new)
    positions = scale * (np.arange(new, dtype=np.float32) + np.float32(0.5)) - np.float32(0.5)
    return _bilinear(np.maximum(positions, np.float32(0)), old)


def _bilinear(positions: NDArray[np.float32], old: int) -> Weights:
    """Return the weights of the pixels before and after each position; the last pixel has no neighbour."""
    before = np.minimum(positions.astype(np.int64), old - 1)
    after = np.minimum(before + 1, old - 1)
    fraction = positions - before.astype(np.float32)
    weights = np.zeros((len(positions), old))
    rows = np.arange(len(positions))
    np.add.at(weights, (rows, before), 1 - fraction)
    np.add.at(weights, (rows, after), fraction)
    return weights


_CONVENTIONS: dict[str, Callable[[int, int], Weights]] = {
    "clean": _clean,
    "legacy-tf": _legacy_tf,
    "legacy-torch": _legacy_torch,
}
RESIZES = tuple(_CONVENTIONS)
"""The conventions by name."""
