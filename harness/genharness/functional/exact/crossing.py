"""Reals and fakes in each other's balls, in one pass over their distances.

A strip is one block of reals against all fakes. Within it, what is counted of its reals is complete and what is counted
of the fakes is a part; strips share nothing that is written but the sums that they are added to at their end.

Rows here are distinct ones: a row that occurs w times counts w times, as a point and as a ball.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from threading import Lock

import torch
from torch import Tensor

from genharness.functional.exact.balls import Balls, BallsInTiles, Near, near, settled
from genharness.functional.exact.closest import Closest
from genharness.functional.exact.ratios import LargestRatio
from genharness.functional.exact.small_entries import group_minima
from genharness.functional.exact.tiles import Factors, Points, TileBuffers, tile_side, tile_types
from genharness.functional.parallel import side_by_side

__all__ = ["Crossing", "Held", "blocks_of", "cross"]

_WAITING = 2**20  # pairs at most before they are counted: counting costs by the call
_DOUBTFUL_SHARE = 1 / 64  # of a float32 tile: above it, a float64 tile costs less than settling pairs one by one


@dataclass(frozen=True, slots=True)
class Held:
    """What the balls of one side hold of the other.

    Attributes:
        in_ball: Float64 `(u, radii)`: how many rows of the other side lie in the balls of each centre.
        held_by: Float64 `(other u, radii)`: in how many balls each point of the other side lies.
        owner: Int64 `(other u,)`: the sum of the positions of the balls of the first radius that hold a point: where
            one ball holds it, that ball.
        shell: Centres and points `(pairs,)`, the points in the second radius but not in the first: of points that one
            ball of the first radius holds at most. Without pairs, where they were not asked for.
        few: Centres and points `(pairs,)` of the first radius, for balls that hold few. Likewise.
        nearest: For each fake, distance and position of the nearest real; else, and where not asked for, None.
    """

    in_ball: Tensor
    held_by: Tensor
    owner: Tensor
    shell: tuple[Tensor, Tensor]
    few: tuple[Tensor, Tensor]
    nearest: tuple[Tensor, Tensor] | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """What each side's balls hold.

    Attributes:
        of_real: Of the fakes.
        of_fake: Of the reals.
        ratio: Float64 `(fakes,)`: the largest ratio of a real's radius to its distance; None where not asked for.
    """

    of_real: Held
    of_fake: Held
    ratio: Tensor | None


def cross(
    real: Balls,
    fake: Balls,
    *,
    pairs: int = 0,
    nearest: bool = False,
    ratio_radii: Tensor | None = None,
    blocks: tuple[Factors | None, Factors | None] = (None, None),
) -> Crossing:
    """Count which points lie in which balls.

    Args:
        real: Balls around the reals.
        fake: Balls around the fakes, in the same frame.
        pairs: List the pairs of shells and of balls of reals that hold so many at most (see `Held`); 0 lists none.
        nearest: Whether the real that is nearest to every fake is found.
        ratio_radii: Float64 `(reals,)`: finds for every fake the largest ratio of these to the distances.
        blocks: `blocks_of` either side, where they were made already.
    """
    device, width = real.points.rows.device, real.points.rows.shape[1]
    larger = max(len(real.points), len(fake.points))
    real_blocks, fake_blocks = (
        blocks_of(balls.points, larger) if known is None else known
        for balls, known in zip((real, fake), blocks, strict=True)
    )
    buffers = TileBuffers(max(real_blocks.side, fake_blocks.side), device)
    first, *others = tile_types(width)
    # What the fastest type leaves open is rarely much, so that blocks of the others are made when they are needed.
    sides = [_Sides(BallsInTiles(real, first, real_blocks), BallsInTiles(fake, first, fake_blocks))]
    for dtype in others:
        again = (Factors(blocks.points, dtype, blocks.side, keep=False) for blocks in (real_blocks, fake_blocks))
        sides.append(_Sides(*(BallsInTiles(*one) for one in zip((real, fake), (dtype, dtype), again, strict=True))))
    closest = Closest(fake.points, real.points) if nearest else None
    total = _Totals(
        _Tally(real, fake, None, shells=pairs > 0, few=pairs), _Tally(fake, real, closest, shells=pairs > 0, few=0)
    )
    ratio = None if ratio_radii is None else LargestRatio(real.points, ratio_radii, fake.points)
    tiles = _Tiles(sides, buffers, ratio)
    products = len(real.points) * len(fake.points) * width
    side_by_side(partial(_strip, tiles, total), range(len(sides[0].real.blocks)), device, products=products)
    return Crossing(total.of_real.held(), total.of_fake.held(), None if ratio is None else ratio.settle())


def blocks_of(points: Points, larger: int) -> Factors:
    """Return the blocks of the type that is tried first.

    Args:
        points: One side, in one frame with the other.
        larger: Distinct rows of the larger side.
    """
    width, device = points.rows.shape[1], points.rows.device
    return Factors(points, tile_types(width)[0], tile_side(larger, width, device))


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sets in tiles of one type."""

    real: BallsInTiles
    fake: BallsInTiles


@dataclass(frozen=True, slots=True)
class _Tiles:
    """What tiles are made of: both sets in tiles of each type, memory, and what looks at them beside the balls."""

    sides: list[_Sides]
    buffers: TileBuffers
    ratio: LargestRatio | None


