"""Squared Euclidean distances a tile at a time, each with a proven error bound; exact distances for chosen pairs.

A distance matrix is never held. A tile is one matrix product, fast but rounded; `Points.error` bounds its rounding,
so that a comparison is either settled by the tile or handed to `exact_distances`, whose value for a pair of rows
depends on those two rows alone: not on the tile, the batch, the order of the arguments or the device. Ties and
duplicates are therefore exact.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import psutil
import torch
from torch import Tensor

from genharness.kit.duplicates import first_equal_rows

__all__ = [
    "Points",
    "TileBuffers",
    "comparison_error",
    "exact_distances",
    "full_precision",
    "side_by_side",
    "tile_side",
    "tile_types",
    "use_workers",
]

_CHUNK_BYTES = 2**23

T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def full_precision(device: torch.device) -> Iterator[None]:
    """Multiply float32 matrices in float32: without TF32, bfloat16 or autocast, whatever the caller has set."""
    with _ieee_products(), torch.autocast(device.type, enabled=False), torch.no_grad():
        yield


@contextmanager
def _ieee_products() -> Iterator[None]:
    try:
        before = torch.get_float32_matmul_precision()
    except RuntimeError:  # the caller has set fp32_precision of a backend, which torch forbids to mix with this
        backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul  # type: ignore[attr-defined]  # untyped
        own = [backend.fp32_precision for backend in backends]
        _set_precision(backends, ["ieee", "ieee"])
        try:
            yield
        finally:
            _set_precision(backends, own)
    else:
        torch.set_float32_matmul_precision("highest")
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)


def _set_precision(backends: tuple[Any, ...], precisions: list[str]) -> None:
    for backend, precision in zip(backends, precisions, strict=True):
        backend.fp32_precision = precision


def side_by_side(function: Callable[[T], R], tasks: Iterable[T], device: torch.device) -> list[R]:
    """Return `function` of every task, run on several threads, each with serial operations (see `use_workers`).

    Tiles need many short operations. Were each split over all cores, it would wait for the slowest of them every
    time: on a machine with other work to do, that takes ten times as long. On CUDA tasks run one after another.
    """
    workers = _workers(device)
    if workers == 1:
        return [function(task) for task in tasks]

    def run(task: T) -> R:
        with full_precision(device):  # autocast and gradients are settings of a thread
            return function(task)

    with ThreadPoolExecutor(workers, initializer=_be_serial) as pool:
        return list(pool.map(run, tasks))


class _Place(threading.local):
    """Whether the current thread is one of several side by side, which run no others beside them."""

    shared = False


_place = _Place()


def _be_serial() -> None:
    torch.set_num_threads(1)
    _place.shared = True


def use_workers(count: int | None) -> None:
    """Make `side_by_side` run `count` threads in this process; None, as at first: as many as torch uses for itself."""
    global _chosen_workers
    _chosen_workers = count


_chosen_workers: int | None = None


def _workers(device: torch.device) -> int:
    if device.type != "cpu" or _place.shared:
        return 1
    return _chosen_workers or torch.get_num_threads()


def tile_side(n: int, d: int, device: torch.device) -> int:
    """Return the side of square tiles: a multiple of 32, bounded by `n` and an eighth of the free memory.

    Args:
        n: Rows of the larger set.
        d: Columns.
        device: Where the tiles will live.
    """
    on_cuda, workers = device.type == "cuda", _workers(device)
    free_bytes = torch.cuda.mem_get_info(device)[0] if on_cuda else psutil.virtual_memory().available
    # A GPU wants few large launches, a core tiles that stay in its cache and several for each to do.
    most = 8192 if on_cuda else min(1024, max(256, math.ceil(n / (4 * workers))))
    side = 32 * math.ceil(min(n, most) / 32)
    # A float64 and a float32 tile, masks and indices of hits; two blocks of rows and their float64 originals.
    while side > 32 and workers * (32 * side**2 + 32 * side * (d + 2)) > free_bytes // 8:
        side = 32 * max(1, side // 64)
    return side


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The distinct rows of a feature matrix, shuffled, and the frame in which their tiles are computed.

    Equal rows are merged first: a collapsed generator would otherwise make every comparison a tie that only
    `exact_distances` settles. The fixed shuffle keeps sorted data from defeating the search for neighbours; it
    does not show in any result. Centring near the data loses the fewest digits; scaling avoids overflow.

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
        """Return these points and `other` in one frame around the mean of these."""
        norms = _squared_norms(other.rows, self.centre)
        scale = min(self.scale, _unit(norms, other.rows.dtype))
        own = replace(self, scale=scale, norms=self.norms * (scale / self.scale) ** 2)
        return own, replace(other, centre=self.centre, scale=scale, norms=norms[other.first] * scale**2)

    def __len__(self) -> int:
        """Return the number of distinct rows."""
        return len(self.first)

    def block(self, positions: Tensor, side: int, dtype: torch.dtype, *, left: bool) -> Tensor:
        """Return a factor `(side, d + 2)` of a tile, padded with rows at infinite distance.

        A left factor `(-2 a, 1, |a|^2)` times a transposed right one `(b, |b|^2, 1)` is `|a - b|^2`.
        """
        rows = self.rows[self.first[positions]]
        width = rows.shape[1]
        factor = torch.empty(side, width + 2, dtype=dtype, device=rows.device)
        centred = rows.to(torch.promote_types(rows.dtype, dtype)).sub_(self.centre)
        torch.mul(centred, -2 * self.scale if left else self.scale, out=factor[: len(rows), :width])
        factor[len(rows) :] = 0
        factor[:, width if left else width + 1] = 1
        norms = factor[:, width + 1 if left else width]
        norms[: len(rows)] = self.norms[positions]
        norms[len(rows) :] = math.inf
        return factor

    def error(self, dtype: torch.dtype) -> Tensor:
        """Return `e` `(u,)` float64: a tile of that type errs by at most `e[i] + e[j]` at rows i and j.

        With unit roundoff u: a product of length d + 2 errs by (d + 2) u times the sum of its absolute terms, at
        most 2 (|a|^2 + |b|^2) (Higham 2002, section 3.1); rounding the rows, by 4 u times that sum without the 2;
        the norms, by at most d u more. The second term covers underflow.
        """
        width = self.rows.shape[1]
        return _relative_error(width, dtype) * self.norms + 4 * (width + 2) * torch.finfo(dtype).tiny

    def blocks(self, side: int) -> tuple[Tensor, ...]:
        """Return the positions 0..u-1 in runs of at most `side`."""
        return tuple(torch.arange(len(self), device=self.rows.device).split(side))


def _relative_error(width: int, dtype: torch.dtype) -> float:
    """Return the bound on a tile's error, relative to the sum of both rows' squared lengths (see `Points.error`)."""
    return 1.1 * (3 * width + 16) * torch.finfo(dtype).eps / 2


def tile_types(width: int) -> tuple[torch.dtype, ...]:
    """Return the types to compute tiles in, the fastest first: float32 unless rows are too long for its bound."""
    short = _relative_error(width, torch.float32) < 0.01
    return (torch.float32, torch.float64) if short else (torch.float64,)


def comparison_error(squared: Tensor, width: int, dtype: torch.dtype) -> Tensor:
    """Return how far rounding may move a threshold on squared distances, tile and exact value both considered."""
    return 4 * (torch.finfo(dtype).eps + width * torch.finfo(torch.float64).eps) * squared


class TileBuffers(threading.local):
    """Memory for one tile of each type, for each thread, reused from tile to tile.

    Args:
        side: Rows and columns of a tile.
        device: Where it lives.
    """

    def __init__(self, side: int, device: torch.device) -> None:
        self.side = side
        self._device = device
        self._buffers: dict[torch.dtype, Tensor] = {}

    def product(self, left: Tensor, right: Tensor) -> Tensor:
        """Return squared distances `(len(left), side)` in the frame's unit; the next call overwrites them."""
        dtype = left.dtype
        if dtype not in self._buffers:
            self._buffers[dtype] = torch.empty(self.side, self.side, dtype=dtype, device=self._device)
        return torch.mm(left, right.T, out=self._buffers[dtype][: len(left)])


