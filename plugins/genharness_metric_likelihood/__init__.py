"""How well a model explains held-out samples: likelihood, and the divergence of its posterior from its prior."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import Column, MetricSpec, hookimpl

__all__ = ["genharness_metrics"]


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metrics."""
    return [
        MetricSpec(
            name="likelihood",
            summary="Bits per dimension of dequantised held-out samples: exact, or a bound, as the model says",
            place=85,
            factory="genharness_metric_likelihood.likelihood:BitsPerDim",
            columns=(
                Column(key="bits_per_dim", title="Bits/dim", higher_is_better=False, wide=True),
                Column(key="bits_per_dim_bound", title="Bits/dim, bound", higher_is_better=False, wide=True),
            ),
            needs=("likelihood",),
            paper="Theis et al. 2016, arXiv:1511.01844",
        ),
        MetricSpec(
            name="kld",
            summary="Divergence of the posteriors of held-out samples from the prior: near 0 for a collapsed posterior",
            place=86,
            factory="genharness_metric_likelihood.likelihood:PosteriorDivergence",
            columns=(Column(key="kld", title="KL", unit="nats", format=".2f", wide=True, least=0),),
            needs=("kl_to_prior",),
            periodic=True,
            modalities=("image", "tabular"),
            paper="Kingma and Welling 2014, arXiv:1312.6114",
        ),
    ]
