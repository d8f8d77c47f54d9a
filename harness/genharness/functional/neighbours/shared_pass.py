"""One pass over the distances of two sets, from which every score of nearest neighbours is read.

Rows are merged into distinct ones first; arrays have an entry for each distinct row, and a row that occurs w times
counts w times. What is known of the reals alone is computed once for all generators (`OwnSet`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.functional.checks import ArrayLike, as_features, check_same_width, check_whole
from genharness.functional.exact.balls import Balls
from genharness.functional.exact.crossing import Crossing, Held, blocks_of, cross
from genharness.functional.exact.search import OwnNeighbours, own_neighbours
from genharness.functional.exact.tiles import Factors, Points, exact_distances
from genharness.functional.parallel import full_precision

__all__ = ["NeighbourPass", "OwnSet", "Side", "neighbour_pass", "own_set"]

REALISM_K = 3
"""The neighbour that sets radii for `realism` (Kynkaanniemi et al. 2019, section 5)."""
TOP = 0.01
"""The share of rows on which a score may hang."""

Floats = NDArray[np.float64]
Wholes = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OwnSet:
    """Neighbours within one set.

    Attributes:
        place: `(n,)` the distinct row that each row is.
        count: `(u,)` how often each distinct row occurs.
        radius: `(u,)` distance to the k-th nearest other row.
        next_radius: `(u,)` to the one after it; infinite where there is none.
        gap: `(u,)` to the nearest other row; of fakes, whose gaps no score asks for, NaN.
        realism_radius: `(u,)` to the third nearest other row; of fakes likewise.
        row: `(pairs,)` ascending, and
        member: `(pairs,)` a distinct row that is no further from it than its radius.
        within_clipped: `(pairs,)` whether it is no further than the clipped radius; of fakes likewise False.
    """

    place: Wholes
    count: Wholes
    radius: Floats
    next_radius: Floats
    gap: Floats
    realism_radius: Floats
    row: Wholes
    member: Wholes
    within_clipped: NDArray[np.bool_]

    @property
    def median_radius(self) -> float:
        """The median of all rows' radii."""
        return float(np.median(self.radius[self.place]))

    @property
    def clipped_radius(self) -> Floats:
        """Radii clipped at their median, `(u,)`."""
        return np.minimum(self.radius, self.median_radius)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the fields by name, to be kept."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One set beside the other one.

    Attributes:
        own: The set by itself.
        holds: `(u,)` how many rows of the other set lie in the ball of its radius.
        holds_next: `(u,)` in the ball of the next radius.
        held_by: `(u,)` in how many balls of the other set it lies.
        held_by_clipped: `(u,)` in how many of the balls whose radii are clipped at their median.
        owner: `(u,)` the ball that holds it, where one does alone.
        shell_ball: `(pairs,)` its rows whose shell, from the radius to the next one, holds
        shell_point: `(pairs,)` a row of the other set that one ball holds at most.
        few_ball: `(pairs,)` its rows whose balls hold k rows of the other set at most, and
        few_point: `(pairs,)` such a row.
        holds_top: `(u,)` how many of the rows that it holds are among the top 1 % by `held_by`.
        held_by_top: `(u,)` how many of the balls that hold it are among the top 1 % by `holds`.
    """

    own: OwnSet
    holds: Wholes
    holds_next: Wholes
    held_by: Wholes
    held_by_clipped: Wholes
    owner: Wholes
    shell_ball: Wholes
    shell_point: Wholes
    few_ball: Wholes
    few_point: Wholes
    holds_top: Wholes
    held_by_top: Wholes

    @property
    def size(self) -> int:
        """The number of rows."""
        return len(self.own.place)

    def total(self, values: NDArray[Any]) -> float:
        """Return the sum over rows of a value of each distinct row."""
        return float(np.asarray(values, np.float64) @ self.own.count)

    def share(self, chosen: NDArray[np.bool_]) -> float:
        """Return the share of rows that are chosen."""
        return int(self.own.count[chosen].sum()) / self.size


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourPass:
    """Two sets beside each other.

    Attributes:
        k: The neighbour that sets the radii.
        closed: Whether a point on the sphere is inside.
        real: The reals.
        fake: The fakes.
        nearest: `(u,)` distance of every fake to the nearest real, and
        nearest_real: `(u,)` which distinct real that is, the first one where several are.
        realism: `(u,)` of the fakes: see `genharness.functional.neighbours.realism`.
    """

    k: int
    closed: bool
    real: Side
    fake: Side
    nearest: Floats
    nearest_real: Wholes
    realism: Floats


def own_set(features: ArrayLike, k: int, *, name: str = "features") -> OwnSet:
    """Return the neighbours within a set.

    Args:
        features: `(n, d)`.
        k: Which neighbour sets the radius, in 1..n-1.
        name: What to call `features` in an error.

    Raises:
        ValueError: `features` is not a matrix, empty or not finite, or k is not in 1..n-1.

    Example:
        >>> found = own_set(np.array([[0.0], [1.0], [3.0]]), 1)
        >>> found.radius[found.place].tolist(), found.next_radius[found.place].tolist()
        ([1.0, 1.0, 2.0], [3.0, 2.0, 3.0])
    """
    rows = as_features(features, name)
    _check_k(k, rows, name)
    with full_precision(rows.device):
        return _own_reals(Points.of(rows), k)


def neighbour_pass(
    real: ArrayLike, fake: ArrayLike, k: int = 5, *, strict: bool = True, own_real: OwnSet | None = None
) -> NeighbourPass:
    """Return everything that scores of neighbours are read from.

    Args:
        real: `(N, d)`.
        fake: `(M, d)`.
        k: The neighbour that sets the balls' radii, in 1..min(N, M) - 1.
        strict: Whether a point on the sphere is outside.
        own_real: `own_set(real, k)` where it is known already.

    Raises:
        ValueError: An argument is not a matrix, empty or not finite, they differ in columns or device, or k is
            out of range.

    Example:
        Balls of k = 1 reach from each of two reals to the other; one fake lies between them, one beyond.

        >>> found = neighbour_pass(np.array([[0.0], [2.0]]), np.array([[1.0], [9.0]]), 1)
        >>> found.fake.held_by[found.fake.own.place].tolist()
        [2, 0]
    """
    reals, fakes = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(reals, "real", fakes, "fake")
    for rows, name in ((reals, "real"), (fakes, "fake")):
        _check_k(k, rows, name)
    dtype = torch.promote_types(reals.dtype, fakes.dtype)
    reals, fakes = reals.to(dtype), fakes.to(dtype)
    with full_precision(reals.device):
        real_points, fake_points = Points.of(reals), Points.of(fakes)
        own = _own_reals(real_points, k) if own_real is None else own_real
        return _crossed(*real_points.together_with(fake_points), own, _own_fakes(fake_points, k), k, closed=not strict)


def _check_k(k: int, rows: Tensor, name: str) -> None:
    if check_whole(k, "k") >= len(rows):
        raise ValueError(f"k = {k} neighbours need more than {k} rows in {name}, which has {len(rows)}")


def _own_reals(points: Points, k: int) -> OwnSet:
    found = own_neighbours(points, (k, k + 1, 1, REALISM_K))
    radius, first = found.distances[:, 0], points.first
    median = float(np.median(_array(radius[points.place])))
    within = (radius <= median)[found.row]
    row, member = found.row[~within], found.member[~within]
    within[~within] = exact_distances(points.rows, first[row], points.rows, first[member]) <= median
    # Those whose radii count for realism come first: the others' tiles then need not be looked at for it.
    realism_radius = found.distances[:, 3]
    counts = realism_radius <= np.median(_array(realism_radius[points.place]))
    return _own_set(points, found, [*found.distances.T], within, (~counts).long().argsort(stable=True))


def _own_fakes(points: Points, k: int) -> OwnSet:
    found = own_neighbours(points, (k, k + 1))
    unknown = torch.full_like(found.distances[:, 0], math.nan)
    within, order = torch.zeros_like(found.row, dtype=torch.bool), torch.arange(len(points), device=unknown.device)
    return _own_set(points, found, [*found.distances.T, unknown, unknown], within, order)


def _own_set(points: Points, found: OwnNeighbours, distances: list[Tensor], within: Tensor, order: Tensor) -> OwnSet:
    """Return what was found of the points, in another order of the distinct rows."""
    position = order.argsort()
    row, member = position[found.row], position[found.member]
    by_row = (row * len(points) + member).argsort()
    arrays = (position[points.place], points.counts[order], *(one[order] for one in distances))
    return OwnSet(*(_array(one) for one in (*arrays, row[by_row], member[by_row], within[by_row])))


def _crossed(real: Points, fake: Points, own_real: OwnSet, own_fake: OwnSet, k: int, *, closed: bool) -> NeighbourPass:
    def balls(points: Points, own: OwnSet) -> Balls:
        radii = np.stack([own.radius, own.next_radius, own.clipped_radius], 1)
        return Balls(points, torch.from_numpy(radii).to(points.rows.device), (closed, closed, True))

    order = torch.zeros_like(real.first).scatter_(0, torch.from_numpy(own_real.place).to(real.first.device), real.place)
    real = real.reordered(order)
    kept = own_real.realism_radius <= np.median(own_real.realism_radius[own_real.place])
    ratio_radii = torch.from_numpy(np.where(kept, own_real.realism_radius, 0.0)).to(real.rows.device)
    real_balls, fake_balls = balls(real, own_real), balls(fake, own_fake)
    larger = max(len(real), len(fake))
    blocks = blocks_of(real, larger), blocks_of(fake, larger)
    found = cross(real_balls, fake_balls, pairs=k, nearest=True, ratio_radii=ratio_radii, blocks=blocks)
    tops = _tops(real_balls, fake_balls, found, blocks)
    sides = (
        _side(own_real, found.of_real, found.of_fake, tops[0].of_real.in_ball, tops[0].of_fake.held_by),
        _side(own_fake, found.of_fake, found.of_real, tops[1].of_fake.in_ball, tops[1].of_real.held_by),
    )
    assert found.ratio is not None
    assert found.of_fake.nearest is not None
    nearest, nearest_real = (_array(one) for one in found.of_fake.nearest)
    copies = (nearest == 0) & kept[nearest_real]
    realism = np.where(copies, math.inf, _array(found.ratio))
    return NeighbourPass(k, closed, *sides, nearest, nearest_real, realism)


def _side(own: OwnSet, holds: Held, held: Held, holds_top: Tensor, held_by_top: Tensor) -> Side:
    return Side(
        own=own,
        holds=_whole(holds.in_ball[:, 0]),
        holds_next=_whole(holds.in_ball[:, 1]),
        held_by=_whole(held.held_by[:, 0]),
        held_by_clipped=_whole(held.held_by[:, 2]),
        owner=_array(held.owner),
        shell_ball=_array(holds.shell[0]),
        shell_point=_array(holds.shell[1]),
        few_ball=_array(holds.few[0]),
        few_point=_array(holds.few[1]),
        holds_top=_whole(holds_top[:, 0]),
        held_by_top=_whole(held_by_top[:, 0]),
    )


def _tops(real: Balls, fake: Balls, found: Crossing, blocks: tuple[Factors, Factors]) -> tuple[Crossing, Crossing]:
    """Cross the reals with the top fakes, and the top reals with the fakes.

    As points those rows are top that most balls of the other side hold; as balls, those that hold most of it.
    """
    reals, fakes = (Balls(one.points, one.radii[:, :1], one.closed[:1]) for one in (real, fake))
    top_reals = _top(reals, found.of_fake.held_by[:, 0], found.of_real.in_ball[:, 0])
    top_fakes = _top(fakes, found.of_real.held_by[:, 0], found.of_fake.in_ball[:, 0])
    return cross(reals, top_fakes, blocks=(blocks[0], None)), cross(top_reals, fakes, blocks=(None, blocks[1]))


def _top(balls: Balls, held_by: Tensor, holds: Tensor) -> Balls:
    """Return the rows that are among the top 1 % as points or as balls, counted as such in either role."""
    as_points, as_balls = (_top_counts(balls.points, by) for by in (held_by, holds))
    chosen = ((as_points > 0) | (as_balls > 0)).nonzero()[:, 0]
    points = balls.points.chosen(chosen, as_points[chosen])
    return Balls(points, balls.radii[chosen], balls.closed, as_balls[chosen])


def _top_counts(points: Points, by: Tensor) -> Tensor:
    """Return how many of each distinct row's copies are among the top 1 % of rows, ties by first occurrence."""
    by_first = points.first.argsort()
    order = by_first[by[by_first].argsort(descending=True, stable=True)]
    before = points.counts[order].cumsum(0) - points.counts[order]
    left = (math.ceil(TOP * len(points.rows)) - before).clamp(min=0)
    return torch.zeros_like(points.counts).scatter_(0, order, torch.minimum(points.counts[order], left))


def _array(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = values.cpu().numpy()
    return array


def _whole(values: Tensor) -> Wholes:
    return _array(values).astype(np.int64)


def as_arrays(found: NeighbourPass) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of a pass by name, to be kept; `from_arrays` puts them together again."""
    parts = {"nearest": found.nearest, "nearest_real": found.nearest_real, "realism": found.realism}
    for name, side in (("real", found.real), ("fake", found.fake)):
        parts |= {f"{name}.own.{key}": array for key, array in side.own.arrays().items()}
        parts |= {f"{name}.{one.name}": getattr(side, one.name) for one in fields(Side) if one.name != "own"}
    return parts


def from_arrays(parts: Mapping[str, NDArray[Any]], k: int, *, strict: bool) -> NeighbourPass:
    """Return the pass whose arrays `as_arrays` gave."""

    def side(name: str) -> Side:
        own = OwnSet(**{one.name: parts[f"{name}.own.{one.name}"] for one in fields(OwnSet)})
        return Side(own, **{one.name: parts[f"{name}.{one.name}"] for one in fields(Side) if one.name != "own"})

    rest = (parts[name] for name in ("nearest", "nearest_real", "realism"))
    return NeighbourPass(k, not strict, side("real"), side("fake"), *rest)
