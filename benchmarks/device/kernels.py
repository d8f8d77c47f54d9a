"""The mathematics of metrics on a device, beside the same in float64 on the CPU."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import astuple

import torch
from torch import Tensor

from genharness.engine.costs.clock import synchronise
from genharness.functional.frechet import frechet_distance
from genharness.functional.kid import kid
from genharness.functional.mind import mind
from genharness.functional.neighbours.clipped import clipped
from genharness.functional.prdc import prdc

PROBED = 1000
"""Rows whose time on the CPU tells how many are affordable there."""

REFERENCE_SECONDS = 15.0
"""How long the CPU may take, about."""

FACTORS = 24
"""Dimensions of the manifold that the features lie on; with as many as columns, all scores would be 0 or 1."""

KERNELS: dict[str, tuple[Callable[[Tensor, Tensor], tuple[float, ...]], float]] = {
    "frechet": (lambda real, fake: (frechet_distance(real, fake),), 1e-6),
    "prdc": (lambda real, fake: astuple(prdc(real, fake)), 1e-6),
    "clipped": (lambda real, fake: astuple(clipped(real, fake)), 1e-6),
    "kid": (lambda real, fake: astuple(kid(real, fake, subset_size=min(1000, len(real))))[:2], 1e-3),
    "mind": (lambda real, fake: (mind(real, fake),), 1e-4),
}
"""For each its scores, and by how much they may differ, relatively."""


def features(rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """Return float32 features of two sets, at least 0 as those of Inception are."""
    generator = torch.Generator().manual_seed(0)
    mixing = torch.randn(FACTORS, columns, generator=generator) / FACTORS**0.5
    real, fake = (torch.randn(rows, FACTORS, generator=generator) for _ in range(2))
    return (real @ mixing).relu(), (0.9 * fake @ mixing + 0.05).relu()


def beside_float64(kernel: str, rows: int, columns: int, device: str, small: bool) -> dict[str, float]:
    """Time a kernel on the device, and compare its scores over as many rows as the CPU can do in float64 in time.

    Raises:
        ValueError: If the scores differ.
    """
    scores, tolerance = KERNELS[kernel]
    place = torch.device(device)
    real, fake = features(rows, columns)
    on_device = real.to(place), fake.to(place)
    seconds, values = _timed(scores, *on_device, place)
    seconds = seconds if small else min(seconds, _timed(scores, *on_device, place)[0])
    compared = rows if small else _affordable(scores, real, fake)
    if compared < rows:
        values = scores(*(one[:compared] for one in on_device))
    cpu_seconds, exact = _timed(scores, real[:compared].double(), fake[:compared].double(), torch.device("cpu"))
    difference = max(abs(a - b) / max(abs(b), 1e-12) if a != b else 0.0 for a, b in zip(values, exact, strict=True))
    if not difference <= tolerance:
        raise ValueError(f"{kernel} of {compared} rows is {values} on {device}, {exact} in float64 on the CPU")
    return {
        "seconds": seconds,
        "difference": difference,
        "compared_rows": float(compared),
        "cpu_float64_seconds": cpu_seconds,
    }


def _timed(
    scores: Callable[[Tensor, Tensor], tuple[float, ...]], real: Tensor, fake: Tensor, place: torch.device
) -> tuple[float, tuple[float, ...]]:
    synchronise(place)
    start = time.perf_counter()
    values = scores(real, fake)
    synchronise(place)
    return time.perf_counter() - start, values


def _affordable(scores: Callable[[Tensor, Tensor], tuple[float, ...]], real: Tensor, fake: Tensor) -> int:
    """Return the rows that the CPU can compare in time; distances grow with the square of the rows."""
    probed = min(PROBED, len(real))
    seconds, _ = _timed(scores, real[:probed].double(), fake[:probed].double(), torch.device("cpu"))
    return min(len(real), int(probed * math.sqrt(max(1.0, REFERENCE_SECONDS / seconds))))
