"""How well a synthetic table stands in for the real one."""

from __future__ import annotations

from collections.abc import Sequence

from genharness import Column, MetricSpec, hookimpl

__all__ = ["genharness_metrics"]


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metric."""
    return [
        MetricSpec(
            name="tabular",
            summary="Marginals, correlations, and what a classifier learns from synthetic rows",
            place=25,
            factory="genharness_metric_tabular.tabular:Tabular",
            columns=(
                Column(key="ks", title="KS", higher_is_better=False, least=0, most=1),
                Column(key="wasserstein", title="Wasserstein", higher_is_better=False, least=0),
                Column(key="correlation_distance", title="Correlation", higher_is_better=False, least=0),
                Column(key="tstr", title="TSTR", higher_is_better=True, least=0, most=1),
                Column(key="trtr", title="TRTR", least=0, most=1),
                Column(
                    key="unlabelled_rows",
                    title="Unlabelled rows",
                    format=",.0f",
                    wide=True,
                    caveat="says how well real rows train a classifier; there is no TSTR: these rows have no classes "
                    "of their own, and those that a classifier of real rows gives them would only repeat it",
                    caveat_on="trtr",
                ),
            ),
            needs=("train", "test"),
            modalities=("tabular",),
            paper="Esteban et al. 2017, arXiv:1706.02633 (train on synthetic, test on real)",
        )
    ]
