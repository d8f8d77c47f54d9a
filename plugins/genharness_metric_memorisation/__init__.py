"""Signs that a model hands out its training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["CopiesConfig", "FldConfig", "MemorisationConfig", "genharness_metrics"]


@dataclass(frozen=True)
class MemorisationConfig:
    """Options of memorisation."""

    cells: int = option(10, low=1, high=1000, help="k-means cells of C_T")


@dataclass(frozen=True)
class CopiesConfig:
    """Options of excess near copies."""

    pixel_count: int = option(2000, low=0, high=10_000_000, help="generated images compared in pixels; 0 for all")
    pixel_side: int = option(8, low=1, high=512, help="side in pixels to which images are averaged before that")


@dataclass(frozen=True)
class FldConfig:
    """Options of the FLD gap."""

    count: int = option(
        2000, low=0, high=10_000_000, help="generated, training and held-out samples at most, each; 0 for all"
    )


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the metrics."""
    return [
        MetricSpec(
            name="copies",
            summary="Share of samples too near to training data for new data; membership inference; the nearest pairs",
            place=25,
            factory="genharness_metric_memorisation.copies:Copies",
            config=CopiesConfig,
            columns=(
                Column(key="excess_copies", title="Excess copies"),
                Column(key="excess_copies_pixels", title="Excess copies, pixels", wide=True),
                Column(key="closer_to_train", title="Closer to train", wide=True, least=0, most=1),
                Column(key="membership_auc", title="Membership AUC", wide=True, least=0, most=1),
                Column(key="membership_caught", title="Members caught at 1 %", wide=True, least=0, most=1),
            ),
            needs=("features", "train", "test"),
            modalities=("image", "tabular"),
            paper="Chen et al. 2020, arXiv:1909.03935 (membership)",
        ),
        MetricSpec(
            name="memorisation",
            summary="Authenticity, C_T, nearest-neighbour distance ratio, exact copies of training samples",
            place=60,
            factory="genharness_metric_memorisation.memorisation:MemorisationMetric",
            config=MemorisationConfig,
            columns=(
                Column(key="authenticity", title="Authenticity", wide=True, least=0, most=1),
                Column(key="ct", title="C_T", format=".2f", wide=True),
                Column(key="distance_ratio", title="NN ratio", wide=True, least=0),
                Column(key="copied", title="Copied", higher_is_better=False, resolution="sample_count"),
            ),
            needs=("features", "train", "test"),
            modalities=("image", "tabular"),
            paper="Alaa et al. 2022, arXiv:2102.08921; Meehan et al. 2020, arXiv:2004.05675",
        ),
        MetricSpec(
            name="mifid",
            summary="Mean cosine distance of samples to the nearest training ones; over Inception FID divided by it",
            place=64,
            factory="genharness_metric_memorisation.mifid:Mifid",
            columns=(
                Column(key="memorisation_distance", title="Cosine to train", wide=True),
                Column(key="memorisation_distance_test", title="Cosine of test to train", wide=True),
                Column(key="mifid", title="MiFID", higher_is_better=False, format=".2f", wide=True, least=0),
            ),
            needs=("features", "train", "test"),
            modalities=("image", "tabular"),
            paper="Bai et al. 2021, arXiv:2106.03062",
            default=False,
        ),
        MetricSpec(
            name="fld",
            summary="How much likelier training rows are than held-out ones under Gaussians around the samples",
            place=65,
            factory="genharness_metric_memorisation.fld:FldGap",
            config=FldConfig,
            columns=(Column(key="fld_gap", title="FLD gap", format=".2f", wide=True),),
            needs=("features", "train", "test"),
            modalities=("image", "tabular"),
            paper="Jiralerspong et al. 2023, arXiv:2302.04440",
            default=False,
        ),
    ]
