"""The k smallest distances of every row, kept while tiles stream past, and then made exact."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from threading import Lock

import torch
from torch import Tensor

from genharness.kit.entries import SmallEntries
from genharness.kit.tiles import (
    Points,
    TileBuffers,
    comparison_error,
    exact_distances,
    side_by_side,
    tile_side,
    tile_types,
)

__all__ = ["Nearest", "nearest_distinct"]

_SPARE = 4  # candidates kept beyond k: enough, on common features, to prove that the k nearest are among them


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
        worst = tile.new_full((len(turned),), -math.inf)
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
        values = torch.cat([self.values[rows], values], 1)
        columns = torch.cat([self.columns[rows], columns], 1)
        self.values[rows], kept = values.topk(self.values.shape[1], dim=1, largest=False)
        self.columns[rows] = columns.gather(1, kept)


def nearest_distinct(query: Points, base: Points, k: int) -> Nearest:
    """Return the exact `k` nearest distinct rows of `base` for every distinct row of `query`.

    Tiles are float32 first. A row whose k nearest cannot be proven to be among its candidates, given the tiles'
    rounding, is searched again in float64, then with ever more candidates.

    Args:
        query: What to find neighbours of; where it is `base` itself, a row is not its own neighbour.
        base: Where to find them, in one frame with `query`.
        k: How many, at least 1.

    Returns:
        Distances and places for the distinct rows of `query`, fewer than k columns where `base` has fewer rows.
    """
    others = len(base) - (query is base)
    device = base.rows.device
    shape = (len(query), min(k, others))
    result = Nearest(
        torch.full(shape, math.inf, dtype=torch.float64, device=device),
        torch.zeros(shape, dtype=torch.int64, device=device),
    )
    if others == 0:
        return result
    width = base.rows.shape[1]
    buffers = TileBuffers(tile_side(max(len(query), len(base)), width, device), device)
    left = torch.arange(len(query), device=device)
    attempts = _attempts(shape[1], others, width)
    if query is base:
        found = _search_within(base, *next(attempts), buffers)
        settle = partial(_settle, result, query, base, found)
        left = torch.cat(side_by_side(settle, left.split(buffers.side), device))
    for dtype, keep in attempts:
        if len(left) == 0:
            break
        search = partial(_search_and_settle, result, query, base, dtype, keep, buffers)
        at_once = min(buffers.side, max(32, 2**21 // keep))
        left = torch.cat(side_by_side(search, left.split(at_once), device))
    return result


def _attempts(k: int, others: int, width: int) -> Iterator[tuple[torch.dtype, int]]:
    keep = min(k + _SPARE, others)
    for dtype in tile_types(width):
        yield dtype, keep
    while keep < others:
        keep = min(8 * keep, others)
        yield torch.float64, keep


def _search_within(points: Points, dtype: torch.dtype, keep: int, buffers: TileBuffers) -> _Candidates:
    """Search a set in itself: a tile off the diagonal serves its rows and its columns."""
    found = _Candidates(len(points), keep, dtype, points.rows.device)
    blocks = points.blocks(buffers.side)
    locks = [Lock() for _ in blocks]

    def search(tile_at: tuple[int, int]) -> None:
        i, j = tile_at
        left = points.block(blocks[i], buffers.side, dtype, left=True)
        tile = buffers.product(left, points.block(blocks[j], buffers.side, dtype, left=False))
        if i == j:
            tile.fill_diagonal_(math.inf)
        with locks[i]:
            found.offer(tile, i * buffers.side, j * buffers.side)
        if i != j:
            with locks[j]:
                found.offer(tile, j * buffers.side, i * buffers.side, transposed=True)

    # The tiles on the diagonal come first: they give every row a bound that most of the others fail.
    diagonals = [(i, i + apart) for apart in range(len(blocks)) for i in range(len(blocks) - apart)]
    side_by_side(search, diagonals, points.rows.device)
    return found


def _search_and_settle(
    result: Nearest,
    query: Points,
    base: Points,
    dtype: torch.dtype,
    keep: int,
    buffers: TileBuffers,
    rows: Tensor,
) -> Tensor:
    """Search some rows of one set in another, or in their own set without themselves; return those left unproven."""
    found = _Candidates(len(rows), keep, dtype, base.rows.device)
    left = query.block(rows, len(rows), dtype, left=True)
    for j in base.blocks(buffers.side):
        tile = buffers.product(left, base.block(j, buffers.side, dtype, left=False))
        column = int(j[0])
        if query is base:
            own = ((rows >= column) & (rows < column + len(j))).nonzero()[:, 0]
            tile[own, rows[own] - column] = math.inf
        found.offer(tile, 0, column)
    return _prove(result, query, base, rows, found)


def _settle(result: Nearest, query: Points, base: Points, found: _Candidates, rows: Tensor) -> Tensor:
    return _prove(result, query, base, rows, found.of(rows))


def _prove(result: Nearest, query: Points, base: Points, rows: Tensor, found: _Candidates) -> Tensor:
    """Write the exact neighbours of those `rows` whose candidates provably contain them; return the other rows."""
    dtype, width = found.values.dtype, base.rows.shape[1]
    values = found.values.double()
    k = result.distances.shape[1]
    others = len(base) - (query is base)
    # The k-th nearest lies within `error` of the k-th smallest value, and an entry below `reach` may be nearer.
    error = query.error(dtype)[rows] + base.error(dtype).max()
    reach = values[:, k - 1] + 2 * error
    reach += comparison_error(reach.clamp(min=0), width, torch.float64)
    proven = (values[:, -1] > reach) | torch.tensor(values.shape[1] == others, device=rows.device)
    row, nth = ((values <= reach[:, None]) & proven[:, None]).nonzero().T
    exact = torch.full_like(values, math.inf)
    column = found.columns[row, nth]
    exact[row, nth] = exact_distances(query.rows, query.first[rows[row]], base.rows, base.first[column])
    by_first = base.first[found.columns].argsort(1)
    order = by_first.gather(1, exact.gather(1, by_first).argsort(dim=1, stable=True))[:, :k]
    result.distances[rows[proven]] = exact.gather(1, order)[proven]
    result.places[rows[proven]] = found.columns.gather(1, order)[proven]
    return rows[~proven]
