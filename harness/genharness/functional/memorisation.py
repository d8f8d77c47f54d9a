"""Has a generator copied its training data? Three answers from nearest neighbours in feature space."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width, check_whole
from genharness.functional.clusters import cells_of, kmeans_centres
from genharness.functional.exact.search import nearest_distinct
from genharness.functional.exact.tiles import Points
from genharness.functional.parallel import full_precision
from genharness.functional.prdc import knn_radii, nearest

__all__ = ["HeldOut", "Memorisation", "authenticity", "copying_score", "distance_ratio", "memorisation"]


@dataclass(frozen=True, slots=True)
class Memorisation:
    """Signs of memorisation.

    Attributes:
        authenticity: See `authenticity`; a memoriser scores 0.
        copying_score: See `copying_score` (C_T); far below 0 for a memoriser.
        distance_ratio: See `distance_ratio`; a memoriser scores 0.
        copied: Share of fakes that equal a training row, in 0..1.
        copying_error: Standard error of `copying_score` over other fakes, by the infinitesimal jackknife.
        distances: Float64 `(m,)`: of every fake to its nearest training row.
    """

    authenticity: float
    copying_score: float
    distance_ratio: float
    copied: float
    copying_error: float
    distances: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What held-out data is to the training data: the standard for every generator, computed once for all of them.

    Attributes:
        centres: k-means centres of the training data, `(cells, d)`.
        train_cells: Cell of every training row, int64 `(n,)`.
        test_cells: Cell of every held-out row, int64 `(l,)`.
        cell_distances: Distance of every held-out row to the nearest training row in its cell, float64 `(l,)`.
        distances: Distance of every held-out row to the nearest training row, float64 `(l,)`.
    """

    centres: Tensor
    train_cells: Tensor
    test_cells: Tensor
    cell_distances: Tensor
    distances: Tensor

    @classmethod
    def of(cls, train: ArrayLike, test: ArrayLike, *, cells: int = 10, seed: int = 0) -> HeldOut:
        """Compare `test` `(l, d)` with `train` `(n, d)`; cells, seed and errors as in `copying_score`."""
        known, held_out = _as_sets(train=train, test=test)
        return cls(*_cells(known, held_out, cells, seed), nearest(held_out, known)[0][:, 0])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fields as numpy arrays, to be kept."""
        return {one.name: getattr(self, one.name).cpu().numpy() for one in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], device: torch.device) -> HeldOut:
        """Return what `arrays` gave, on a device."""
        return cls(**{name: torch.from_numpy(array).to(device) for name, array in arrays.items()})


def memorisation(
    train: ArrayLike,
    test: ArrayLike,
    fake: ArrayLike,
    *,
    cells: int = 10,
    seed: int = 0,
    least_fakes: int = 20,
    standard: HeldOut | None = None,
    found: tuple[Tensor, Tensor] | None = None,
) -> Memorisation:
    """Return all signs of memorisation, each distance computed once; NaN for one that these sets do not define.

    Args:
        train: Features of what the generator was trained on, `(n, d)`.
        test: Features of data from the same source that it has not seen, `(l, d)`.
        fake: Features of generated samples, `(m, d)`.
        cells: See `copying_score`.
        seed: See `copying_score`.
        least_fakes: See `copying_score`.
        standard: `HeldOut.of(train, test, cells=cells, seed=seed)` where it is known already.
        found: `nearest(fake, train)` likewise.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns, or `train` has one row or
            fewer distinct ones than `cells`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> train, test = rng.normal(size=(500, 8)), rng.normal(size=(200, 8))
        >>> copies = memorisation(train, test, fake=train[:300], cells=1)
        >>> copies.authenticity, copies.distance_ratio, copies.copied
        (0.0, 0.0, 1.0)
    """
    known, held_out, made = _as_sets(train=train, test=test, fake=fake)
    distances, indices = found or nearest(made, known)
    authentic = _authentic_share(known, distances, indices)
    usual = standard or HeldOut.of(known, held_out, cells=cells, seed=seed)
    cut = (usual.centres, usual.train_cells, usual.test_cells, usual.cell_distances)
    copying, error = _or_nans(_copying_score, known, made, *cut, least_fakes)
    return Memorisation(
        authenticity=authentic,
        copying_score=copying,
        distance_ratio=_or_nans(lambda: (_ratio_of_medians(distances, usual.distances),) * 2)[0],
        copied=(distances == 0).double().mean().item(),
        copying_error=error,
        distances=distances[:, 0].cpu().numpy(),
    )


class _UndefinedError(ValueError):
    """The sets are what they should be, and yet do not define a score."""


def _or_nans(score: Callable[..., tuple[float, float]], *arguments: Any) -> tuple[float, float]:
    try:
        return score(*arguments)
    except _UndefinedError:
        return math.nan, math.nan


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

    Example:
        >>> train = np.array([[0.0], [1.0], [10.0]])  # gaps to the next: 1, 1, 9
        >>> authenticity(train, np.array([[0.1], [2.5]]))  # at 0.1 from 0, and at 1.5 from 1
        0.5
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

    Example:
        >>> train = np.array([[0.0], [10.0]])
        >>> distance_ratio(train, test=np.array([[2.0], [12.0]]), fake=np.array([[1.0], [9.0]]))
        0.5
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

    Example:
        >>> rng = np.random.default_rng(0)
        >>> train, test = rng.normal(size=(500, 8)), rng.normal(size=(100, 8))
        >>> round(copying_score(train, test, fake=train[:100], cells=1), 2)  # U = 0: -5000 / sqrt(10000 * 201 / 12)
        -12.22
    """
    known, held_out, made = _as_sets(train=train, test=test, fake=fake)
    return _copying_score(known, made, *_cells(known, held_out, cells, seed), least_fakes)[0]


