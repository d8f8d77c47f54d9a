"""The smallest distances of every row, kept while tiles stream past, and then made exact.

The idea. For each row keep the K = k + `_SPARE` smallest values t of all tiles, and prove afterwards that the k nearest
are among them. Let e bound |t - D| for every squared distance D of that row (see `tiles`), t_(k) be the k-th smallest
value and t_(K) the last one kept.

- k entries have D <= t_(k) + e, so the true k-th smallest distance D_(k) is at most that.
- An entry that was not kept has t >= t_(K), so its D is at least t_(K) - e.
- Where t_(K) > t_(k) + 2 e, then, no entry that was not kept comes as near as the k-th: the answer is among the K. Even
  of these only entries with t <= t_(k) + 2 e may belong to it; they get exact distances, which decide order and ties.

Where the inequality fails (many distances alike within rounding: copies, lattices, a collapsed generator), nothing is
guessed: those rows are searched again in float64, and then with ever more candidates, at last with all of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

import torch
from torch import Tensor

from genharness.functional.exact.closest import closest_of_few
from genharness.functional.exact.small_entries import SmallEntries
from genharness.functional.exact.tiles import (
    Factors,
    Points,
    TileBuffers,
    comparison_error,
    exact_distances,
    tile_side,
    tile_types,
)
from genharness.functional.parallel import side_by_side

__all__ = ["Nearest", "OwnNeighbours", "kth_distances", "nearest_distinct", "own_neighbours"]

_SPARE = 4  # candidates kept beyond k: enough, on common features, to prove that the k nearest are among them

_FEW = 4096
"""Rows up to which the nearest one is found by `closest_of_few`: in half of the time for 1,000, as fast for 10,000."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest distinct rows, nearest first, ties in the order of their first occurrence.

    Attributes:
        distances: `(n, k)` float64, infinite where there are fewer.
        places: `(n, k)` positions in the base `Points`.
    """

    distances: Tensor
    places: Tensor


class _Candidates:
    """The smallest entries seen so far of `n` rows, and the columns that they came from."""

    def __init__(self, n: int, keep: int, dtype: torch.dtype, device: torch.device) -> None:
        self.values = torch.full((n, keep), math.inf, dtype=dtype, device=device)
        self.columns = torch.zeros(n, keep, dtype=torch.int64, device=device)

    def of(self, rows: Tensor) -> _Candidates:
        """Return the candidates of some rows."""
        some = _Candidates(0, 0, self.values.dtype, self.values.device)
        some.values, some.columns = self.values[rows], self.columns[rows]
        return some

    def offer(self, tile: Tensor, row: int, column: int, *, transposed: bool = False) -> None:
        """Take in a tile whose corner is at (`row`, `column`), or at (`column`, `row`) where `transposed`.

        Most of its entries exceed what their row has already; where many do not, as in the first tile, the whole
        tile is searched.
        """
        turned = tile.T if transposed else tile
        known = self.values[row : row + len(turned)]
        worst = tile.new_full((len(turned),), -math.inf)  # of padding: nothing is smaller
        worst[: len(known)] = known[:, -1]
        better = SmallEntries(tile, worst, transposed=transposed)
        if better.many:
            entries = turned.contiguous()[: len(known)]
            values, found = entries.topk(min(known.shape[1], entries.shape[1]), dim=1, largest=False)
            self._merge(torch.arange(row, row + len(known), device=tile.device), values, found + column)
            return
        at, found, values = better.listed()
        if len(at):
            self._merge_runs(at + row, values, found + column)

    def _merge_runs(self, row: Tensor, values: Tensor, columns: Tensor) -> None:
        # Rows come sorted, so the entries of each form a run: lay the runs out as the rows of a padded matrix.
        rows, run, lengths = torch.unique_consecutive(row, return_inverse=True, return_counts=True)
        nth = torch.arange(len(row), device=row.device) - (lengths.cumsum(0) - lengths)[run]
        shape = (len(rows), int(lengths.max()))
        padded_values = values.new_full(shape, math.inf)
        padded_columns = columns.new_zeros(shape)
        padded_values[run, nth] = values
        padded_columns[run, nth] = columns
        self._merge(rows, padded_values, padded_columns)

    def _merge(self, rows: Tensor, values: Tensor, columns: Tensor) -> None:
        # The K smallest of what was known and what is new. Which of equal values stay does not matter: if one that
        # went could belong to the answer, the last one kept equals it, and the row is not proven.
        values = torch.cat([self.values[rows], values], 1)
        columns = torch.cat([self.columns[rows], columns], 1)
        self.values[rows], kept = values.topk(self.values.shape[1], dim=1, largest=False)
        self.columns[rows] = columns.gather(1, kept)


def nearest_distinct(query: Points, base: Points, k: int) -> Nearest:
    """Return the exact `k` nearest distinct rows of `base` for every distinct row of `query`.

    Args:
        query: What to find neighbours of.
        base: Where to find them, another set in one frame with `query`.
        k: How many, at least 1.

    Returns:
        Distances and places for the distinct rows of `query`, fewer than k columns where `base` has fewer rows.
    """
    if k == 1 and len(base) <= _FEW and (closest := closest_of_few(query, base)) is not None:
        return Nearest(*(one[:, None] for one in closest))
    device, shape = base.rows.device, (len(query), min(k, len(base)))
    result = Nearest(
        torch.full(shape, math.inf, dtype=torch.float64, device=device),
        torch.zeros(shape, dtype=torch.int64, device=device),
    )
    _settle_all(query, base, shape[1], partial(_settle_nearest, result, query, base))
    return result


@dataclass(frozen=True, slots=True)
class OwnNeighbours:
    """Distances within a set, and who lies within one of them; rows are distinct ones, and copies count.

    Attributes:
        distances: Float64 `(u, ranks)`, to the neighbour of each rank, infinite where there are not so many other rows.
        row: Int64 `(pairs,)`, ascending.
        member: Int64 `(pairs,)`: distinct rows that are no further from `row` than its neighbour of the first rank.
    """

    distances: Tensor
    row: Tensor
    member: Tensor


def kth_distances(points: Points, k: int) -> Tensor:
    """Return the exact distance of every distinct row to the k-th nearest other row of its set, copies counted.

    Args:
        points: The set.
        k: Which neighbour, at least 1 and less than the number of rows.

    Returns:
        Float64 `(u,)`.
    """
    if k == 1 and 1 < len(points) <= _FEW and (closest := closest_of_few(points, points)) is not None:
        return closest[0].masked_fill_(points.counts > 1, 0.0)
    return _ranked(points, (k,), None).distances[:, 0]


def own_neighbours(points: Points, ranks: Sequence[int]) -> OwnNeighbours:
    """Return the exact distances of every distinct row to its neighbours of some ranks, and those within the first.

    Args:
        points: The set.
        ranks: Which neighbours, each at least 1, copies counted.
    """
    return _ranked(points, tuple(ranks), _Members())


def _ranked(points: Points, ranks: tuple[int, ...], members: _Members | None) -> OwnNeighbours:
    distances = torch.zeros(len(points), len(ranks), dtype=torch.float64, device=points.rows.device)
    others, wanted = len(points) - 1, torch.tensor(ranks, device=points.rows.device)
    if others:
        _settle_all(points, points, min(max(ranks), others), partial(_settle_ranks, distances, points, ranks, members))
    # A row that occurs more than k times has its k-th neighbour among its own copies.
    distances.masked_fill_(points.counts[:, None] > wanted, 0.0)
    distances.masked_fill_(wanted >= points.counts.sum(), math.inf)
    return OwnNeighbours(distances, *(members or _Members()).sorted(points.rows.device))


class _Members:
    """Pairs of rows and neighbours, as threads find them."""

    def __init__(self) -> None:
        self._pairs: list[tuple[Tensor, Tensor]] = []

    def add(self, row: Tensor, member: Tensor) -> None:
        self._pairs.append((row, member))

    def sorted(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """Return all of them, in an order that does not depend on the threads."""
        none = torch.zeros(0, dtype=torch.int64, device=device)
        row, member = (
            torch.cat([none, *column]) for column in (zip(*self._pairs, strict=True) if self._pairs else ((), ()))
        )
        order = (row * (int(member.max()) + 1 if len(member) else 1) + member).argsort()
        return row[order], member[order]


def _settle_all(query: Points, base: Points, k: int, settle: Callable[[Tensor, _Candidates], Tensor]) -> None:
    """Find candidates for the k nearest of all rows of `query`, and ever better ones where `settle` returns rows.

    Tiles are float32 first. Rows whose answer cannot be proven from their candidates, given the tiles' rounding, are
    searched again in float64, then with ever more candidates. Where `query` is `base`, a row is not its own neighbour.
    """
    others, width, device = len(base) - (query is base), base.rows.shape[1], base.rows.device
    buffers = TileBuffers(tile_side(max(len(query), len(base)), width, device), device)
    left = torch.arange(len(query), device=device)
    attempts = _attempts(k, others, width)

    def settled(find: Callable[[Tensor], _Candidates], parts: Sequence[Tensor]) -> Tensor:
        products = len(query) * len(base) * width
        return torch.cat(side_by_side(lambda rows: settle(rows, find(rows)), parts, device, products=products))

    if query is base:  # the first search of a set in itself makes each tile once for both of its sides
        found = _search_within(base, *next(attempts), buffers)
        left = settled(found.of, left.split(buffers.side))
    for dtype, keep in attempts:
        if len(left) == 0:
            break
        parts = left.split(min(buffers.side, max(32, 2**21 // keep)))  # candidates of one part: 2 million at most
        factors = Factors(base, dtype, buffers.side, keep=len(parts) > 1)
        left = settled(partial(_search, query, factors, keep, buffers), parts)


def _attempts(k: int, others: int, width: int) -> Iterator[tuple[torch.dtype, int]]:
    # Each attempt is for the few rows that the one before could not prove. With keep = others nothing is left out, and
    # `_all_of` ends it.
    keep = min(k + _SPARE, others)
    for dtype in tile_types(width):
        yield dtype, keep
    while keep < others:
        keep = min(8 * keep, others)
        yield torch.float64, keep


def _search_within(points: Points, dtype: torch.dtype, keep: int, buffers: TileBuffers) -> _Candidates:
    """Search a set in itself: a tile off the diagonal serves its rows and its columns."""
    found = _Candidates(len(points), keep, dtype, points.rows.device)
    blocks = Factors(points, dtype, buffers.side)
    locks = [Lock() for _ in range(len(blocks))]

    def search(tile_at: tuple[int, int]) -> None:
        i, j = tile_at
        tile = buffers.distances(blocks[i], blocks[j])
        if i == j:
            tile.fill_diagonal_(math.inf)
        with locks[i]:  # two tiles in one row of blocks would otherwise merge into the same candidates
            found.offer(tile, i * buffers.side, j * buffers.side)
        if i != j:
            with locks[j]:
                found.offer(tile, j * buffers.side, i * buffers.side, transposed=True)

    # The tiles on the diagonal come first: they give every row a bound that most of the others fail.
    diagonals = [(i, i + apart) for apart in range(len(blocks)) for i in range(len(blocks) - apart)]
    side_by_side(search, diagonals, points.rows.device, products=len(points) ** 2 * points.rows.shape[1])
    return found


def _search(query: Points, blocks: Factors, keep: int, buffers: TileBuffers, rows: Tensor) -> _Candidates:
    """Search some rows of one set in another, or in their own set without themselves."""
    base, dtype = blocks.points, blocks.dtype
    found = _Candidates(len(rows), keep, dtype, base.rows.device)
    left = query.block(rows, dtype)
    for j, columns in enumerate(blocks.positions):
        tile = buffers.distances(left, blocks[j])
        column = int(columns[0])
        if query is base:
            own = ((rows >= column) & (rows < column + len(columns))).nonzero()[:, 0]
            tile[own, rows[own] - column] = math.inf
        found.offer(tile, 0, column)
    return found


def _settle_nearest(result: Nearest, query: Points, base: Points, rows: Tensor, found: _Candidates) -> Tensor:
    """Write the exact neighbours of those `rows` whose candidates provably contain them; return the other rows."""
    values = found.values.double()
    k = result.distances.shape[1]
    # t_(k) + 2 e: an entry as small as this may be nearer than the one that is k-th by value.
    reach = values[:, k - 1] + _doubt(query, base, rows, found, values[:, k - 1])
    proven = (values[:, -1] > reach) | _all_of(found, len(base))
    exact = _exact_where((values <= reach[:, None]) & proven[:, None], query, base, rows, found)
    # Sorted by first occurrence and then, stably, by exact distance: ties come out in the order of occurrence. What is
    # out of reach has distance infinity here and sorts behind the k.
    by_first = base.first[found.columns].argsort(1)
    order = by_first.gather(1, exact.gather(1, by_first).argsort(dim=1, stable=True))[:, :k]
    result.distances[rows[proven]] = exact.gather(1, order)[proven]
    result.places[rows[proven]] = found.columns.gather(1, order)[proven]
    return rows[~proven]


def _settle_ranks(
    distances: Tensor,
    points: Points,
    ranks: tuple[int, ...],
    members: _Members | None,
    rows: Tensor,
    found: _Candidates,
) -> Tensor:
    """Write the exact distances of those `rows` whose candidates provably hold them; return the other rows.

    An entry's exact value differs from its tile's by e at most, and so does the k-th smallest of them, copies counted:
    moving every number of a list by at most e moves its order statistics by at most e. So entries with t < t_(k) - 2 e
    are nearer for certain (D <= t + e < t_(k) - e <= D_(k)), and only counted; those within 2 e of t_(k) are made
    exact, and the k-th is the one of them by which the count is full.
    """
    windows = [_Window(points, k, rows, found) for k in ranks]
    proven = torch.stack([window.proven for window in windows]).all(0)
    exact = _exact_where(
        torch.stack([window.open for window in windows]).any(0) & proven[:, None], points, points, rows, found
    )
    settled = torch.stack([window.settle(exact) for window in windows], 1)
    distances[rows[proven]] = settled[proven]
    if members is not None:
        row, nth = (windows[0].within(exact, settled[:, 0]) & proven[:, None]).nonzero().T
        members.add(rows[row], found.columns[row, nth])
    return rows[~proven]


class _Window:
    """The candidates that may be the k-th neighbours of some rows."""

    def __init__(self, points: Points, k: int, rows: Tensor, found: _Candidates) -> None:
        values, self._counts = found.values.double(), points.counts[found.columns]
        self._wanted = k + 1 - points.counts[rows, None]  # a row's own copies come first
        kth = values.gather(1, _first_to_reach(self._counts, self._wanted))
        doubt = _doubt(points, points, rows, found, kth[:, 0])[:, None]
        self.proven = (values[:, -1] > (kth + doubt)[:, 0]) | _all_of(found, len(points) - 1)
        self.open = (values - kth).abs() <= doubt
        self._nearer = values < kth - doubt

    def settle(self, exact: Tensor) -> Tensor:
        """Return the exact k-th distances `(n,)`, given those of open candidates."""
        own = exact.masked_fill(~self.open, math.inf)
        order = own.argsort(1)
        left = self._wanted - (self._counts * self._nearer).sum(1, keepdim=True)
        nth = _first_to_reach(self._counts.gather(1, order), left)
        return own.gather(1, order.gather(1, nth))[:, 0]

    def within(self, exact: Tensor, distance: Tensor) -> Tensor:
        """Return which candidates are no further than the k-th distances `(n,)`; none where copies fill it."""
        return (self._nearer | (self.open & (exact <= distance[:, None]))) & (self._wanted > 0)


def _first_to_reach(counts: Tensor, wanted: Tensor) -> Tensor:
    """Return `(n, 1)` the first column by which each row's counts add up to what is wanted, or the last column."""
    return (counts.cumsum(1) < wanted).sum(1, keepdim=True).clamp(max=counts.shape[1] - 1)


def _doubt(query: Points, base: Points, rows: Tensor, found: _Candidates, squared: Tensor) -> Tensor:
    """Return `(n,)` how far apart two entries near `squared` must be for their order to be certain."""
    # 2 e, and on it what rounding may do to an exact distance about as large as the square that is compared.
    dtype = found.values.dtype
    rounding = 2 * (query.error(dtype)[rows] + base.error(dtype).max())
    return rounding + comparison_error((squared + rounding).clamp(min=0), base.rows.shape[1], torch.float64)


def _all_of(found: _Candidates, others: int) -> Tensor:
    return torch.tensor(found.values.shape[1] == others, device=found.values.device)


def _exact_where(wanted: Tensor, query: Points, base: Points, rows: Tensor, found: _Candidates) -> Tensor:
    """Return the candidates' exact distances where they are wanted, and infinity elsewhere."""
    exact = torch.full_like(found.values, math.inf, dtype=torch.float64)
    row, nth = wanted.nonzero().T
    column = found.columns[row, nth]
    exact[row, nth] = exact_distances(query.rows, query.first[rows[row]], base.rows, base.first[column])
    return exact
