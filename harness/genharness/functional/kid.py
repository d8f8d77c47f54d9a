"""Kernel Inception Distance: unbiased squared maximum mean discrepancy with a cubic kernel.

k(x, y) = (x y' / d + 1)^3. With subsets as columns of zeros and ones U, the sum of every subset's kernel values is on
the diagonal of U' K U: one tiled pass over K serves them all. A pass costs the whole K, so for many samples and few
or small subsets these are taken one by one. K is never held: memory beyond the features is a tile and U, in batches.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.checks import ArrayLike, as_features, check_same_width, check_whole, legacy_seed
from genharness.functional.parallel import full_precision, side_by_side

__all__ = ["KID", "kid", "unbiased_mmd2"]

_WEIGHT_BYTES = 2**28
_VISIBLE = 1e-2
"""Share of the score that one kernel value's rounding may have; over a subset's pairs it averages out."""
_HIDES = 0.1
"""The same share beyond which float64 leaves little but rounding; half a dozen roundings make up such a score."""
_TILE = {"cpu": (1024, 2048), "cuda": (4096, 8192)}
_Draw = tuple[Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class KID:
    """Kernel Inception Distance over subsets.

    Attributes:
        mean: Mean over subsets; the estimate is unbiased, so it may lie below 0.
        std: Standard deviation over subsets (divided by their number).
        subset_size: Samples that a subset takes of each set.
    """

    mean: float
    std: float
    subset_size: int


def kid(real: ArrayLike, fake: ArrayLike, *, subsets: int = 100, subset_size: int = 1000, seed: int = 2020) -> KID:
    """Return the Kernel Inception Distance: the unbiased MMD^2, averaged over random subsets.

    Binkowski et al. 2018, "Demystifying MMD GANs", section 4: degree 3, gamma 1/d, coefficient 1. The subsets are
    those of torch-fidelity for the same seed, its first input being the fakes.

    Args:
        real: Features `(n, d)`, n >= 2, on any device. The kernel is computed in their type, its
            sums in float64; where float32 would drown the score in rounding, all of it in float64.
        fake: Features `(m, d)`, m >= 2, on the same device.
        subsets: How many, at least 1.
        subset_size: Samples of each set in a subset, at least 2; where a set is smaller, all of it.
        seed: Of the choice of subsets.

    Returns:
        Mean and standard deviation over subsets.

    Raises:
        TypeError: Features are not real numbers, or a whole number is none.
        ValueError: Features are not a matrix, fewer than two, not finite, too large, so far from 0 that even float64
            leaves rounding alone, or of different widths or devices; or `subsets` or `subset_size` is too small.

    Example:
        >>> real, fake = np.ones((3, 1)), np.full((5, 1), 2.0)  # k is 8 within real, 125 within fake, 27 across
        >>> kid(real, fake, subsets=10, subset_size=3)  # 8 + 125 - 2 * 27
        KID(mean=79.0, std=0.0, subset_size=3)
    """
    a, b = _pair(real, fake)
    size = min(check_whole(subset_size, "subset_size", 2), len(a), len(b))
    check_whole(subsets, "subsets")
    scores = _in_enough_digits(lambda x, y: _scores(x, y, size, subsets, seed), a, b)
    mean, deviation = _checked(torch.stack([scores.mean(), scores.std(correction=0)])).tolist()
    return KID(mean, deviation, size)


def _in_enough_digits(score: Callable[[Tensor, Tensor], Tensor], a: Tensor, b: Tensor) -> Tensor:
    """Return the scores of two sets in their type, or in float64 where float32 would drown them in rounding.

    Raises:
        NotDefinedError: If float64 drowns them too, or the kernel overflows.
    """
    with full_precision(a.device):
        found = score(a, b)
        if a.dtype == torch.float32 and not _rounding(a, b) <= _VISIBLE * _size(found) < math.inf:
            a, b = a.double(), b.double()
            found = score(a, b)
        found = _checked(found)
        drowned = a.dtype == torch.float64 and _rounding(a, b) > _HIDES * _size(found)
    if drowned and not (_is_one_point(a) and _is_one_point(b)):
        raise NotDefinedError(
            "features lie so far from 0 that the kernel's rounding is more than the score: take off their mean"
        )
    return found


def _scores(a: Tensor, b: Tensor, size: int, subsets: int, seed: int) -> Tensor:
    """Return the unbiased MMD^2 of every subset, float64 `(subsets,)`."""
    most = max(1, _WEIGHT_BYTES // (a.element_size() * (len(a) + len(b))))
    values = []
    for batch in _batches(_draws(len(a), len(b), size, subsets, seed), most):
        # Both cost (n + m)^2 kernel values, the one in all, the other per subset.
        one_pass = (len(a) + len(b)) ** 2 <= len(batch) * (2 * size) ** 2
        values.append(_mmd2_together(a, b, batch) if one_pass else _mmd2_one_by_one(a, b, batch))
    return torch.cat(values)


def _rounding(a: Tensor, b: Tensor) -> float:
    """Return what rounding may do to one kernel value: features far from the origin make values that cancel out."""
    longest = torch.stack([torch.linalg.vector_norm(rows, dim=1).max() for rows in (a, b)]).max().double()
    return float(torch.finfo(a.dtype).eps * _kernel_of(longest.square(), a.shape[1]))


def _size(scores: Tensor) -> float:
    return float(torch.stack([scores.mean().abs(), scores.std(correction=0)]).max())


def _is_one_point(rows: Tensor) -> bool:
    return bool((rows == rows[0]).all())


def unbiased_mmd2(real: ArrayLike, fake: ArrayLike) -> float:
    """Return the unbiased MMD^2 of all samples; it may lie below 0.

    Gretton et al. 2012, "A Kernel Two-Sample Test", equation 3, with the kernel of `kid`. The sets may differ in size;
    otherwise arguments and errors are those of `kid`.

    Example:
        >>> unbiased_mmd2(np.ones((3, 1)), np.full((5, 1), 2.0))
        79.0
    """
    return float(_in_enough_digits(_mmd2_of_all, *_pair(real, fake)))


def _pair(real: ArrayLike, fake: ArrayLike) -> tuple[Tensor, Tensor]:
    a, b = as_features(real, "real"), as_features(fake, "fake")
    check_same_width(a, "real", b, "fake")
    for rows, name in ((a, "real"), (b, "fake")):
        if len(rows) < 2:
            raise NotDefinedError(f"{name} has one sample, and an unbiased estimate needs at least two")
    common = torch.promote_types(a.dtype, b.dtype)
    return a.to(common), b.to(common)


def _checked(values: Tensor) -> Tensor:
    if not torch.isfinite(values).all():
        raise NotDefinedError("features hold values so large that their kernel overflows: scale them down")
    return values


def _draws(real: int, fake: int, size: int, subsets: int, seed: int) -> Iterator[_Draw]:
    rng = np.random.RandomState(legacy_seed(seed))  # the legacy generator, because it is torch-fidelity's
    for _ in range(subsets):
        of_fake = rng.choice(fake, size, replace=False)
        of_real = rng.choice(real, size, replace=False)
        yield torch.from_numpy(of_real), torch.from_numpy(of_fake)


def _batches(draws: Iterator[_Draw], most: int) -> Iterator[list[_Draw]]:
    while batch := list(islice(draws, most)):
        yield batch


def _mmd2_one_by_one(a: Tensor, b: Tensor, draws: list[_Draw]) -> Tensor:
    def mmd2(draw: _Draw) -> Tensor:
        return _mmd2_of_all(a[draw[0].to(a.device)], b[draw[1].to(b.device)])

    return torch.cat(side_by_side(mmd2, draws, a.device))


def _mmd2_of_all(a: Tensor, b: Tensor) -> Tensor:
    return _mmd2(a, a.new_ones(len(a), 1), b, b.new_ones(len(b), 1))


def _mmd2_together(a: Tensor, b: Tensor, draws: list[_Draw]) -> Tensor:
    of_real, of_fake = zip(*draws, strict=True)
    return _mmd2(a, _indicators(a, of_real), b, _indicators(b, of_fake))


def _indicators(rows: Tensor, chosen: tuple[Tensor, ...]) -> Tensor:
    """Return `(n, subsets)`, 1 where a subset holds a row."""
    indices = torch.stack(chosen, dim=1).to(rows.device)
    return rows.new_zeros(len(rows), len(chosen)).scatter_(0, indices, 1)


def _mmd2(a: Tensor, in_a: Tensor, b: Tensor, in_b: Tensor) -> Tensor:
    """Return the unbiased MMD^2 `(subsets,)` in float64 of the rows that `in_a` and `in_b` mark."""
    # The estimate ignores a constant added to the kernel; without its bulk, float32 sums keep two more digits.
    bulk = _kernel_of(a.mean(0).double() @ b.mean(0).double(), a.shape[1]).to(a.dtype)
    n, m = in_a.sum(0, dtype=torch.float64), in_b.sum(0, dtype=torch.float64)
    within_a = (_sums(a, in_a, a, in_a, bulk) - _diagonal_sums(a, in_a, bulk)) / (n * (n - 1))
    within_b = (_sums(b, in_b, b, in_b, bulk) - _diagonal_sums(b, in_b, bulk)) / (m * (m - 1))
    return within_a + within_b - 2 * _sums(a, in_a, b, in_b, bulk) / (n * m)


def _kernel_of(product: Tensor, width: int) -> Tensor:
    return (product / width + 1) ** 3


def _diagonal_sums(x: Tensor, in_x: Tensor, bulk: Tensor) -> Tensor:
    squared_norms = torch.cat([part.double().square().sum(1) for part in x.split(_TILE["cpu"][0])])
    return in_x.double().T @ (_kernel_of(squared_norms, x.shape[1]) - bulk)


def _sums(x: Tensor, in_x: Tensor, y: Tensor, in_y: Tensor, bulk: Tensor) -> Tensor:
    """Return the sums `(subsets,)` of k(x, y) - bulk over the pairs of each subset, in float64."""
    rows, columns = (min(most, size) for most, size in zip(_TILE[x.device.type], (len(x), len(y)), strict=True))
    buffers, one = _Buffers(x, rows * max(rows, columns)), x.new_ones(1)

    def sums(tile_at: tuple[slice, slice, int]) -> Tensor:
        i, j, times = tile_at
        tile = buffers.tile[: (i.stop - i.start) * (j.stop - j.start)].view(i.stop - i.start, j.stop - j.start)
        torch.addmm(one, x[i], y[j].T, alpha=1 / x.shape[1], out=tile)
        tile.pow_(3).sub_(bulk)
        return times * (in_x[i] * (tile @ in_y[j])).sum(0, dtype=torch.float64)

    parts = side_by_side(sums, _tiles(len(x), len(y), rows, columns, symmetric=x is y), x.device)
    return torch.stack(parts).sum(0)


class _Buffers(threading.local):
    """Memory for one tile, for each thread."""

    def __init__(self, like: Tensor, size: int) -> None:
        self.tile = like.new_empty(size)


def _tiles(n: int, m: int, rows: int, columns: int, *, symmetric: bool) -> Iterator[tuple[slice, slice, int]]:
    """Cut an n x m matrix into tiles; of a symmetric one the upper half alone, each tile with how often it counts."""
    for top in range(0, n, rows):
        bottom = min(top + rows, n)
        if symmetric:
            yield slice(top, bottom), slice(top, bottom), 1
        for left in range(bottom if symmetric else 0, m, columns):
            yield slice(top, bottom), slice(left, min(left + columns, m)), 1 + symmetric
