"""The nearest training row of every sample: found once for all metrics that ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genharness.functional.prdc import nearest
from genharness.kit import Evaluation
from genharness.kit.equal_counts import equal_draws
from genharness.kit.neighbours import COUNT, neighbour_pass

__all__ = ["keep_nearest_rows", "nearest_rows"]

_K = 5
"""Which pass is shared: that of the neighbour metrics' defaults."""

Found = Mapping[str, NDArray[Any]]


def nearest_rows(evaluation: Evaluation) -> tuple[Tensor, Tensor]:
    """Return distance and index of the nearest training row of every sample, `(m, 1)` each, on the evaluation's device.

    Where the reference is the whole training split, they are those of the pass that neighbour metrics share.
    """

    def find() -> Found:
        if _whole_reference(evaluation):
            return _of_pass(evaluation)
        rows, train = (
            torch.from_numpy(evaluation.features(which)).to(evaluation.device) for which in ("fake", "train")
        )
        distances, indices = nearest(rows, train)
        return {"distance": distances[:, 0].cpu().numpy(), "row": indices[:, 0].cpu().numpy()}

    kept = _kept(evaluation, find)
    distance, row = (torch.from_numpy(np.asarray(kept[name])).to(evaluation.device) for name in ("distance", "row"))
    return distance[:, None], row[:, None]


def keep_nearest_rows(evaluation: Evaluation, distance: NDArray[np.float64], row: NDArray[np.int64]) -> None:
    """Keep what another search has found of all samples, for those that ask later."""
    _kept(evaluation, lambda: {"distance": distance, "row": row})


def _kept(evaluation: Evaluation, find: Callable[[], Found]) -> Found:
    return evaluation.derived("nearest training rows", ("fake", "train"), find)


def _whole_reference(evaluation: Evaluation) -> bool:
    draws = equal_draws(evaluation, COUNT)
    all_drawn = draws[0].count > _K and all(draw.rows is None for draw in draws)
    return all_drawn and np.array_equal(evaluation.features("real"), evaluation.features("train"))


def _of_pass(evaluation: Evaluation) -> Found:
    found = neighbour_pass(evaluation, _K, COUNT)
    place = found.fake.own.place
    first = np.unique(found.real.own.place, return_index=True)[1]  # of equal rows the first one
    return {"distance": found.nearest[place], "row": first[found.nearest_real[place]]}
