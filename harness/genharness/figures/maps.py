"""Features of real and generated samples in a plane: principal axes of the real ones, or t-SNE of all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Clouds", "principal_axes", "tsne"]

Clouds = list[NDArray[np.float64]]
"""The real samples first, then those of each model, each `(n, 2)`."""

_PERPLEXITY = 30.0


def principal_axes(sets: Sequence[NDArray[np.floating[Any]]]) -> tuple[Clouds, float]:
    """Return every set on the first two principal axes of the first one, and which share of its variance they hold.

    The axes are those of the real samples alone, so that a model's cloud does not hang on which others are shown.
    Each axis points where its largest loading is positive: the same data give the same picture everywhere.

    Args:
        sets: Features `(n, d)` with the same d, the real ones first, at least two of them.

    Example:
        >>> real = np.array([[0.0, 0, 0], [2, 0, 0], [0, 1, 0], [2, 1, 0]], np.float32)
        >>> (cloud, _), share = principal_axes([real, real[:1]])
        >>> round(share, 6), cloud.shape
        (1.0, (4, 2))
    """
    real = sets[0].astype(np.float64)
    centre = real.mean(axis=0)
    _, strengths, axes = np.linalg.svd(real - centre, full_matrices=False)
    axes = axes[:2]
    if len(axes) < 2:
        axes = np.concatenate([axes, np.zeros((2 - len(axes), axes.shape[1]))])
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.where(axes[np.arange(2), largest] < 0, -1.0, 1.0)[:, None]
    total = float((strengths**2).sum())
    share = float((strengths[:2] ** 2).sum()) / total if total else 1.0
    return [(one.astype(np.float64) - centre) @ axes.T for one in sets], share


def tsne(sets: Sequence[NDArray[np.float32]], seed: int) -> Clouds:
    """Return all sets embedded together by t-SNE (van der Maaten and Hinton 2008), perplexity 30, from principal axes.

    Distances and areas of the result mean nothing; which sets share a neighbourhood does.

    Args:
        sets: Features `(n, d)` with the same d.
        seed: Of the embedding.
    """
    from sklearn.manifold import TSNE  # a second to import

    together = np.concatenate(sets).astype(np.float32)
    perplexity = min(_PERPLEXITY, (len(together) - 1) / 3)
    found = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(together)
    return list(np.split(found.astype(np.float64), np.cumsum([len(one) for one in sets])[:-1]))
