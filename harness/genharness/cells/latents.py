"""The map of a model's latent codes: held-out samples encoded, and what the model draws codes from."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.figures.latents import Ellipses, LatentMap, latent_map
from genharness.kit.generators import seeded_generator
from genharness.kit.mixture import GaussianMixtures
from genharness.kit.model import Decodes, GenerativeModel

__all__ = ["MOST_WIDE", "map_of_codes"]

MOST_WIDE = 2048
"""Dimensions of codes from which no map is made: a plane shows nothing of them."""
_MOST_ELLIPSES = 100
_DRAWN = 2000


def map_of_codes(
    model: GenerativeModel,
    codes: NDArray[np.float32],
    labels: NDArray[np.int64] | None,
    seed: int,
    *,
    conditional: bool = False,
) -> LatentMap | None:
    """Return codes in a plane with the Gaussians that the model draws codes from; None where that shows nothing.

    Args:
        model: In eval mode, after whatever is fitted to the data.
        codes: Codes of held-out samples `(n, d)`.
        labels: Their classes `(n,)`, or None.
        seed: Of codes that are drawn where the prior is no mixture that is known.
        conditional: Whether it is asked for classes: where their codes lie is then its own affair, and no Gaussian is
            given but those of a mixture.
    """
    if codes.ndim != 2 or len(codes) < 3 or not 2 <= codes.shape[1] <= MOST_WIDE or not np.isfinite(codes).all():
        return None
    return latent_map(codes.astype(np.float64), labels, _prior(model, codes.shape[1], seed, conditional))


def _prior(model: GenerativeModel, width: int, seed: int, conditional: bool) -> Ellipses:
    """Return the Gaussians that codes are drawn from: of a mixture, the standard normal one, or of codes as drawn."""
    for module in model.modules():
        if isinstance(module, GaussianMixtures) and module.means.shape[-1] == width:
            means, factors = module.means.flatten(0, 1).double(), module.factors.flatten(0, 1).double()
            covariances = factors @ factors.mT
            return Ellipses(means[:_MOST_ELLIPSES].cpu().numpy(), covariances[:_MOST_ELLIPSES].cpu().numpy())
    if conditional or not isinstance(model, Decodes):
        return Ellipses(np.zeros((0, width)), np.zeros((0, width, width)))
    if model.normal_latents:
        return Ellipses(np.zeros((1, width)), np.eye(width)[None])
    with torch.no_grad():
        drawn = model.draw_latents(_DRAWN, labels=None, generator=seeded_generator(model.device, seed))
    plain = drawn.double().cpu().numpy()
    return Ellipses(plain.mean(axis=0)[None], np.cov(plain, rowvar=False)[None])
