"""The measuring of one cell: samples, costs of inference, pictures, scores."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.cells.costs import sampling_costs
from genharness.cells.latents import map_of_codes
from genharness.cells.train import Periodic, Trained
from genharness.cells.workplace import Workplace
from genharness.data import PreparedData
from genharness.engine.costs.footprint import peak_memory, reset_peak
from genharness.engine.random_state import undisturbed
from genharness.engine.sampler import quantise
from genharness.engine.source import SampleSource
from genharness.figures.latents import write_latents
from genharness.files.atomic import replace_file
from genharness.files.checksums import array_digest
from genharness.files.downloads import in_words
from genharness.files.home import home
from genharness.files.weights import find_weights
from genharness.identity.parts import core_code, drawing_code
from genharness.images.grid import save_grid
from genharness.kit.evaluation import Metric
from genharness.kit.extractor import Extractor, ExtractorContext
from genharness.kit.generators import seeded_generator
from genharness.kit.model import GenerativeModel, Interpolates
from genharness.measure.bands import RealDraws, kept_draws
from genharness.measure.build import (
    build_extractor,
    build_metrics,
    classifier_name,
    code_of_metrics,
    code_of_scores,
    dataset_sets,
)
from genharness.measure.capabilities import HELD_OUT, Views, able, drawn, kinds_of, reconstruct, views_of
from genharness.measure.classes import class_counts, confusion
from genharness.measure.evaluation import SampleData, SampleEvaluation
from genharness.measure.feature_cache import FeatureCache
from genharness.measure.scoring import MetricResult, score
from genharness.plugin.registry import Registry
from genharness.spec.capabilities import CAPABILITIES, CapabilityName
from genharness.spec.plugins import MetricSpec
from genharness.spec.protocol import Protocol
from genharness.spec.record import Band

__all__ = ["Scored", "Scorer"]

GRID = 64
"""Samples on the grid."""
PAIRS = 32
"""Held-out images that are shown beside their reconstructions."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """What measuring a trained model gave.

    Attributes:
        protocol: The protocol with the hashes of what was read.
        results: What each metric gave.
        bands: Where real samples score against other real ones, of the row that stands for them.
        code: Digests of the code behind the numbers of each metric.
        facts: Numbers about the measuring itself.
        classes: Samples in each class, real and generated.
        confusion: Classes asked for against classes recognised.
        measurements: What sampling and scoring cost.
        sweep: Throughput over batch sizes.
        artefacts: Files of the cell's folder by what they are.
        notes: What could not be measured, and why.
    """

    protocol: Protocol
    results: Sequence[MetricResult]
    bands: Mapping[str, Band]
    code: Mapping[str, Mapping[str, str]]
    facts: Mapping[str, float]
    classes: Mapping[str, list[int]]
    confusion: Sequence[list[int]]
    measurements: Mapping[str, float]
    sweep: Mapping[str, list[float]]
    artefacts: Mapping[str, str]
    notes: Sequence[str]


class Scorer:
    """Measures a cell's model; made before training, so that what cannot be had costs no training.

    Args:
        workplace: The cell.
        registry: Where extractors and metrics are.
        data: The dataset.
        metrics: Names of the metrics, with every option of each.
    """

    def __init__(
        self, workplace: Workplace, registry: Registry, data: PreparedData, metrics: Mapping[str, Mapping[str, Any]]
    ) -> None:
        self.workplace, self.registry, self.data = workplace, registry, data
        self.protocol = workplace.cell.protocol
        self.metrics, self._options = build_metrics(registry, metrics), metrics
        model = workplace.cell.model
        drawing = {f"sampler {model}": drawing_code(registry, model), "sampling": core_code("sampling").digest}
        sampling = {of: digest for of, digest in drawing.items() if digest}
        self._code = {name: {**of, **sampling} for name, of in code_of_metrics(registry, metrics).items()}
        self._home_cache = FeatureCache(home() / "features")
        self._extractors: dict[str, Extractor] = {}

    def prepare(self) -> None:
        """Build the protocol's extractor, its weights downloaded where they are missing.

        Raises:
            DataError: If its weights cannot be had.
            PluginError: If it does not say which weights it has.
        """
        weights = self.registry.extractors.find(self.protocol.extractor).weights
        if weights is not None:
            report = in_words(lambda line: self.workplace.news("extractor", text=line), weights.filename)
            find_weights(weights, self.workplace.settings.weights, report)
        self._extractor(self.protocol.extractor)

    @property
    def periodic(self) -> Periodic:
        """How the model is scored over training."""
        return Periodic(metrics=[spec for spec, _ in self._meant], score=self._over_training)

    @property
    def _meant(self) -> list[tuple[MetricSpec, Metric]]:
        """The metrics that score over training."""
        wanted = self.workplace.settings.score_metrics
        return [
            (spec, metric)
            for spec, metric in self.metrics
            if (spec.periodic if wanted is None else spec.name in wanted)
        ]

    def score(self, trained: Trained) -> Scored:
        """Do everything that follows training."""
        source = trained.source
        reset_peak(self.workplace.device)
        with undisturbed(), source.applied() as model:
            samples, labels = self._draw(source, model)
            pictures = self._pictures(trained, model, samples)
            self.workplace.stop_if_asked()
            self.workplace.news("measure")
            (costs, sweep), notes = sampling_costs(source, model, self.protocol.seed)
            start, cpu_start = time.monotonic(), time.process_time()
            cache = FeatureCache(self.workplace.folder.features)
            evaluation = self._evaluation(samples, labels, self._views(model), cache)
            results = list(score(self.metrics, evaluation, lambda name: self.workplace.news("score", text=name)))
            seconds, cpu_seconds = time.monotonic() - start, time.process_time() - cpu_start
            latents = self._latents(source, model, evaluation)
            real = self._real_draws(evaluation) if source.spec.finite else None
            fewer = len(samples) < self.protocol.sample_count
        return Scored(
            protocol=self._resolved(),
            results=results,
            bands=real.bands(results) if real else {},
            code=code_of_scores(self._code, evaluation, results),
            classes=class_counts(evaluation),
            confusion=confusion(evaluation),
            facts={**evaluation.facts(), **({"sample_count": len(samples)} if fewer else {})},
            measurements={
                **costs,
                "evaluate_seconds": seconds,
                "evaluate_cpu_seconds": cpu_seconds,
                "evaluate_peak_memory_mib": peak_memory(self.workplace.device)["peak_memory_mib"],
            },
            sweep=sweep,
            artefacts={
                **pictures,
                **self._saved(evaluation.pictures),
                **latents,
                "samples": self.workplace.folder.samples.name,
            },
            notes=[
                *notes,
                *([f"scored with the {len(samples):,} samples that there are"] if fewer else ()),
                *(real.surprises() if real else ()),
            ],
        )

    def _real_draws(self, evaluation: SampleEvaluation) -> RealDraws:
        """Score real samples against other real ones; what they score is kept by the content of the data."""

        def report(draw: int, draws: int) -> None:
            self.workplace.news("score", fraction=draw / draws, text="real against real")
            self.workplace.stop_if_asked()

        return kept_draws(evaluation, self.metrics, self._options, self.registry, self._resolved(), on_draw=report)

    def _over_training(self, source: SampleSource, step: int) -> dict[str, float | None]:
        """Score fewer samples, drawn and held-out ones, by the metrics that are meant for it."""
        self.workplace.news("score-over-training", step=step)
        count = min(self.workplace.settings.score_samples, self._count(source))
        with undisturbed(), source.applied() as model:
            labels = source.labels(count, self.protocol.seed)
            samples = source.sampler(model).draw(count, seed=self.protocol.seed, labels=labels)
            views = self._views(model, self.workplace.settings.score_samples)
            results = list(score(self._meant, self._evaluation(samples, labels, views, errors_wanted=False)))
        values = {key: value for result in results for key, value in result.values.items()}
        told = {key: value for key, value in values.items() if value is not None}
        self.workplace.news("score-over-training", step=step, values=told)
        return values | {"samples": count}

    def _resolved(self) -> Protocol:
        """Return the protocol with the hashes of what was read."""
        identity = self._extractor(self.protocol.extractor).identity
        plain = self.protocol.as_plain() | {"dataset_hash": self.data.content_hash, "extractor_identity": identity}
        return Protocol.from_plain(plain)

    def _extractor(self, name: str) -> Extractor:
        if name not in self._extractors:
            self.workplace.news("extractor", text=name)
            context = ExtractorContext(
                device=self.workplace.device,
                data=self.data,
                weights=self.workplace.settings.weights,
                report=lambda line: self.workplace.news("extractor", text=line),
            )
            self._extractors[name] = build_extractor(self.registry, name, self.protocol, context)
        return self._extractors[name]

    def _count(self, source: SampleSource) -> int:
        """Return how many samples are scored: as many as the protocol says, of held-out data all there is of it."""
        asked, held_out = self.protocol.sample_count, len(self.data.samples("test"))
        return min(asked, held_out) if source.spec.finite else asked

    def _draw(self, source: SampleSource, model: GenerativeModel) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
        """Return the samples that are scored, kept in the folder, and the classes they were asked for."""
        count = self._count(source)
        labels = source.labels(count, self.protocol.seed)
        self.workplace.news("sample", fraction=0.0)

        def report(done: int) -> None:
            self.workplace.news("sample", fraction=done / count)
            self.workplace.stop_if_asked()

        samples = source.sampler(model).draw(count, seed=self.protocol.seed, labels=labels, on_progress=report)
        arrays: dict[str, Any] = {"images" if samples.dtype == np.uint8 else "rows": samples}
        if labels is not None:
            arrays["labels"] = labels
        with replace_file(self.workplace.folder.samples) as temporary:
            np.savez(temporary, **arrays)
        return samples, labels

    def _pictures(self, trained: Trained, model: GenerativeModel, samples: NDArray[Any]) -> dict[str, str]:
        """Draw what there is to look at, and return the files by what they are."""
        if self.data.shape.modality != "image":
            return {}
        pictures = {"grid": (samples[:GRID], 8)}
        if trained.strip:
            pictures["strip"] = (np.concatenate(trained.strip), len(trained.strip[0]))
        if isinstance(model, Interpolates):
            generator = seeded_generator(model.device, self.protocol.seed)
            with torch.no_grad():
                path = model.interpolate(6, 10, generator=generator)
            pictures["interpolation"] = (quantise(path).cpu().numpy(), 10)
        if able(model, CAPABILITIES["reconstructions"]):
            originals = np.array(drawn(self.data.samples("test"), PAIRS, self.protocol.seed))
            pairs = np.stack([originals, reconstruct(model, originals)], axis=1)
            pictures["reconstructions"] = (pairs.reshape(-1, *originals.shape[1:]), 8)
        return self._saved(pictures)

    def _latents(self, source: SampleSource, model: GenerativeModel, evaluation: SampleEvaluation) -> dict[str, str]:
        """Keep the map of held-out samples' codes, of a model that encodes."""
        if not able(model, CAPABILITIES["latents"]):
            return {}
        labels, seed = self.data.labels("test"), self.protocol.seed
        labels = None if labels is None else np.asarray(drawn(labels, HELD_OUT, seed), np.int64)
        codes, conditional = evaluation.of_model("latents"), source.spec.can("conditions")
        found = map_of_codes(model, codes, labels, seed, conditional=conditional)
        if found is None:
            return {}
        write_latents(self.workplace.folder.latents, found)
        return {"latents": self.workplace.folder.latents.name}

    def _saved(self, pictures: Mapping[str, tuple[NDArray[Any], int]]) -> dict[str, str]:
        """Write pictures, given as images and columns, and return their files by name."""
        for name, (images, columns) in pictures.items():
            save_grid(self.workplace.folder.picture(name), images, columns)
        return {name: self.workplace.folder.picture(name).name for name in pictures}

    def _evaluation(
        self,
        samples: NDArray[Any],
        labels: NDArray[np.int64] | None,
        views: Views,
        cache: FeatureCache | None = None,
        *,
        errors_wanted: bool = True,
    ) -> SampleEvaluation:
        fake = SampleData(samples, labels, {"samples": array_digest(samples)}, cache)
        return SampleEvaluation(
            {**dataset_sets(self.data, self.protocol, self._home_cache), "fake": fake},
            self.protocol,
            self._extractor,
            classifier=classifier_name(self.registry) if self.data.shape.classes >= 2 else None,
            class_names=self.data.class_names,
            device=self.workplace.device,
            views=views,
            kinds=self._kinds,
            weights=self.workplace.settings.weights,
            on_progress=self._report_features,
            errors_wanted=errors_wanted,
        )

    @property
    def _kinds(self) -> Mapping[CapabilityName, str]:
        return kinds_of(self.registry.models.find(self.workplace.cell.model))

    def _views(self, model: GenerativeModel, most: int | None = None) -> Views:
        """Return what the model can do with held-out samples, or with so many of them at most."""
        held_out = self.data.samples("test")
        held_out = held_out if most is None else drawn(held_out, most, self.protocol.seed)
        return views_of(model, held_out, seed=self.protocol.seed, kinds=self._kinds)

    def _report_features(self, which: str, done: int, total: int) -> None:
        self.workplace.news("score", fraction=done / total, text=f"features of {which}")
