"""The memorisation distance of MiFID: how far generated rows point from the nearest training rows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width
from genharness.functional.parallel import full_precision, side_by_side

__all__ = ["THRESHOLD", "mifid", "nearest_cosines"]

THRESHOLD = 0.1
"""Memorisation distance below which Bai et al. take a model to memorise, over Inception's pool features."""

_ROWS = 1024


def nearest_cosines(base: ArrayLike, rows: ArrayLike) -> NDArray[np.float64]:
    """Return the smallest cosine distance of each row to the base, 1 - |cos|, in 0..1.

    Bai et al. 2021, "On Training Sample Memorization", section 4.1. Their mean over generated rows is the memorisation
    distance; torchmetrics takes that over real rows. Rows of zeros have no direction and are left out on both sides.

    Args:
        base: Features of training rows, `(n, d)`.
        rows: Features of generated rows, `(m, d)`.

    Returns:
        Of every row that is not zero, float64.

    Raises:
        ValueError: An argument is not a matrix or not finite, they differ in columns or device, or all rows are zero.

    Example:
        >>> nearest_cosines(np.eye(2), np.array([[3.0, 0.0], [0.0, 0.0], [1.0, 1.0]])).round(4)  # 1 - 1 / sqrt(2)
        array([0.    , 0.2929])
    """
    known, made = as_features(base, "base"), as_features(rows, "rows")
    check_same_width(known, "base", made, "rows")
    with full_precision(known.device):
        known, made = _directions(known, "base"), _directions(made, "rows")

        def of(some: Tensor) -> Tensor:
            largest = [(some @ part.T).abs().amax(1) for part in known.split(8 * _ROWS)]
            return 1 - torch.stack(largest).amax(0)

        found = torch.cat(side_by_side(of, made.split(_ROWS), made.device)).clamp(0, 1)
    return np.asarray(found.cpu().numpy())


def _directions(rows: Tensor, name: str) -> Tensor:
    wide = rows.double()
    wide = wide[wide.abs().amax(1) > 0]
    if len(wide) == 0:
        raise NotDefinedError(f"all rows of {name} are zero: they have no direction")
    return normalize(wide / wide.abs().amax(1, keepdim=True), dim=1)


def mifid(fid: float, distance: float, *, threshold: float = THRESHOLD) -> float:
    """Return FID over the memorisation distance where that is below the threshold, else FID (Bai et al. 2021).

    The threshold is that of Inception's pool features; in other spaces distances mean something else.

    Args:
        fid: Frechet distance.
        distance: Mean of `nearest_cosines`.
        threshold: Below it a model is taken to memorise.

    Example:
        >>> mifid(12.0, 0.4), round(mifid(12.0, 0.05), 6)
        (12.0, 240.0)
    """
    if fid <= 1e-8:
        return 0.0
    return fid / (distance + 1e-14) if distance < threshold else fid