def _cells(train: Tensor, test: Tensor, cells: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return centres, the cells of train and test, and the distances of test within its cells (see `HeldOut`)."""
    centres = kmeans_centres(train, cells, seed, name="train")
    cell_of_train, cell_of_test = cells_of(train, centres), cells_of(test, centres)
    return centres, cell_of_train, cell_of_test, _nearest_in_cells(test, cell_of_test, train, cell_of_train)


def _nearest_in_cells(rows: Tensor, cell_of_row: Tensor, train: Tensor, cell_of_train: Tensor) -> Tensor:
    """Return the distance of every row to the nearest training row in its cell, infinite where the cell has none."""
    dtype = torch.promote_types(rows.dtype, train.dtype)
    with full_precision(train.device):
        base, query = Points.of(train.to(dtype)).together_with(Points.of(rows.to(dtype)))
        cell_of_base, cell_of_query = cell_of_train[base.first], cell_of_row[query.first]
        distances = torch.full((len(query),), math.inf, dtype=torch.float64, device=rows.device)
        for cell in cell_of_query.unique():
            asked, known = ((cells == cell).nonzero()[:, 0] for cells in (cell_of_query, cell_of_base))
            if len(known):
                inside = query.chosen(asked, query.counts[asked]), base.chosen(known, base.counts[known])
                distances[asked] = nearest_distinct(*inside, 1).distances[:, 0]
        return distances[query.place]


def _copying_score(
    train: Tensor,
    made: Tensor,
    centres: Tensor,
    cell_of_train: Tensor,
    cell_of_test: Tensor,
    test_distances: Tensor,
    least_fakes: int,
) -> tuple[float, float]:
    """Return C_T and its standard error over other fakes."""
    check_whole(least_fakes, "least_fakes")
    cell_of_made = cells_of(made, centres)
    to_train = _nearest_in_cells(made, cell_of_made, train, cell_of_train)
    weighted = total = 0.0
    influence = np.zeros(len(made))
    for cell in range(len(centres)):
        inside, tests = cell_of_made == cell, test_distances[cell_of_test == cell]
        if int(inside.sum()) >= least_fakes and len(tests):
            z, of_fakes = _mann_whitney_z(to_train[inside], tests)
            weighted += len(tests) * z
            influence[inside.cpu().numpy()] = len(tests) * of_fakes
            total += len(tests)
    if total == 0:
        few = f"least_fakes = {least_fakes} of {len(made)}"
        raise _UndefinedError(f"no cell of {len(centres)} holds both a row of test and {few}")
    return weighted / total, math.sqrt(len(made)) * float(influence.std()) / total


def _as_sets(**sets: ArrayLike) -> list[Tensor]:
    (first_name, first), *others = [(name, as_features(value, name)) for name, value in sets.items()]
    for name, rows in others:
        check_same_width(first, first_name, rows, name)
    return [first, *(rows for _, rows in others)]


def _authentic_share(train: Tensor, distances: Tensor, indices: Tensor) -> float:
    if len(train) < 2:
        raise NotDefinedError("train must have at least 2 rows, not 1: its nearest neighbours are compared with")
    return (distances > _gaps(train, indices)).double().mean().item()


def _gaps(train: Tensor, indices: Tensor) -> Tensor:
    """Return how far the training rows of `indices` are from the next, in their shape."""
    asked, place = indices.unique(return_inverse=True)
    if 2 * len(asked) >= len(train):  # a set searched in itself costs half
        return knn_radii(train, 1)[indices]
    return nearest(train[asked], train, 2)[0][:, 1][place]


def _ratio_of_medians(fake_distances: Tensor, test_distances: Tensor) -> float:
    usual = np.median(test_distances.cpu().numpy())
    if usual == 0:
        raise _UndefinedError("test repeats train: half of its rows or more lie at distance 0, so nothing is held out")
    return float(np.median(fake_distances.cpu().numpy()) / usual)


def _mann_whitney_z(first: Tensor, second: Tensor) -> tuple[float, NDArray[np.float64]]:
    """Return Z, and its derivative with respect to the weight of each of the first `(m,)`.

    With placements p, the share of the second that each of the first exceeds, Z is their mean less a half, times a
    factor sqrt(12 m n / (m + n + 1)) that depends on how many there are.
    """
    m, n = len(first), len(second)
    ranks = rankdata(torch.cat([first, second]).flatten().cpu().numpy())
    u = ranks[:m].sum() - m * (m + 1) / 2
    z = float((u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12))
    placements = (ranks[:m] - rankdata(ranks[:m])) / n
    derivative = math.sqrt(12 * m * n / (m + n + 1)) * (placements - placements.mean()) / m
    return z, derivative + z * (n + 1) / (2 * m * (m + n + 1))
