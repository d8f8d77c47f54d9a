"""Has a generator copied its training data? Three answers from nearest neighbours in feature space."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from genharness.kit.checks import ArrayLike, as_features, check_same_width, check_whole
from genharness.kit.clusters import cells_of, kmeans_centres
from genharness.kit.neighbours import knn_radii, nearest

__all__ = ["Memorisation", "authenticity", "copying_score", "distance_ratio", "memorisation"]


@dataclass(frozen=True, slots=True)
class Memorisation:
    """Signs of memorisation.

    Attributes:
        authenticity: See `authenticity`; a memoriser scores 0.
        copying_score: See `copying_score` (C_T); far below 0 for a memoriser.
        distance_ratio: See `distance_ratio`; a memoriser scores 0.
        copied: Share of fakes that equal a training row, in 0..1.
    """

    authenticity: float
    copying_score: float
    distance_ratio: float
    copied: float


def memorisation(
    train: ArrayLike, test: ArrayLike, fake: ArrayLike, *, cells: int = 10, seed: int = 0, least_fakes: int = 20
) -> Memorisation:
    """Return all signs of memorisation, each distance computed once.

    Args:
        train: Features of what the generator was trained on, `(n, d)`.
        test: Features of data from the same source that it has not seen, `(l, d)`.
        fake: Features of generated samples, `(m, d)`.
        cells: See `copying_score`.
        seed: See `copying_score`.
        least_fakes: See `copying_score`.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns, or a score is undefined
            (see each).
    """
    known, held_out, made = _as_sets(train=train, test=test, fake=fake)
    distances, indices = nearest(made, known)
    return Memorisation(
        authenticity=_authentic_share(known, distances, indices),
        copying_score=copying_score(known, held_out, made, cells=cells, seed=seed, least_fakes=least_fakes),
        distance_ratio=_ratio_of_medians(distances, nearest(held_out, known)[0]),
        copied=(distances == 0).double().mean().item(),
    )


def authenticity(train: ArrayLike, fake: ArrayLike) -> float:
    """Return the share of fakes that are further from their nearest training row than that row is from the next.

    The hypothesis test of Alaa et al. (2022), "How Faithful is your Synthetic Data?"; times 100 it is AuthPct. Copies
    score 0, noise 1, and data from the training distribution about a half or more, depending on its dimension.

    Args:
        train: Features of what the generator was trained on, `(n, d)`, n at least 2.
        fake: Features of generated samples, `(m, d)`.

    Returns:
        A share in 0..1.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns, or `train` has one row.
    """
    known, made = _as_sets(train=train, fake=fake)
    return _authentic_share(known, *nearest(made, known))


def distance_ratio(train: ArrayLike, test: ArrayLike, fake: ArrayLike) -> float:
    """Return the median distance of fakes to their nearest training row over that of held-out rows.

    Below 1 the fakes lie closer to the training data than new data does; copies score 0.

    Args:
        train: Features of what the generator was trained on, `(n, d)`.
        test: Features of data from the same source that it has not seen, `(l, d)`.
        fake: Features of generated samples, `(m, d)`.

    Returns:
        A ratio, at least 0.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns, or half of `test` or
            more repeats `train`, so that its median distance is 0.
    """
    known, held_out, made = _as_sets(train=train, test=test, fake=fake)
    return _ratio_of_medians(nearest(made, known)[0], nearest(held_out, known)[0])


def copying_score(
    train: ArrayLike, test: ArrayLike, fake: ArrayLike, *, cells: int = 10, seed: int = 0, least_fakes: int = 20
) -> float:
    """Return C_T, the statistic of Meehan et al. (2020), "A Non-Parametric Test to Detect Data-Copying".

    Space is cut into k-means cells of the training data. Within a cell, a Mann-Whitney test compares the distances of
    m fakes and of l held-out rows to their nearest training row in that cell:

        Z = (U - m l / 2) / sqrt(m l (m + l + 1) / 12),    U = #{fake further than test} + #{equal} / 2

    C_T is the mean of Z over cells with enough fakes, weighted by their share of the held-out rows. Below -3 or so,
    fakes lie closer to the training data than new data does: copying. Above 3, further: underfitting.

    Args:
        train: Features of what the generator was trained on, `(n, d)`.
        test: Features of data from the same source that it has not seen, `(l, d)`.
        fake: Features of generated samples, `(m, d)`.
        cells: Number of cells.
        seed: Seed of k-means.
        least_fakes: How many fakes make a cell count.

    Returns:
        A standard score: mean 0 and variance at most 1 where fakes are distributed as the held-out rows.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns, `train` has fewer
            distinct rows than `cells`, or no cell has both a held-out row and `least_fakes` fakes.
    """
    known, held_out, made = _as_sets(train=train, test=test, fake=fake)
    check_whole(least_fakes, "least_fakes")
    centres = kmeans_centres(known, cells, seed, name="train")
    cell_of_known, cell_of_held_out, cell_of_made = (cells_of(rows, centres) for rows in (known, held_out, made))
    weighted = total = 0.0
    for cell in range(cells):
        fakes, tests = made[cell_of_made == cell], held_out[cell_of_held_out == cell]
        if len(fakes) >= least_fakes and len(tests):
            neighbours = known[cell_of_known == cell]
            weighted += len(tests) * _mann_whitney_z(nearest(fakes, neighbours)[0], nearest(tests, neighbours)[0])
            total += len(tests)
    if total == 0:
        raise ValueError(f"no cell of {cells} holds both a row of test and least_fakes = {least_fakes} of {len(made)}")
    return weighted / total


def _as_sets(**sets: ArrayLike) -> list[Tensor]:
    (first_name, first), *others = [(name, as_features(value, name)) for name, value in sets.items()]
    for name, rows in others:
        check_same_width(first, first_name, rows, name)
    return [first, *(rows for _, rows in others)]


def _authentic_share(train: Tensor, distances: Tensor, indices: Tensor) -> float:
    if len(train) < 2:
        raise ValueError("train must have at least 2 rows, not 1: its nearest neighbours are compared with")
    return (distances > knn_radii(train, 1)[indices]).double().mean().item()


def _ratio_of_medians(fake_distances: Tensor, test_distances: Tensor) -> float:
    usual = np.median(test_distances.cpu().numpy())
    if usual == 0:
        raise ValueError("test repeats train: half of its rows or more lie at distance 0, so nothing is held out")
    return float(np.median(fake_distances.cpu().numpy()) / usual)


def _mann_whitney_z(first: Tensor, second: Tensor) -> float:
    m, n = len(first), len(second)
    ranks = rankdata(torch.cat([first, second]).flatten().cpu().numpy())
    u = ranks[:m].sum() - m * (m + 1) / 2
    return float((u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12))
