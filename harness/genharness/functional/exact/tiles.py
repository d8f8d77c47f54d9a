"""Squared Euclidean distances a tile at a time, each with a proven error bound; exact distances for chosen pairs.

The idea. Neighbour scores compare distances and need none of them for itself, so it is enough to know each one as well
as its comparison asks. With ||a - b||^2 = |a|^2 + |b|^2 - 2 a.b, a tile of n x m distances is one matrix product, the
fastest thing a processor does; but what cancels in that sum leaves rounding behind, worst where distances are small.
`Points.error` bounds what it leaves,

    |tile[i, j] - ||a_i - b_j||^2| <= e_i + e_j,

one term for each row, so that a whole tile is compared with thresholds moved by e. Whatever lies further from its
threshold than the bound is settled by the tile: nearly all of it. The few others are handed to `exact_distances`, whose
value for a pair of rows depends on those two rows alone: not on the tile, the batch, the order of the arguments or the
device. Ties and duplicates are therefore exact, and a distance matrix is never held.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import psutil
import torch
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.exact.duplicates import first_equal_rows
from genharness.functional.parallel import side_by_side, workers

__all__ = [
    "Block",
    "Factors",
    "Points",
    "TileBuffers",
    "comparison_error",
    "exact_distances",
    "tile_side",
    "tile_types",
]

_CHUNK_BYTES = 2**23  # of float64 temporaries at a time
_PAIR_BYTES = 2**20  # of the rows of chosen pairs: their few passes over it then stay within a core's own cache
_NARROW = 64  # columns from which rows are folded side by side
_KEPT_SHARE = 1 / 4  # of the free memory, for the factors of one set


def tile_side(n: int, d: int, device: torch.device) -> int:
    """Return the side of square tiles: a multiple of 32, bounded by `n` and an eighth of the free memory.

    Args:
        n: Rows of the larger set.
        d: Columns.
        device: Where the tiles will live.
    """
    on_cuda, threads = device.type == "cuda", workers(device, n * n * d)
    # A GPU wants few large launches, a core tiles that stay in its cache and several for each to do: with n / 4 t rows
    # to a side, a set against itself makes 8 t^2 tiles for t threads, so that none waits long for the last of another.
    # One thread waits for nobody, and its tiles are as large as its cache allows.
    most = 8192 if on_cuda else min(1024, max(256, math.ceil(n / (4 * threads)) if threads > 1 else n))
    side = 32 * math.ceil(min(n, most) / 32)
    # An entry takes 12 bytes in a float64 and a float32 tile and up to 20 in masks and indices of hits; two blocks of
    # rows, with their float64 originals, take 2 x 16 bytes a value. Every thread has its own.
    while side > 32 and threads * (32 * side**2 + 32 * side * d) > _free_bytes(device) // 8:
        side = 32 * max(1, side // 64)
    return side


def _free_bytes(device: torch.device) -> int:
    return torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else psutil.virtual_memory().available


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a set in its frame, ready to be multiplied; their number is a multiple of 32, the last ones padding.

    Attributes:
        rows: `(side, d)`.
        norms: `(side,)` their squared lengths, infinite for padding.
    """

    rows: Tensor
    norms: Tensor

    @classmethod
    def empty(cls, like: Tensor, size: int, dtype: torch.dtype) -> Block:
        """Return memory for at least `size` rows."""
        side = 32 * math.ceil(size / 32)
        return cls(like.new_empty(side, like.shape[1], dtype=dtype), like.new_empty(side, dtype=dtype))

    def __getitem__(self, part: slice) -> Block:
        """Return a view of some rows."""
        return Block(self.rows[part], self.norms[part])


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The distinct rows of a feature matrix, shuffled, and the frame in which their tiles are computed.

    Equal rows are merged first: a collapsed generator would otherwise make every comparison a tie that only
    `exact_distances` settles. The fixed shuffle keeps sorted data from defeating the search for neighbours, which
    expects the first tiles to be a fair sample of all; it does not show in any result. A distance does not depend on
    the origin and the error of a tile does, by |a|^2 + |b|^2: the mean makes the sum of these smallest. The scale keeps
    squares from overflow, and being a power of two it changes no digit.

    Attributes:
        rows: `(n, d)` as the caller gave them.
        first: `(u,)` the index in `rows` of each distinct row's first occurrence.
        counts: `(u,)` how often each occurs.
        place: `(n,)` where each of `rows` stands among the distinct ones.
        centre: `(d,)` the frame's origin, of the type of the rows.
        scale: The frame's unit, a power of two, by which every centred row has length 1 or less.
        norms: `(u,)` float64 squared lengths in the frame.
    """

    rows: Tensor
    first: Tensor
    counts: Tensor
    place: Tensor
    centre: Tensor
    scale: float
    norms: Tensor

    @classmethod
    def of(cls, rows: Tensor) -> Points:
        """Find the distinct rows, and centre them on their mean.

        Args:
            rows: `(n, d)` float32 or float64.

        Raises:
            ValueError: Squares of the values overflow the type of the rows.
        """
        # The mean is rounded to the type of the rows, and that rounded point is the origin from then on: any point
        # would do as long as everything is measured from the same one.
        centre = torch.zeros(rows.shape[1], dtype=torch.float64, device=rows.device)
        for part in rows.split(_chunk_rows(rows.shape[1])):
            centre += part.sum(0, dtype=torch.float64)
        centre = (centre / len(rows)).to(rows.dtype)
        norms = _squared_norms(rows, centre)
        kept, place, counts = torch.unique(first_equal_rows(rows, norms), return_inverse=True, return_counts=True)
        order = torch.randperm(len(kept), generator=torch.Generator().manual_seed(0)).to(rows.device)
        first = kept[order]
        scale = _unit(norms, rows.dtype)
        return cls(rows, first, counts[order], order.argsort()[place], centre, scale, norms[first] * scale**2)

    def together_with(self, other: Points) -> tuple[Points, Points]:
        """Return these points and `other` in one frame around the mean of these.

        Norms are only rescaled by a power of two, which is exact. Where the other set lies far off, its rows are long
        and their error terms large: the tiles then leave more to `exact_distances`, and the answer stays the same.
        """
        norms = _squared_norms(other.rows, self.centre)
        scale = min(self.scale, _unit(norms, other.rows.dtype))
        own = replace(self, scale=scale, norms=self.norms * (scale / self.scale) ** 2)
        return own, replace(other, centre=self.centre, scale=scale, norms=norms[other.first] * scale**2)

    def reordered(self, order: Tensor) -> Points:
        """Return the same set with its distinct rows in another order, a permutation `(u,)` of their positions."""
        moved = self.chosen(order, self.counts[order])
        return replace(moved, place=order.argsort()[self.place])

    def chosen(self, positions: Tensor, counts: Tensor) -> Points:
        """Return some of the distinct rows in this frame, as often as `counts` says; `place` stays that of the set."""
        return replace(self, first=self.first[positions], counts=counts, norms=self.norms[positions])

    def __len__(self) -> int:
        """Return the number of distinct rows."""
        return len(self.first)

    def block(self, positions: Tensor, dtype: torch.dtype) -> Block:
        """Return some of the rows, ready to be multiplied."""
        return self.write(positions, Block.empty(self.rows, len(positions), dtype))

    def write(self, positions: Tensor, out: Block) -> Block:
        """Write some of the rows into a block, and padding after them."""
        # Centred in the wider of both types: a float64 row becomes float32 after the origin was taken off. Rows of
        # padding are zeros of infinite norm, so their distances are infinite and no search or ball ever finds them.
        rows = self.rows[self.first[positions]]
        centred = rows.to(torch.promote_types(rows.dtype, out.rows.dtype)).sub_(self.centre)
        torch.mul(centred, self.scale, out=out.rows[: len(rows)])
        out.norms[: len(rows)] = self.norms[positions]
        out.rows[len(rows) :] = 0
        out.norms[len(rows) :] = math.inf
        return out

    def error(self, dtype: torch.dtype) -> Tensor:
        """Return `e` `(u,)` float64: a tile of that type errs by at most `e[i] + e[j]` at rows i and j.

        Proof sketch, to first order in the unit roundoff u, with S = |a|^2 + |b|^2 and 2 sum_k |a_k b_k| <= S:

        - Rows: every centred value is rounded, a_k (1 + u), so each product a_k b_k is off by 2 u and 2 a.b by 2 u S.
        - Norms: differences (2 u), squares (u) and d - 1 additions in float64, then one rounding to the tile's type:
          by (d + 3) u S at most, where the tile is float64 itself.
        - Sum: each of the d + 2 terms of |a|^2 + |b|^2 - 2 a.b goes through d + 2 roundings at most, its product and
          the additions in whatever order the library chooses (Higham 2002, section 3.1). That is (d + 2) u times the
          sum of their absolute values, which is at most S + S: 2 (d + 2) u S.

        Together (3 d + 9) u S. `_relative_error` takes (3 d + 16) and a tenth more, for terms in u^2 and for the second
        rounding of float64 rows, and S splits into a part for each row. The last term is for underflow: in the frame no
        value exceeds 1, so each of the some 3 d operations that may flush to zero is off by a few `tiny`. Products must
        be made in that type and no shorter one: see `full_precision`.
        """
        width = self.rows.shape[1]
        return _relative_error(width, dtype) * self.norms + 4 * (width + 2) * torch.finfo(dtype).tiny


def _relative_error(width: int, dtype: torch.dtype) -> float:
    """Return the bound on a tile's error, relative to the sum of both rows' squared lengths (see `Points.error`)."""
    return 1.1 * (3 * width + 16) * torch.finfo(dtype).eps / 2


def tile_types(width: int) -> tuple[torch.dtype, ...]:
    """Return the types to compute tiles in, the fastest first: float32 unless rows are too long for its bound.

    Below 0.01 the terms in u^2, which `Points.error` leaves out, are 0.01 times those in u, and its tenth covers them.
    """
    short = _relative_error(width, torch.float32) < 0.01
    return (torch.float32, torch.float64) if short else (torch.float64,)


def comparison_error(squared: Tensor, width: int, dtype: torch.dtype) -> Tensor:
    """Return how far rounding may move a threshold on squared distances, tile and exact value both considered.

    The tile's side: squaring the threshold and rounding it to the tile's type, with room to spare in 4 eps = 8 u. The
    exact side: `exact_distances` rounds a difference and a square, adds in a tree at most 2 log2(d) + 1 deep, and takes
    a root; squared, that is (6 + 2 log2 d) u of float64, less than 4 d eps = 8 d u for every d.
    """
    return 4 * (torch.finfo(dtype).eps + width * torch.finfo(torch.float64).eps) * squared


class Factors:
    """The blocks of a set in one type: made once and kept where memory allows, else made whenever they are asked for.

    Args:
        points: The set.
        dtype: The type of its tiles.
        side: Rows of a block, a multiple of 32; the last one may have fewer.
        keep: Whether every block is needed more than once.
    """

    def __init__(self, points: Points, dtype: torch.dtype, side: int, *, keep: bool = True) -> None:
        self.points = points
        self.dtype = dtype
        self.positions = torch.arange(len(points), device=points.rows.device).split(side)
        self.side = side
        self._kept = self._all() if keep and self._fits() else None

    def __len__(self) -> int:
        """Return the number of blocks."""
        return len(self.positions)

    def __getitem__(self, i: int) -> Block:
        """Return block `i`, the rows at `positions[i]`."""
        if self._kept is not None:
            return self._kept[i * self.side : (i + 1) * self.side]
        return self.points.block(self.positions[i], self.dtype)

    def _fits(self) -> bool:
        device, width = self.points.rows.device, self.points.rows.shape[1]
        return len(self.points) * width * self.dtype.itemsize <= _KEPT_SHARE * _free_bytes(device)

    def _all(self) -> Block:
        kept = Block.empty(self.points.rows, len(self.points), self.dtype)
        n, width = self.points.rows.shape
        side_by_side(partial(self._fill, kept), range(len(self)), self.points.rows.device, products=n * n * width)
        return kept

    def _fill(self, kept: Block, i: int) -> None:
        self.points.write(self.positions[i], kept[i * self.side : (i + 1) * self.side])


class TileBuffers(threading.local):
    """Memory for one tile of each type, for each thread, reused from tile to tile.

    Args:
        side: The most rows and columns of a tile.
        device: Where it lives.
    """

    def __init__(self, side: int, device: torch.device) -> None:
        self.side = side
        self._device = device
        self._buffers: dict[torch.dtype, Tensor] = {}

    def empty(self, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Return memory for a tile; the next call for that type gives the same."""
        if dtype not in self._buffers:
            self._buffers[dtype] = torch.empty(self.side**2, dtype=dtype, device=self._device)
        return self._buffers[dtype][: math.prod(shape)].view(shape)

    def distances(self, left: Block, right: Block) -> Tensor:
        """Return squared distances `(len(left), len(right))` in the frame's unit; the next call overwrites them."""
        dtype, shape = left.rows.dtype, (len(left.rows), len(right.rows))
        tile = self.empty(shape, dtype)
        # |a|^2 + |b|^2 first, and the product accumulated on it: one pass over the tile less than the other way round.
        # The result may be a little below 0; thresholds allow for it like for any other rounding.
        torch.add(left.norms[:, None], right.norms, out=tile)
        return tile.addmm_(left.rows, right.rows.T, alpha=-2)