def exact_distances(a: Tensor, i: Tensor, b: Tensor, j: Tensor) -> Tensor:
    """Return the Euclidean distances of `a[i]` to `b[j]`, pair by pair.

    Differences are squared and summed in float64 in a fixed tree, so that a pair has one value everywhere.

    Args:
        a: `(n, d)`.
        i: `(pairs,)` rows of a.
        b: `(m, d)`.
        j: `(pairs,)` rows of b.

    Returns:
        Float64 `(pairs,)`.
    """
    size = min(len(i), _chunk_rows(a.shape[1]))
    gathered = a.new_empty(size, a.shape[1])
    workspace = torch.empty_like(gathered, dtype=torch.float64)
    distances = torch.empty(len(i), dtype=torch.float64, device=a.device)
    for start in range(0, len(i), _chunk_rows(a.shape[1])):
        stop = min(start + size, len(i))
        rows, terms = gathered[: stop - start], workspace[: stop - start]
        terms.copy_(torch.index_select(a, 0, i[start:stop], out=rows))
        terms -= torch.index_select(b, 0, j[start:stop], out=rows)
        distances[start:stop] = _tree_sum(terms.square_())
    return distances.sqrt_()


def _tree_sum(terms: Tensor) -> Tensor:
    """Sum each row by folding it in half, in place."""
    width = terms.shape[1]
    while width > 1:
        half = width // 2
        if width % 2:
            terms[:, 0] += terms[:, width - 1]
        terms[:, :half] += terms[:, half : 2 * half]
        width = half
    return terms[:, 0]


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
        raise ValueError(f"features hold values so large that their squares overflow {dtype}: scale them down")
    return 2.0 ** -max(math.ceil(math.log2(math.sqrt(most))), -100) if most > 0 else 1.0