class _Tally:
    """Counts of one side's balls and the other side's points.

    Args:
        own: The balls.
        other: Whose points they hold.
        closest: Finds the nearest points, or None.
        shells: Whether pairs of shells are listed.
        few: Pairs of balls that hold so many at most are listed; 0: none.
    """

    def __init__(self, own: Balls, other: Balls, closest: Closest | None, *, shells: bool, few: int) -> None:
        self.own, self.other, self.closest = own, other, closest
        self._rows, self._balls = other.points.counts.double(), own.weight
        self._shells, self._few = shells, few
        like, radii = own.radii, own.radii.shape[1]
        self.in_ball = torch.zeros_like(like)
        self.held_by = like.new_zeros(len(other.points), radii)
        self.owner = torch.zeros(len(other.points), dtype=torch.int64, device=like.device)
        self.shell: list[tuple[Tensor, Tensor]] = []
        self.few: list[tuple[Tensor, Tensor]] = []
        self._waiting: list[Near] = []

    def part(self) -> _Tally:
        """Return one that is empty, to be added to this one."""
        return _Tally(self.own, self.other, self.closest, shells=self._shells, few=self._few)

    def take(self, found: Near) -> None:
        """Take in the pairs of a tile; they are counted when there are many, and at the end."""
        if self.closest is not None and found.candidates is not None:
            self.closest.offer(found.candidates)
        self._waiting.append(found)
        if sum(len(one.centre) for one in self._waiting) > _WAITING:
            self.count()

    def count(self) -> None:
        """Count the pairs that wait."""
        if not self._waiting:
            return
        centre, point, inside = settled(self.own, self.other.points, self._waiting)
        self._waiting.clear()
        self.in_ball.index_add_(0, centre, inside * self._rows[point, None])
        self.held_by.index_add_(0, point, inside * self._balls[centre, None])
        within = inside[:, 0]
        if self._few:
            self.few.append((centre[within], point[within]))
        if self._shells:
            self.owner.index_add_(0, point[within], centre[within])
            between = inside[:, 1] & ~within
            self.shell.append((centre[between], point[between]))
        self._prune()

    def _prune(self) -> None:
        """Drop pairs of shells whose point is held by two balls already, and of balls that hold too many already."""
        centre, point = _joined(self.shell, self.owner)
        lonely = self.held_by[point, 0] <= 1
        self.shell = [(centre[lonely], point[lonely])]
        centre, point = _joined(self.few, self.owner)
        sparse = self.in_ball[centre, 0] <= self._few
        self.few = [(centre[sparse], point[sparse])]

    def add(self, part: _Tally) -> None:
        """Add a part."""
        self.in_ball += part.in_ball
        self.held_by += part.held_by
        self.owner += part.owner
        self.shell += part.shell
        self.few += part.few

    def held(self) -> Held:
        """Return the counts, once they are complete."""
        self._prune()
        nearest = None if self.closest is None else self.closest.settle()
        return Held(self.in_ball, self.held_by, self.owner, self.shell[0], self.few[0], nearest)


@dataclass(frozen=True, slots=True)
class _Totals:
    """The sums that all strips are added to."""

    of_real: _Tally
    of_fake: _Tally
    lock: Lock = field(default_factory=Lock)


def _strip(tiles: _Tiles, total: _Totals, i: int) -> None:
    """Add the reals of block `i` against all fakes."""
    of_real, of_fake = total.of_real.part(), total.of_fake.part()
    for j in range(len(tiles.sides[0].fake.blocks)):
        of_reals, of_fakes = _compare(tiles, i, j, of_real.closest, of_fake.closest)
        of_real.take(of_reals)
        of_fake.take(of_fakes)
    of_real.count()
    of_fake.count()
    with total.lock:
        total.of_real.add(of_real)
        total.of_fake.add(of_fake)


def _compare(tiles: _Tiles, i: int, j: int, of_real: Closest | None, of_fake: Closest | None) -> tuple[Near, Near]:
    """Return the fakes of block `j` in or near balls of the reals of block `i`, and these in or near balls of those."""
    for pair in tiles.sides:
        real, fake = pair.real, pair.fake
        reals, fakes = real.blocks.positions[i], fake.blocks.positions[j]
        tile = tiles.buffers.distances(real.blocks[i], fake.blocks[j])
        minima, of_columns = group_minima(tile), group_minima(tile, transposed=True)
        of_reals = near(tile, real, reals, fake, fakes, minima, of_real)
        of_fakes = near(tile, fake, fakes, real, reals, of_columns, of_fake, transposed=True)
        doubtful, ratios = of_reals.doubtful + of_fakes.doubtful, None
        if tiles.ratio is not None and tiles.ratio.counts_in(reals):
            ratios = tiles.ratio.look(tile, reals, fakes)  # the last to look: it overwrites the tile
            doubtful += len(ratios[0])
        if doubtful <= _DOUBTFUL_SHARE * tile.numel():
            break  # few enough to be settled pair by pair; after the last type it is done so in any case
    if tiles.ratio is not None and ratios is not None:
        tiles.ratio.offer(ratios)
    return of_reals, of_fakes


def _joined(pairs: list[tuple[Tensor, Tensor]], like: Tensor) -> tuple[Tensor, Tensor]:
    none = like.new_zeros(0)
    centres, points = zip((none, none), *pairs, strict=True)
    return torch.cat(centres), torch.cat(points)
