"""The hooks. A plugin implements those it needs; each returns frozen records and imports nothing heavy.

A plugin is a package with two halves. The light one says what there is; the core imports it for `list`, `--help` and
every plan, so it must not import torch. The heavy one does the work and is imported when a cell uses it. The package
names its light half in the entry-point group `genharness`, and the core finds it there and nowhere else. Below, the
docstring of each hook holds such a package whole: install it as it stands, and change it into yours.
"""

from __future__ import annotations

from collections.abc import Sequence

import pluggy

from genharness.spec.plugins import (
    DatasetSpec,
    ExecutorSpec,
    ExtractorSpec,
    FigureSpec,
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
    """Return generative models; each factory is a `genharness.kit.GenerativeModel`.

    An option that `sample` alone reads is declared with `option(..., stage="sample")`: of one training it may then have
    several values (`--set NAME.OPTION=1,2,3`), each a row. `ModelSpec.draws` names modules that only draw samples,
    whose changes train nothing again.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "pixel-gaussian"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        pixel-gaussian = "pixel_gaussian"
        ```

        ```python
        # pixel_gaussian/__init__.py
        from dataclasses import dataclass

        from genharness import ModelSpec, Recipe, hookimpl, option


        @dataclass(frozen=True)
        class PixelGaussianConfig:
            lr: float = option(0.02, above=0, high=1, help="Adam learning rate")


        @hookimpl
        def genharness_models():
            return [
                ModelSpec(
                    name="pixel-gaussian",
                    summary="Every pixel by itself, from a Gaussian of its own",
                    factory="pixel_gaussian.model:PixelGaussian",
                    config=PixelGaussianConfig,
                    family="toy",
                    recipes={
                        "smoke": Recipe(length="200steps", batch_size=64),
                        "standard": Recipe(length="20epochs", batch_size=64),
                        "paper": Recipe(length="100epochs", batch_size=64),
                    },
                )
            ]
        ```

        ```python
        # pixel_gaussian/model.py
        import torch
        from genharness.kit import GenerativeModel
        from torch import nn


        class PixelGaussian(GenerativeModel):
            def __init__(self, data, config):
                super().__init__(data, config)
                self.mean = nn.Parameter(torch.zeros(data.shape))
                self.log_sigma = nn.Parameter(torch.zeros(data.shape))
                self.optimiser = torch.optim.Adam(self.parameters(), lr=config.lr)

            def training_step(self, batch):
                z = (batch.data - self.mean) / self.log_sigma.exp()  # (n, c, h, w)
                nll = (z.square() / 2 + self.log_sigma).sum((1, 2, 3)).mean()
                self.optimiser.zero_grad()
                nll.backward()
                self.optimiser.step()
                return {"nll": nll.detach()}

            def sample(self, n, *, labels, generator):
                z = torch.randn(n, *self.data.shape, generator=generator, device=generator.device)
                return (self.mean + self.log_sigma.exp() * z).clamp(-1, 1)
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_datasets() -> Sequence[DatasetSpec]:
    """Return datasets; each factory is a function `prepare(request)` of a `genharness.data.PrepareRequest`.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "stripes"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        stripes = "stripes"
        ```

        ```python
        # stripes/__init__.py
        from genharness import DatasetSpec, hookimpl


        @hookimpl
        def genharness_datasets():
            return [
                DatasetSpec(
                    name="stripes",
                    summary="Synthetic stripes in two directions",
                    factory="stripes.prepare:prepare",
                    shape=(1, 16, 16),
                    class_names=("horizontal", "vertical"),
                    counts={"train": 1000, "test": 200},
                    licence="CC0",
                    bundled=True,
                )
            ]
        ```

        ```python
        # stripes/prepare.py
        import numpy as np


        def prepare(request):
            rng = np.random.default_rng(0)
            for split, count in request.spec.counts.items():
                labels = np.arange(count) % 2
                phase, period = rng.uniform(0, 2 * np.pi, (count, 1)), rng.uniform(3, 8, (count, 1))
                wave = np.sin(2 * np.pi * np.arange(16) / period + phase)  # (count, 16)
                images = np.repeat(wave[:, :, None], 16, axis=2)
                images[labels == 1] = images[labels == 1].swapaxes(1, 2)
                pixels = np.rint(127.5 * (1 + images)).astype(np.uint8)
                request.writer.split(split, count=count).write(pixels[:, None], labels)
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_extractors() -> Sequence[ExtractorSpec]:
    """Return feature extractors; each factory is a `genharness.kit.Extractor`.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "thumbnails"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        thumbnails = "thumbnails"
        ```

        ```python
        # thumbnails/__init__.py
        from dataclasses import dataclass

        from genharness import ExtractorSpec, hookimpl, option


        @dataclass(frozen=True)
        class ThumbnailsConfig:
            side: int = option(4, low=1, high=64, help="side of a thumbnail, pixels")


        @hookimpl
        def genharness_extractors():
            return [
                ExtractorSpec(
                    name="thumbnails",
                    summary="Pixels of a small thumbnail",
                    factory="thumbnails.extractor:Thumbnails",
                    config=ThumbnailsConfig,
                )
            ]
        ```

        ```python
        # thumbnails/extractor.py
        import hashlib

        import torch
        from genharness.kit import Extracted, Extractor
        from torch.nn.functional import adaptive_avg_pool2d


        class Thumbnails(Extractor):
            @property
            def identity(self):
                return hashlib.sha256(f"thumbnails {self.config.side}".encode()).hexdigest()[:16]

            def extract(self, samples):  # uint8 (n, c, h, w)
                pixels = torch.from_numpy(samples.astype("float32")) / 255
                return Extracted(adaptive_avg_pool2d(pixels, self.config.side).flatten(1).numpy())
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_metrics() -> Sequence[MetricSpec]:
    """Return metrics; each factory is a `genharness.kit.Metric`.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "brightness"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        brightness = "brightness"
        ```

        ```python
        # brightness/__init__.py
        from genharness import Column, MetricSpec, hookimpl


        @hookimpl
        def genharness_metrics():
            return [
                MetricSpec(
                    name="brightness",
                    summary="Difference of the mean brightness, 0 to 255",
                    factory="brightness.metric:Brightness",
                    columns=(Column(key="brightness_gap", title="Brightness", higher_is_better=False),),
                )
            ]
        ```

        ```python
        # brightness/metric.py
        class Brightness:
            def __init__(self, config):
                pass

            def compute(self, evaluation):
                real, fake = evaluation.real_images(), evaluation.fake_images()  # uint8 (n, c, h, w)
                return {"brightness_gap": abs(float(real.mean()) - float(fake.mean()))}
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_executors() -> Sequence[ExecutorSpec]:
    """Return executors, where and how cells run; each factory is a `genharness.plugin.execution.Executor`.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "here"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        here = "here"
        ```

        ```python
        # here/__init__.py
        from genharness import ExecutorSpec, hookimpl


        @hookimpl
        def genharness_executors():
            return [
                ExecutorSpec(
                    name="here",
                    summary="One cell after the other in this very process, where a debugger sees it",
                    factory="here.executor:HereExecutor",
                )
            ]
        ```

        ```python
        # here/executor.py
        from genharness.cells.cell import run_task


        class HereExecutor:
            def __init__(self, argument, config):
                pass

            def run(self, tasks, *, on_event, stop):
                for task in tasks:
                    if stop.is_set():
                        return
                    yield run_task(task, on_event, stop.is_set)  # it saves the record, too
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_reporters() -> Sequence[ReporterSpec]:
    r"""Return output formats of the leaderboard; each factory is a function `render(board, options) -> str`.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "tsv"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        tsv = "tsv"
        ```

        ```python
        # tsv/__init__.py
        from genharness import ReporterSpec, hookimpl


        @hookimpl
        def genharness_reporters():
            return [ReporterSpec(name="tsv", summary="Tab-separated values", factory="tsv.render:render")]
        ```

        ```python
        # tsv/render.py
        def render(board, options):
            lines = []
            for group in board.groups:  # one dataset under one protocol
                lines.append(["dataset", "model", *(column.key for column in group.columns)])
                for row in group.rows:
                    means = [row.estimates[column.key].mean for column in group.columns]
                    lines.append([group.dataset, row.label, *("" if mean is None else str(mean) for mean in means)])
            return "\n".join("\t".join(line) for line in lines)
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_trackers() -> Sequence[TrackerSpec]:
    """Return trackers, which write a run's events elsewhere; each factory is a `genharness.plugin.execution.Tracker`.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "losses"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        losses = "losses"
        ```

        ```python
        # losses/__init__.py
        from dataclasses import dataclass

        from genharness import TrackerSpec, hookimpl, option


        @dataclass(frozen=True)
        class LossesConfig:
            file: str = option("losses.csv", help="where the lines go; `--set losses.file=PATH`")


        @hookimpl
        def genharness_trackers():
            return [
                TrackerSpec(
                    name="losses",
                    summary="Losses as lines of a CSV file",
                    factory="losses.tracker:LossTracker",
                    config=LossesConfig,
                )
            ]
        ```

        ```python
        # losses/tracker.py
        class LossTracker:
            def __init__(self, config):
                self.path = config.file

            def start(self, tasks):
                self.file = open(self.path, "a")

            def event(self, event):
                for name, value in event.values.items():
                    print(event.cell_id, event.step, name, value, sep=",", file=self.file)

            def record(self, record):
                print(record.cell.id, record.status, sep=",", file=self.file)

            def finish(self):
                self.file.close()
        ```
    """
    raise NotImplementedError


@hookspec
def genharness_figures() -> Sequence[FigureSpec]:
    """Return figures for a report; each factory is a function `draw(group, folder, config)`.

    It gives a sequence of `genharness.figures.given.ReportFigure`: title, caption, an SVG document or a PNG file, and
    the numbers behind it. Where there is nothing to show, it gives an empty one.

    Example:
        ```toml
        # pyproject.toml
        [project]
        name = "seed-spread"
        version = "1.0"
        dependencies = ["genharness"]

        [project.entry-points.genharness]
        seed-spread = "seed_spread"
        ```

        ```python
        # seed_spread/__init__.py
        from genharness import FigureSpec, hookimpl


        @hookimpl
        def genharness_figures():
            return [
                FigureSpec(
                    name="seed-spread",
                    summary="How far the seeds of each model lie apart",
                    factory="seed_spread.draw:draw",
                )
            ]
        ```

        ```python
        # seed_spread/draw.py
        from genharness.figures.given import ReportFigure


        def draw(group, folder, config):
            ranked = [column for column in group.columns if column.score]
            rows = [row for row in group.rows if len(row.seeds) > 1]
            if not ranked or not rows:
                return []
            column = ranked[0]
            values = {row.label: row.estimates[column.key].values for row in rows}
            spreads = {label: max(some) - min(some) for label, some in values.items() if some}
            widest = max(spreads.values(), default=0) or 1
            bars = "".join(
                f'<rect x="10" y="{10 + 22 * place}" width="{1 + 380 * spread / widest:.1f}" height="14"/>'
                for place, spread in enumerate(spreads.values())
            )
            size = f'width="400" height="{20 + 22 * len(spreads)}"'
            svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{bars}</svg>'
            return [
                ReportFigure(
                    title=f"Spread of {column.title} over seeds",
                    caption="Bars: largest less smallest seed, rows as below.",
                    svg=svg,
                    heads=("model", "spread"),
                    rows=list(spreads.items()),
                )
            ]
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
    "figures": "genharness_figures",
}
"""Plural kind -> hook name."""
