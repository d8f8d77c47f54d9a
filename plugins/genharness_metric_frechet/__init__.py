"""Frechet distances between real and generated features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["FidInfinityConfig", "genharness_metrics"]


@dataclass(frozen=True)
class FidInfinityConfig:
    """Options of FID-infinity."""

    points: int = option(15, low=2, high=100, help="sample sizes between which the line over 1/N is fitted")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the Frechet distances."""
    return [
        MetricSpec(
            name="fid",
            summary="Frechet distance of Gaussians fitted to features of real and generated samples",
            place=10,
            factory="genharness_metric_frechet.fid:Fid",
            columns=(
                Column(
                    key="fid", title="FD", titles={"inception": "FID"}, higher_is_better=False, format=".2f", ratio=True
                ),
                Column(
                    key="fid_samples_per_dimension",
                    title="N/d",
                    format=".2f",
                    wide=True,
                    caveat="is biased upwards by fewer samples than feature dimensions: read kid and prdc beside it",
                ),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Heusel et al. 2017, arXiv:1706.08500",
            periodic=True,
        ),
        MetricSpec(
            name="fid-inf",
            summary="Frechet distance extrapolated to infinitely many generated samples",
            place=15,
            factory="genharness_metric_frechet.fid:FidInfinity",
            config=FidInfinityConfig,
            columns=(
                Column(key="fid_inf", title="FD∞", titles={"inception": "FID∞"}, higher_is_better=False, format=".2f"),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Chong and Forsyth 2020, arXiv:1911.07023",
            default=False,
        ),
        MetricSpec(
            name="fd-dinov2",
            summary="Frechet distance of DINOv2 features, whatever the protocol's extractor is",
            place=16,
            factory="genharness_metric_frechet.fid:FdDinoV2",
            extractors=("dinov2",),
            columns=(Column(key="fd_dinov2", title="FD DINOv2", higher_is_better=False, format=".2f", least=0),),
            paper="Stein et al. 2023, arXiv:2306.04675",
            default=False,
        ),
        MetricSpec(
            name="sfid",
            summary="Frechet distance of spatial Inception features, as published for diffusion models",
            place=17,
            factory="genharness_metric_frechet.fid:Sfid",
            extractors=("inception-spatial",),
            columns=(
                Column(key="sfid", title="sFID", higher_is_better=False, format=".2f", ratio=True),
                Column(
                    key="sfid_samples_per_dimension",
                    title="sFID N/d",
                    format=".2f",
                    caveat="is biased upwards by fewer samples than its 2023 feature dimensions",
                ),
            ),
            paper="Nash et al. 2021, arXiv:2103.03841; Dhariwal and Nichol 2021, arXiv:2105.05233",
            default=False,
        ),
        MetricSpec(
            name="fid-per-class",
            summary="Frechet distance within each class that was asked for: mean, worst, and that of real samples",
            place=11,
            factory="genharness_metric_frechet.per_class:FidPerClass",
            columns=(
                Column(
                    key="fid_per_class",
                    title="FD per class",
                    titles={"inception": "FID per class"},
                    higher_is_better=False,
                    format=".2f",
                    ratio=True,
                    wide=True,
                ),
                Column(key="fid_worst_class", title="FD, worst class", format=".2f", wide=True, least=0),
                Column(key="fid_per_class_real", title="FD per class, real", format=".2f", wide=True, least=0),
                Column(
                    key="fid_per_class_samples_per_dimension",
                    title="N/d per class",
                    format=".2f",
                    wide=True,
                    caveat="has classes of fewer samples than feature dimensions: read it beside that of real samples",
                ),
            ),
            needs=("features", "labels", "test", "conditions"),
            modalities=("image", "tabular"),
            paper="Miyato and Koyama 2018, arXiv:1802.05637 (intra FID)",
            default=False,
        ),
    ]
