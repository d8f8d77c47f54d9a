"""Mode coverage: by the dataset's classes, asked for or not, and by bins of the real data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from genharness import Column, MetricSpec, hookimpl, option

__all__ = ["BinsConfig", "ModesConfig", "genharness_metrics"]


@dataclass(frozen=True)
class ModesConfig:
    """Options of class-mode statistics."""

    threshold: float = option(0.1, low=0, high=1, help="share of its real frequency at which a class counts as covered")


@dataclass(frozen=True)
class BinsConfig:
    """Options of bin statistics."""

    bins: int = option(100, low=2, high=10_000, help="k-means bins; fewer where there are under ten real samples a bin")
    level: float = option(0.05, above=0, high=0.5, help="significance level of the test in each bin")


@hookimpl
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return the mode metrics."""
    return [
        MetricSpec(
            name="modes",
            summary="Classes that generated samples reach, as the dataset's classifier sees them",
            place=30,
            factory="genharness_metric_modes.modes:Modes",
            config=ModesConfig,
            columns=(
                Column(
                    key="modes_covered",
                    title="Modes",
                    higher_is_better=True,
                    format=".0f",
                    resolution=1,
                    collapse_below=0.5,
                ),
                Column(key="mode_kl", title="Mode KL", unit="nats", higher_is_better=False, wide=True, least=0),
                Column(key="mode_tv", title="Mode TV", higher_is_better=False, wide=True, least=0, most=1),
            ),
            needs=("posteriors",),
            modalities=("image", "tabular"),
            paper="Metz et al. 2017, arXiv:1611.02163 (modes, KL)",
            periodic=True,
        ),
        MetricSpec(
            name="class-accuracy",
            summary="Share of class-conditional samples that the dataset's classifier sees as the class asked for",
            place=35,
            factory="genharness_metric_modes.modes:ClassAccuracy",
            columns=(
                Column(
                    key="class_accuracy",
                    title="Class accuracy",
                    higher_is_better=True,
                    resolution="sample_count",
                ),
            ),
            needs=("posteriors", "conditions"),
            modalities=("image", "tabular"),
            paper="Odena et al. 2017, arXiv:1610.09585, section 4",
            periodic=True,
        ),
        MetricSpec(
            name="bins",
            summary="Statistically different bins, divergence and coverage over k-means bins of the real data",
            place=75,
            factory="genharness_metric_modes.modes:Bins",
            config=BinsConfig,
            columns=(
                Column(key="ndb", title="NDB/K", higher_is_better=False, resolution="bins", wide=True),
                Column(
                    key="jsd", title="JSD", unit="nats", higher_is_better=False, wide=True, least=0, most=math.log(2)
                ),
                Column(key="bin_coverage", title="Bin coverage", higher_is_better=True, resolution="bins", wide=True),
            ),
            needs=("features",),
            modalities=("image", "tabular"),
            paper="Richardson and Weiss 2018, arXiv:1805.12462",
        ),
    ]
