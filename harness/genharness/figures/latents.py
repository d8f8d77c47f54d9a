"""Latent codes of held-out samples in a plane, and the model's prior among them: a figure's data, and its file."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.figures.maps import principal_axes
from genharness.files.atomic import replace_file

__all__ = ["Ellipses", "LatentMap", "ellipse_outline", "latent_map", "read_latents", "write_latents"]

Array = NDArray[np.float64]
_MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Ellipses:
    """Gaussians in the space of codes, or in a plane of it.

    Attributes:
        means: `(k, d)`.
        covariances: `(k, d, d)`.
    """

    means: Array
    covariances: Array


@dataclass(frozen=True, slots=True)
class LatentMap:
    """Codes in a plane.

    Attributes:
        codes: Codes of held-out samples `(n, 2)`.
        labels: Their classes `(n,)`, or None.
        prior: The Gaussians that codes are drawn from, as they lie in the plane.
        share: Share of the codes' variance that the plane holds, in [0, 1]; 1 for codes of two dimensions.
    """

    codes: Array
    labels: NDArray[np.int64] | None
    prior: Ellipses
    share: float


def latent_map(codes: Array, labels: NDArray[np.int64] | None, prior: Ellipses) -> LatentMap:
    """Return codes as they are where they have two dimensions, else on their first two principal axes.

    A Gaussian on axes is one again: mean and covariance go the way of the codes.

    Args:
        codes: Codes `(n, d)`, n and d at least 2.
        labels: Their classes `(n,)`, or None.
        prior: What codes are drawn from, of d dimensions.

    Example:
        >>> codes = np.array([[0.0, 0, 0], [4, 0, 0], [0, 2, 0], [4, 2, 0]])
        >>> found = latent_map(codes, None, Ellipses(np.zeros((1, 3)), np.eye(3)[None]))
        >>> found.codes[1].round(6).tolist(), found.prior.means[0].round(6).tolist(), round(found.share, 6)
        ([2.0, -1.0], [-2.0, -1.0], 1.0)
    """
    width = codes.shape[1]
    if width == 2:
        return LatentMap(codes.astype(np.float64), labels, prior, 1.0)
    corners = np.concatenate([np.zeros((1, width)), np.eye(width)])
    (placed, moved), share = principal_axes([codes.astype(np.float64), corners])
    origin, axes = moved[0], moved[1:] - moved[0]  # where the axes of codes point in the plane
    means = origin + prior.means @ axes
    covariances = axes.T @ prior.covariances @ axes
    return LatentMap(placed, labels, Ellipses(means, covariances), share)


def ellipse_outline(mean: Array, covariance: Array, *, deviations: float = 2.0, points: int = 48) -> Array:
    """Return points `(points, 2)` around a Gaussian in a plane, so many standard deviations from its mean."""
    strengths, directions = np.linalg.eigh((covariance + covariance.T) / 2)
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    outline: Array = mean + deviations * (circle * np.sqrt(np.maximum(strengths, 0.0))) @ directions.T
    return outline


def write_latents(path: Path, found: LatentMap) -> None:
    """Write a map, whole or not at all.

    Raises:
        OSError: If the file cannot be written.
    """
    arrays: dict[str, Any] = {
        "codes": found.codes.astype(np.float32),
        "means": found.prior.means.astype(np.float32),
        "covariances": found.prior.covariances.astype(np.float32),
        "share": np.float64(found.share),
        **({} if found.labels is None else {"labels": found.labels}),
    }
    with replace_file(path) as temporary:
        np.savez(temporary, **arrays)


def read_latents(path: Path) -> LatentMap | None:
    """Return the map of a file; None where there is none, or it is damaged."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            codes, means, covariances = (arrays[name].astype(np.float64) for name in ("codes", "means", "covariances"))
            share, labels = float(arrays["share"]), arrays.get("labels")
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
        return None
    fits = codes.ndim == 2 and codes.shape[1:] == (2,) and len(codes) >= 2 and means.shape == (len(means), 2)
    fits = fits and covariances.shape == (len(means), 2, 2)
    fits = fits and (labels is None or (labels.shape == codes.shape[:1] and np.issubdtype(labels.dtype, np.integer)))
    if not fits or not all(np.isfinite(one).all() for one in (codes, means, covariances, np.array(share))):
        return None
    return LatentMap(codes, None if labels is None else labels.astype(np.int64), Ellipses(means, covariances), share)
