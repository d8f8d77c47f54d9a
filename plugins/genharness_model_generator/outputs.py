"""What strangers' generators give, as images in [-1, 1] `(n, c, h, w)` or rows `(n, d)`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from genharness import DataShape, RunError

__all__ = ["Outputs", "Range", "only_tensor"]

Range = Literal["symmetric", "unit", "bytes"]

_TOLERANCE = 1e-3
"""How far outside its range rounding may put a pixel, as a share of half the range."""

_BOUNDS: Mapping[Range, tuple[float, float]] = {"symmetric": (-1.0, 1.0), "unit": (0.0, 1.0), "bytes": (0.0, 255.0)}
_SAY = "say which with --set generator.range=symmetric ([-1, 1]), unit ([0, 1]) or bytes (0 to 255)"


def only_tensor(given: Any, who: str) -> Tensor:
    """Return the one tensor of real numbers that a generator gave, out of a tuple, list, dictionary or array.

    Raises:
        RunError: If there is none, or more than one, or it is complex, or not laid out number by number.
    """
    if isinstance(given, np.ndarray):
        if given.dtype.kind not in "biufc":
            raise RunError(f"{who} gives an array of {given.dtype}: it must give numbers")
        return only_tensor(torch.from_numpy(given), who)
    if isinstance(given, Tensor):
        _refuse_unreadable(given, who)
        return given
    parts = (
        list(given.values()) if isinstance(given, Mapping) else list(given) if isinstance(given, (tuple, list)) else []
    )
    if len(parts) == 1:
        return only_tensor(parts[0], who)
    found = f"{len(parts)} things" if parts else type(given).__name__
    raise RunError(f"{who} gives {found}: it must give one tensor, the samples; wrap or export it so")


def _refuse_unreadable(samples: Tensor, who: str) -> None:
    if samples.is_complex():
        raise RunError(
            f"{who} gives complex numbers, and samples are real ones: let it give their .real, their .abs(), or both "
            "parts as channels"
        )
    if samples.is_quantized or samples.is_meta or samples.layout != torch.strided:
        kind = "quantised" if samples.is_quantized else "meta" if samples.is_meta else "sparse"
        way = {"quantised": ".dequantize()", "sparse": ".to_dense()"}.get(kind, "one that holds numbers")
        raise RunError(f"{who} gives a {kind} tensor: let it give {way}")
    if samples.dim() == 0:
        raise RunError(f"{who} gives one number: it must give one tensor, a sample for each latent")


@dataclass(frozen=True)
class Outputs:
    """How a generator's outputs are read.

    Attributes:
        data: What they must be.
        who: The generator, for messages.
        bounds: Range of its images; None where it is seen to be what the images are in.
        cut: Whether values outside are cut off, since the range was said; else they are refused.
    """

    data: DataShape
    who: str
    bounds: Range
    cut: bool

    @classmethod
    def seen(cls, samples: Tensor, data: DataShape, who: str) -> Outputs:
        """Return how outputs are read that look like these.

        Raises:
            RunError: If the samples fit nothing; the message says what to do.
        """
        placed = placed_as(samples, data, who)
        if data.modality != "image":
            return cls(data, who, "symmetric", cut=False)
        if samples.dtype == torch.uint8:
            return cls(data, who, "bytes", cut=False)
        return cls(data, who, _range_of(placed, who), cut=False)

    def read(self, samples: Tensor) -> Tensor:
        """Return samples as models give them: float32, images in [-1, 1].

        Raises:
            RunError: If shape, a value or the range is wrong; the message says what to do.
        """
        placed = placed_as(samples, self.data, self.who)
        if self.data.modality != "image":
            return placed
        low, high = _BOUNDS[self.bounds]
        slack = _TOLERANCE * (high - low) / 2
        if not self.cut and (float(placed.min()) < low - slack or float(placed.max()) > high + slack):
            found = f"[{float(placed.min()):.4g}, {float(placed.max()):.4g}]"
            raise RunError(f"{self.who} gave values in {found} after others in [{low:g}, {high:g}]: {_SAY}")
        return (placed.clamp(low, high) - low) * (2 / (high - low)) - 1


def placed_as(samples: Tensor, data: DataShape, who: str) -> Tensor:
    """Return samples as float32 `(n, ...)` in the shape of the data: channels first, flat images unfolded.

    Raises:
        RunError: If they cannot be brought to it, or hold NaN or infinite values.
    """
    shape, want = tuple(samples.shape[1:]), data.shape
    samples = samples.detach().float()  # first: torch asks no float8 and no uint16 whether it is finite
    if not bool(torch.isfinite(samples).all()):
        raise RunError(f"{who} gave NaN or infinite values: check its weights, --latent and --precision")
    if shape == want:
        return samples
    if data.modality == "image":
        channels, height, width = want
        if shape == (height, width, channels):
            return samples.permute(0, 3, 1, 2)
        if shape == (math.prod(want),) or (channels == 1 and shape == (height, width)):
            return samples.reshape(-1, *want)
    raise RunError(f"{who} gives {_words(shape)} a sample, and the data has {_words(want)}: {_way_out(shape, data)}")


def _words(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "one number"


def _way_out(shape: tuple[int, ...], data: DataShape) -> str:
    if data.modality == "image" and len(shape) == 3:
        channels, height, width = shape if shape[0] in (1, 3) else (shape[2], *shape[:2])
        if channels != data.channels:
            return f"compare with a dataset of {channels} channel{'s' if channels > 1 else ''}"
        if height == width:
            return f"compare with the dataset at that size, such as NAME@{height}"
    return "compare with a dataset of that shape, or export the generator with an output of this one"


def _range_of(images: Tensor, who: str) -> Range:
    low, high = float(images.min()), float(images.max())
    if -1 - _TOLERANCE <= low < -_TOLERANCE and high <= 1 + _TOLERANCE:
        return "symmetric"
    if low >= -_TOLERANCE and high <= 1 + _TOLERANCE:
        return "unit"
    if low >= 0 and 1 < high <= 255:
        return "bytes"
    raise RunError(f"{who} gives values in [{low:.4g}, {high:.4g}], which is no range of images: {_SAY}")
