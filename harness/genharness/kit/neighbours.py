"""The one pass of neighbours that an evaluation's metrics share."""

from __future__ import annotations

import torch
from torch import Tensor

from genharness.errors import NotDefinedError
from genharness.functional.neighbours.shared_pass import NeighbourPass, OwnSet, as_arrays, from_arrays, own_set
from genharness.functional.neighbours.shared_pass import neighbour_pass as make_pass
from genharness.kit.equal_counts import Draw, equal_draws
from genharness.kit.evaluation import Evaluation

__all__ = ["COUNT", "neighbour_pass"]

COUNT = 10_000
"""Samples of each side at most, unless a metric's options say otherwise: metrics of one `k` and count share a pass."""


def neighbour_pass(evaluation: Evaluation, k: int, count: int, *, strict: bool = True) -> NeighbourPass:
    """Return the pass over equally many real and generated samples, made once for all metrics that ask for it.

    What the real samples say alone is kept for all generators.

    Args:
        evaluation: Has the features.
        k: The neighbour that sets the balls' radii.
        count: Samples of each side at most; 0 for all.
        strict: Whether the balls are open.

    Raises:
        NotDefinedError: If there are not more than k samples of each side.
    """
    real, fake = equal_draws(evaluation, count)
    if real.count <= k:
        raise NotDefinedError(f"{k} neighbours need more than {k} samples of each side, and there are {real.count}")
    drawn = f"k={k} count={real.count} seed={evaluation.seed}"

    def own() -> OwnSet:
        kept = evaluation.derived(
            f"own neighbours, {drawn}", ("real",), lambda: own_set(_rows(evaluation, real), k, name="real").arrays()
        )
        return OwnSet(**kept)

    kept = evaluation.derived(
        f"neighbour pass, {drawn} strict={strict}",
        ("fake", "real"),
        lambda: as_arrays(
            make_pass(_rows(evaluation, real), _rows(evaluation, fake), k, strict=strict, own_real=own())
        ),
    )
    return from_arrays(kept, k, strict=strict)


def _rows(evaluation: Evaluation, draw: Draw) -> Tensor:
    return torch.from_numpy(draw.of(evaluation.features(draw.which))).to(evaluation.device)
