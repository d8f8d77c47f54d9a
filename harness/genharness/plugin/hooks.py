"""The hooks. A plugin implements those it needs; each returns frozen records and imports nothing heavy.

Register a module in `pyproject.toml`; the core finds it there and nowhere else:

    [project.entry-points.genharness]
    my-models = "my_package"
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from genharness.spec.plugins import (
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    MetricSpec,
    ModelSpec,
    ReporterSpec,
    TrackerSpec,
)

__all__ = ["ENTRY_POINT_GROUP", "HOOKS", "hookimpl", "hookspec"]

ENTRY_POINT_GROUP = "genharness"

hookspec = pluggy.HookspecMarker("genharness")
hookimpl = pluggy.HookimplMarker("genharness")


@hookspec
def genharness_models() -> Sequence[ModelSpec]:
    """Return generative models.

    Example:
        ```python
        from dataclasses import dataclass
        from genharness import ModelSpec, Recipe, hookimpl, option

        @dataclass(frozen=True)
        class BlobsConfig:
            width: float = option(2.0, above=0, high=64, help="standard deviation of a blob, pixels")

        @hookimpl
        def genharness_models():
            once = Recipe(length="0steps")
            return [
                ModelSpec(
                    name="blobs",
                    summary="One Gaussian blob at a random place",
                    factory="my_package.blobs:Blobs",
                    config=BlobsConfig,
                    family="toy",
                    recipes={"smoke": once, "standard": once, "paper": once},
                )
            ]
        ```

        `my_package/blobs.py` holds the `genharness.kit.GenerativeModel`, and may import torch.
    """
    raise NotImplementedError


@hookspec
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return datasets.

    Example:
        ```python
        from genharness import DatasetSpec, hookimpl

        @hookimpl
        def genharness_datasets():
            return [
                DatasetSpec(
                    name="stripes",
                    summary="Synthetic stripes in two directions",
                    factory="my_package.stripes:prepare",
                    shape=(1, 16, 16),
                    class_names=("horizontal", "vertical"),
                    counts={"train": 1000, "test": 200},
                    licence="CC0",
                    bundled=True,
                )
            ]
        ```

        `prepare(request)` writes the splits through `request.writer` (see `genharness.data`).
    """
    raise NotImplementedError


@hookspec
def genharness_extractors() -> Sequence[ExtractorSpec]:
    """Return feature extractors.

    Example:
        ```python
        from genharness import ExtractorSpec, hookimpl

        @hookimpl
        def genharness_extractors():
            return [
                ExtractorSpec(
                    name="thumbnails",
                    summary="Pixels of a 8x8 thumbnail",
                    factory="my_package.thumbnails:Thumbnails",
                )
            ]
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return metrics.

    Example:
        ```python
        from genharness import Column, MetricSpec, hookimpl

        @hookimpl
        def genharness_metrics():
            return [
                MetricSpec(
                    name="brightness",
                    summary="Difference of the mean brightness",
                    factory="my_package.brightness:Brightness",
                    columns=(Column(key="brightness_gap", title="Brightness", higher_is_better=False),),
                )
            ]
        ```

        ```python
        # my_package/brightness.py
        class Brightness:
            def __init__(self, config):
                pass

            def compute(self, evaluation):
                real, fake = evaluation.real_images(), evaluation.fake_images()
                return {"brightness_gap": abs(float(real.mean()) - float(fake.mean()))}
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_executors() -> Sequence[ExecutorSpec]:
    """Return executors: where and how cells run.

    Example:
        ```python
        from genharness import ExecutorSpec, hookimpl

        @hookimpl
        def genharness_executors():
            return [
                ExecutorSpec(name="queue", summary="Cells on our batch queue", factory="my_package.queue:QueueExecutor")
            ]
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_reporters() -> Sequence[ReporterSpec]:
    """Return output formats of the leaderboard.

    Example:
        ```python
        from genharness import ReporterSpec, hookimpl

        @hookimpl
        def genharness_reporters():
            return [ReporterSpec(name="tsv", summary="Tab-separated values", factory="my_package.tsv:render")]
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_trackers() -> Sequence[TrackerSpec]:
    """Return trackers: listeners that write a run's events elsewhere.

    Example:
        ```python
        from genharness import TrackerSpec, hookimpl

        @hookimpl
        def genharness_trackers():
            return [TrackerSpec(name="log", summary="A line per event", factory="my_package.log:LogTracker")]
        ```
    """
    raise NotImplementedError


HOOKS = {
    "models": "genharness_models",
    "datasets": "genharness_datasets",
    "extractors": "genharness_extractors",
    "metrics": "genharness_metrics",
    "executors": "genharness_executors",
    "reporters": "genharness_reporters",
    "trackers": "genharness_trackers",
}
"""Plural kind -> hook name."""