def exact_distances(a: Tensor, i: Tensor, b: Tensor, j: Tensor) -> Tensor:
    """Return the Euclidean distances of `a[i]` to `b[j]`, pair by pair.

    Differences are squared and summed in float64 in a fixed tree, so that a pair has one value everywhere: a library's
    sum may take another order for another width, alignment or device, and d(a, b) would not equal itself. |a - b| is
    |b - a| to the last digit, so the order of the two does not matter either.

    Args:
        a: `(n, d)`.
        i: `(pairs,)` rows of a.
        b: `(m, d)`.
        j: `(pairs,)` rows of b.

    Returns:
        Float64 `(pairs,)`.
    """
    most = max(1, _PAIR_BYTES // (8 * a.shape[1]))
    size = min(len(i), most)
    gathered = a.new_empty(size, a.shape[1])
    workspace = torch.empty_like(gathered, dtype=torch.float64)
    distances = torch.empty(len(i), dtype=torch.float64, device=a.device)
    for start in range(0, len(i), most):
        stop = min(start + size, len(i))
        rows, terms = gathered[: stop - start], workspace[: stop - start]
        terms.copy_(torch.index_select(a, 0, i[start:stop], out=rows))
        terms -= torch.index_select(b, 0, j[start:stop], out=rows)
        distances[start:stop] = _tree_sum(terms.square_())
    return _roots(distances)


def _roots(squares: Tensor) -> Tensor:
    """Take square roots in place, correctly rounded as IEEE 754 has them: torch's are not, on some processors."""
    if squares.device.type != "cpu":
        return squares.sqrt_()
    np.sqrt(squares.numpy(), out=squares.numpy())
    return squares


def _tree_sum(terms: Tensor) -> Tensor:
    """Sum each row by folding it in half, in place.

    Pairwise addition: log2(d) roundings on the way of a term instead of d, and every step is one long vector addition.
    """
    while terms.shape[1] > _NARROW:
        terms = _folded(terms)
    columns = terms.T.contiguous().T  # few columns: additions along them are longer than along the rows
    while columns.shape[1] > 1:
        columns = _folded(columns)
    return columns[:, 0]


def _folded(terms: Tensor) -> Tensor:
    width = terms.shape[1]
    half = width // 2
    if width % 2:  # the odd one joins the first
        terms[:, 0] += terms[:, width - 1]
    return terms[:, :half].add_(terms[:, half : 2 * half])


def _chunk_rows(width: int) -> int:
    return max(1, _CHUNK_BYTES // (8 * width))


def _squared_norms(rows: Tensor, centre: Tensor) -> Tensor:
    # One workspace, and results written in place: small ones kept between large temporaries scatter the heap.
    size = min(len(rows), _chunk_rows(rows.shape[1]))
    workspace = torch.empty(size, rows.shape[1], dtype=torch.float64, device=rows.device)
    norms = torch.empty(len(rows), dtype=torch.float64, device=rows.device)
    for part, norm in zip(rows.split(size), norms.split(size), strict=True):
        terms = torch.sub(part, centre.double(), out=workspace[: len(part)])
        torch.sum(terms.square_(), 1, out=norm)
    return norms


def _unit(norms: Tensor, dtype: torch.dtype) -> float:
    """Return the power of two, at most 2^100, that brings the longest row to length 1 or less."""
    most = norms.max().item()
    if not most <= torch.finfo(dtype).max:
        raise NotDefinedError(f"features hold values so large that their squares overflow {dtype}: scale them down")
    return 2.0 ** -max(math.ceil(math.log2(math.sqrt(most))), -100) if most > 0 else 1.0
