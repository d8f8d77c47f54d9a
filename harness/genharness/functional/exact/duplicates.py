"""Equal rows of a feature matrix, found without comparing all pairs.

Equal rows have equal lengths, so only rows that share a key with another (their squared norm) are suspects; real
features rarely have any. Suspects are hashed, and each is compared, value by value, with the first that has its hash. A
clash of hashes therefore costs a merge that could have been, never a wrong one.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["first_equal_rows"]

_CHUNK_VALUES = 2**20


def first_equal_rows(rows: Tensor, keys: Tensor) -> Tensor:
    """Return, for each row, the index of the first row equal to it, which may be its own.

    In the rare clash of hashes, or where equal rows have unequal keys, a row may keep its own index though an
    earlier one equals it: equal indices always mean equal rows.

    Args:
        rows: `(n, d)` float32 or float64.
        keys: `(n,)` numbers that differ between most unequal rows and agree for equal ones: only rows that share one
            are looked at.

    Returns:
        Int64 `(n,)`.
    """
    own = torch.arange(len(rows), device=rows.device)
    _, group, sizes = torch.unique(keys, return_inverse=True, return_counts=True)
    suspects = (sizes[group] > 1).nonzero()[:, 0]
    if len(suspects) == 0:
        return own
    _, group = torch.unique(_hashes(rows, suspects), return_inverse=True)
    first = torch.full_like(own, len(rows)).scatter_reduce_(0, group, suspects, "amin")[group]
    representatives = own.clone()
    size = max(1, _CHUNK_VALUES // rows.shape[1])
    for row, earlier in zip(suspects.split(size), first.split(size), strict=True):
        equal = (rows[row] == rows[earlier]).all(1)
        representatives[row[equal]] = earlier[equal]
    return representatives


def _hashes(rows: Tensor, which: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randint(-(2**62), 2**62, (rows.shape[1],), generator=generator).to(rows.device)
    whole = torch.int32 if rows.dtype == torch.float32 else torch.int64
    size = max(1, _CHUNK_VALUES // rows.shape[1])
    keys = torch.empty(len(which), dtype=torch.int64, device=rows.device)
    for some, key in zip(which.split(size), keys.split(size), strict=True):
        # The hash is sum_k w_k x_k modulo 2^64 over the values' bits x, with random w. Two rows clash where the sum of
        # w_k (x_k - y_k) is 0, which takes luck unless the differences are divisible by high powers of two. Those of
        # round numbers are, whose lower bits are all 0: fold the upper bits down. Adding 0 turns -0.0, which equals
        # 0.0, into it.
        bits = (rows[some] + 0.0).view(whole).long()
        torch.sum((bits ^ (bits >> 20) ^ (bits >> 41)) * weights, 1, out=key)
    return keys
