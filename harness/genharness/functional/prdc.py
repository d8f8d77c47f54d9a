"""k-nearest-neighbour distances, and precision, recall, density and coverage: exact, tiled, on CPU and CUDA.

Memory beyond the features is a float32 copy of them where a quarter of what is free holds it, a few numbers a row, and
a tile for each thread; see `genharness.functional.exact.tiles` for why the counts are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width, check_whole
from genharness.functional.exact.balls import Balls
from genharness.functional.exact.crossing import cross
from genharness.functional.exact.search import kth_distances, nearest_distinct
from genharness.functional.exact.tiles import Points
from genharness.functional.neighbours.shared_pass import NeighbourPass
from genharness.functional.parallel import full_precision

__all__ = ["PRDC", "knn_radii", "nearest", "prdc", "prdc_of"]

_EXPANDED = 2**22  # neighbours and their copies at a time


@dataclass(frozen=True, slots=True)
class PRDC:
    """How two sets of features overlap.

    Attributes:
        precision: Share of fakes within the k-neighbour ball of at least one real, in 0..1.
        recall: Share of reals within the ball of at least one fake, in 0..1.
        density: Mean number of real balls that hold a fake, over k, at least 0; above 1 where fakes crowd.
        coverage: Share of reals whose ball holds at least one fake, in 0..1.
    """

    precision: float
    recall: float
    density: float
    coverage: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def knn_radii(features: ArrayLike, k: int, *, name: str = "features") -> Tensor:
    """Return the Euclidean distance of every row to its k-th nearest other row.

    Rows that occur several times are neighbours of each other at distance 0.

    Args:
        features: `(n, d)`.
        k: Which neighbour, in 1..n-1.
        name: What to call `features` in an error.

    Returns:
        Float64 `(n,)` on the device of `features`.

    Raises:
        ValueError: `features` is not a matrix, empty or not finite, or k is not in 1..n-1.

    Example:
        >>> knn_radii(np.array([[0.0], [1.0], [3.0]]), k=1)
        tensor([1., 1., 2.], dtype=torch.float64)
    """
    rows = as_features(features, name)
    k = _check_k(k, rows, name)
    with full_precision(rows.device):
        return _radii(Points.of(rows), k)


def nearest(query: ArrayLike, base: ArrayLike, k: int = 1) -> tuple[Tensor, Tensor]:
    """Return the k nearest rows of `base` for every row of `query`, nearest first, ties by lowest index.

    Args:
        query: `(n, d)`.
        base: `(m, d)`.
        k: How many, in 1..m.

    Returns:
        Euclidean distances, float64 `(n, k)`, and indices into `base`, int64 `(n, k)`, on the device of `query`.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns or device, or k is
            not in 1..m.

    Example:
        >>> distances, indices = nearest(np.array([[0.9]]), np.array([[0.0], [1.0], [3.0]]), k=2)
        >>> indices
        tensor([[1, 0]])
        >>> distances.shape
        torch.Size([1, 2])
    """
    asked, given = as_features(query, "query"), as_features(base, "base")
    check_same_width(asked, "query", given, "base")
    k = check_whole(k, "k")
    if k > len(given):
        raise NotDefinedError(f"k = {k} neighbours need at least {k} rows in base, which has {len(given)}")
    asked, given = _same_type(asked, given)
    with full_precision(given.device):
        bases, queries = Points.of(given).together_with(Points.of(asked))
        found, members = nearest_distinct(queries, bases, k), _members(bases, k)
        parts = zip(*(each.split(max(1, _EXPANDED // k**2)) for each in (found.distances, found.places)), strict=True)
        expanded = [_expand(some, members[places], k) for some, places in parts]
        distances, indices = (torch.cat(each) for each in zip(*expanded, strict=True))
        return distances[queries.place], indices[queries.place]


def prdc(
    real: ArrayLike, fake: ArrayLike, k: int = 5, strict: bool = True, *, real_radii: ArrayLike | None = None
) -> PRDC:
    """Return precision, recall, density and coverage of `fake` with respect to `real`.

    With B_k(x) the ball around x that reaches to its k-th nearest neighbour in its own set,

        precision = 1/M sum_j [exists i: y_j in B_k(x_i)]     density  = 1/(k M) sum_j sum_i [y_j in B_k(x_i)]
        recall    = 1/N sum_i [exists j: x_i in B_k(y_j)]     coverage = 1/N sum_i [exists j: y_j in B_k(x_i)]

    for N real x and M fake y: precision and recall by Kynkaanniemi et al. (2019, equation 2), density and coverage by
    Naeem et al. (2020, section 3). The ball is open with `strict` (`<`, as in Naeem's `prdc` package) and closed
    without (`<=`, as in Kynkaanniemi and torch-fidelity). Distances are compared in float64, ties and duplicates
    exactly.

    Args:
        real: `(N, d)`.
        fake: `(M, d)`.
        k: Neighbours that set the balls' radii, in 1..min(N, M) - 1.
        strict: Whether a point on the sphere is outside.
        real_radii: `knn_radii(real, k)` where it is known already, `(N,)`.

    Returns:
        The four scores.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns or device, or k is
            out of range.

    Example:
        >>> real = np.arange(10.0)[:, None]  # (N, d); every ball has radius 1
        >>> prdc(real, real + 0.25, k=1)  # each fake but the last lies in two of them
        PRDC(precision=1.0, recall=1.0, density=1.9, coverage=1.0)
        >>> prdc(real, real[:3] + 0.25, k=1).coverage  # balls of 0, 1, 2 and 3
        0.4
    """
    reals, fakes = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(reals, "real", fakes, "fake")
    k = max(_check_k(k, reals, "real"), _check_k(k, fakes, "fake"))
    if real_radii is not None and tuple(real_radii.shape) != (len(reals),):
        raise ValueError(f"real_radii must be ({len(reals)},), not of shape {tuple(real_radii.shape)}")
    reals, fakes = _same_type(reals, fakes)
    with full_precision(reals.device):
        real_points, fake_points = Points.of(reals), Points.of(fakes)
        if real_radii is None:
            real_radii = _radii(real_points, k)
        own_radii = torch.as_tensor(real_radii).to(reals.device, torch.float64)
        return _scores(real_points, own_radii, fake_points, _radii(fake_points, k), k, strict)


def prdc_of(found: NeighbourPass) -> PRDC:
    """Return precision, recall, density and coverage from a pass.

    Example:
        >>> from genharness.functional.neighbours.shared_pass import neighbour_pass
        >>> prdc_of(neighbour_pass(np.array([[0.0], [2.0]]), np.array([[1.0], [9.0]]), 1))
        PRDC(precision=0.5, recall=1.0, density=1.0, coverage=1.0)
    """
    real, fake = found.real, found.fake
    return PRDC(
        precision=fake.share(fake.held_by > 0),
        recall=real.share(real.held_by > 0),
        density=real.total(real.holds) / (found.k * fake.size),
        coverage=real.share(real.holds > 0),
    )


def _scores(reals: Points, real_radii: Tensor, fakes: Points, fake_radii: Tensor, k: int, strict: bool) -> PRDC:
    real, fake = reals.together_with(fakes)
    own, other = (
        Balls(points, radii[points.first, None], (not strict,))
        for points, radii in ((real, real_radii), (fake, fake_radii))
    )
    found = cross(own, other)
    in_ball, n, m = found.of_real.in_ball[:, 0], len(reals.rows), len(fakes.rows)
    return PRDC(
        precision=int(fake.counts[found.of_real.held_by[:, 0] > 0].sum()) / m,
        recall=int(real.counts[found.of_fake.held_by[:, 0] > 0].sum()) / n,
        density=float(in_ball @ real.counts.double()) / (k * m),
        coverage=int(real.counts[in_ball > 0].sum()) / n,
    )


def _check_k(k: int, rows: Tensor, name: str) -> int:
    k = check_whole(k, "k")
    if k >= len(rows):
        raise NotDefinedError(f"k = {k} neighbours need more than {k} rows in {name}, which has {len(rows)}")
    return k


def _same_type(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    dtype = torch.promote_types(a.dtype, b.dtype)
    return a.to(dtype), b.to(dtype)


def _radii(points: Points, k: int) -> Tensor:
    return kth_distances(points, k)[points.place]


def _members(points: Points, k: int) -> Tensor:
    """Return the first k rows equal to each distinct row `(u, k)`, -1 where there are fewer."""
    order = points.place.argsort(stable=True)
    starts = points.counts.cumsum(0) - points.counts
    nth = torch.arange(k, device=order.device)
    picked = (starts[:, None] + nth).clamp(max=len(order) - 1)
    return torch.where(nth < points.counts[:, None], order[picked], -1)


def _expand(distances: Tensor, members: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k nearest rows, ties by index, given the nearest distinct ones and the rows that equal them."""
    repeated = distances[:, :, None].expand(members.shape).flatten(1)
    indices, by_index = members.flatten(1).sort(1)
    repeated = repeated.gather(1, by_index).masked_fill(indices < 0, torch.inf)
    nearest_first = repeated.argsort(dim=1, stable=True)[:, :k]
    return repeated.gather(1, nearest_first), indices.gather(1, nearest_first)
