"""Likelihood of held-out samples."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import Column, MetricSpec, hookimpl

__all__ = ["genharness_metrics"]


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric."""
    return [
        MetricSpec(
            name="likelihood",
            summary="Bits per dimension of dequantised held-out samples: exact, or a bound, as the model says",
            place=85,
            factory="genharness_metric_likelihood.likelihood:Likelihood",
            columns=(Column(key="bits_per_dim", title="Bits/dim", higher_is_better=False),),
            needs=("likelihood",),
            paper="Theis et al. 2016, arXiv:1511.01844",
        )
    ]
