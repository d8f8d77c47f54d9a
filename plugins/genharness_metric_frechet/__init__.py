"""Frechet distances between real and generated features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["FidInfinityConfig", "genharness_metrics"]


@dataclass(frozen=True)
class FidInfinityConfig:
    """Options of FID-infinity."""

    sizes: int = option(15, low=3, high=100, help="numbers of samples between which the line is fitted")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the Frechet distances."""
    return [
        MetricSpec(
            name="fid",
            summary="Frechet distance of Gaussians fitted to features of real and generated samples",
            factory="genharness_metric_frechet.fid:Fid",
            columns=(
                Column(
                    key="fid", title="FD", titles={"inception": "FID"}, higher_is_better=False, format=".2f"
                ),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Heusel et al. 2017, arXiv:1706.08500",
            periodic=True,
        ),
    ]
