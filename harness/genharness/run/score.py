"""The measuring of one cell: samples, costs of inference, pictures, scores."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from genharness.data import PreparedData
from genharness.engine.random_state import undisturbed
from genharness.engine.sampler import quantise
from genharness.files.atomic import replace_file
from genharness.files.downloads import in_words
from genharness.files.home import home
from genharness.files.weights import find_weights
from genharness.images.grid import save_grid
from genharness.kit.evaluation import Metric, Reconstructions, SampleSet
from genharness.kit.extractor import Extractor, ExtractorContext
from genharness.kit.model import GenerativeModel, Interpolates
from genharness.measure.capabilities import able, reconstruct, views_of
from genharness.measure.evaluation import SampleData, SampleEvaluation, dataset_samples, score
from genharness.measure.feature_cache import FeatureCache, content_digest
from genharness.plugin.registry import Registry, load_factory
from genharness.spec.capabilities import CAPABILITIES
from genharness.spec.options import build_config
from genharness.spec.plugins import MetricSpec
from genharness.spec.protocol import Protocol

if TYPE_CHECKING:
    from genharness.run.cell import CellRun
    from genharness.run.train import Fitting

__all__ = ["CellScoring", "build_extractor", "build_metrics", "classifier_name", "dataset_sets", "make_extractor"]

GRID = 64


def classifier_name(registry: Registry) -> str | None:
    """Return the first extractor that is trained on labels and gives logits: the source of class posteriors."""
    return next((spec.name for spec in registry.extractors.values() if spec.needs_labels and spec.has_logits), None)


def make_extractor(registry: Registry, name: str, context: ExtractorContext, options: dict[str, Any]) -> Extractor:
    """Build an extractor from its plugin."""
    spec = registry.extractors.find(name)
    extractor: Extractor = load_factory(spec)(context, build_config(name, spec.config, options))
    return extractor


def build_extractor(registry: Registry, name: str, protocol: Protocol, context: ExtractorContext) -> Extractor:
    """Build an extractor as a protocol has it: with its resize and options if it is the protocol's own.

    Args:
        registry: Where extractors are.
        name: Of the extractor.
        protocol: What is measured under.
        context: Device, data, weights, report; resize and seed are taken from the protocol.
    """
    own = name == protocol.extractor
    resizes = registry.extractors.find(name).resizes
    resize = protocol.resize if own else (resizes[0] if resizes else "")
    with undisturbed():
        return make_extractor(
            registry,
            name,
            dataclasses.replace(context, resize=resize, seed=protocol.seed),
            dict(protocol.extractor_options) if own else {},
        )


def build_metrics(registry: Registry, wanted: Mapping[str, Mapping[str, Any]]) -> list[tuple[MetricSpec, Metric]]:
    """Build metrics from their plugins.

    Args:
        registry: Where metrics are.
        wanted: Options by name.
    """
    built = []
    for name, options in wanted.items():
        spec = registry.metrics.find(name)
        built.append((spec, load_factory(spec)(build_config(name, spec.config, dict(options)))))
    return built


def dataset_sets(data: PreparedData, protocol: Protocol, cache: FeatureCache) -> dict[SampleSet, SampleData]:
    """Return what generated samples are compared with: the reference as the protocol has it, and both splits."""
    return {
        "real": dataset_samples(data, protocol.reference_split, cache, protocol.reference_count, protocol.seed),
        "train": dataset_samples(data, "train", cache, 0, 0),
        "test": dataset_samples(data, "test", cache, 0, 0),
    }


class CellScoring:
    """Draws from a fitted model and measures.

    Args:
        run: The cell.
        registry: Where extractors and metrics are.
        data: The dataset.
    """

    def __init__(self, run: CellRun, registry: Registry, data: PreparedData) -> None:
        self.run, self.registry, self.data = run, registry, data
        self.protocol = run.cell.protocol
        self.metrics = build_metrics(registry, run.task.metrics)
        self._home_cache = FeatureCache(home() / "features")
        self._extractors: dict[str, Extractor] = {}

    @property
    def extractor_identity(self) -> str:
        """Hash of the protocol's extractor."""
        return self._extractor(self.protocol.extractor).identity

    def require_weights(self) -> None:
        """Find or download the weights of the protocol's extractor: training is for nothing without them.

        Raises:
            DataError: If they cannot be had.
        """
        weights = self.registry.extractors.find(self.protocol.extractor).weights
        if weights is not None:
            report = in_words(lambda line: self.run.emit("extractor", text=line), weights.filename)
            find_weights(weights, self.run.settings.weights, report)

    def _extractor(self, name: str) -> Extractor:
        if name not in self._extractors:
            self.run.emit("extractor", text=name)
            context = ExtractorContext(
                device=self.run.device,
                data=self.data,
                weights=self.run.settings.weights,
                report=lambda line: self.run.emit("extractor", text=line),
            )
            self._extractors[name] = build_extractor(self.registry, name, self.protocol, context)
        return self._extractors[name]

    def draw_and_score(self, fitting: Fitting) -> None:
        """Do everything that follows training, and write it into the record."""
        start = time.monotonic()
        with undisturbed(), fitting.average.applied() as model:
            fakes, labels = self._draw(fitting, model)
            self._pictures(fitting, model, fakes)
            self.run.stop_if_asked()
            self._costs(fitting, model)
            self._score(model, fakes, labels)
        fitting.count_flops()
        self.run.record.measurements["evaluate_seconds"] = time.monotonic() - start

    def _draw(self, fitting: Fitting, model: GenerativeModel) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
        count = self.protocol.sample_count
        labels = fitting.labels(count, self.protocol.seed)
        self.run.emit("sample", fraction=0.0)

        def report(done: int) -> None:
            self.run.emit("sample", fraction=done / count)
            self.run.stop_if_asked()

        fakes = fitting.sampler(model).draw(count, seed=self.protocol.seed, labels=labels, on_progress=report)
        arrays: dict[str, Any] = {"images" if fakes.dtype == np.uint8 else "rows": fakes}
        if labels is not None:
            arrays["labels"] = labels
        with replace_file(self.run.folder / "samples.npz") as temporary:
            np.savez(temporary, **arrays)
        self.run.record.artefacts["samples"] = "samples.npz"
        return fakes, labels

    def _pictures(self, fitting: Fitting, model: GenerativeModel, fakes: NDArray[Any]) -> None:
        if self.data.shape.modality != "image":
            return
        self._picture("grid", fakes[:GRID], 8)
        if fitting.strip:
            self._picture("strip", np.concatenate(fitting.strip), len(fitting.strip[0]))
        if isinstance(model, Interpolates):
            generator = torch.Generator(model.device).manual_seed(self.protocol.seed)
            with torch.no_grad():
                path = model.interpolate(6, 10, generator=generator)
            self._picture("interpolation", quantise(path).cpu().numpy(), 10)
        if able(model, CAPABILITIES["reconstructions"]):
            originals = np.array(self.data.samples("test")[:32])
            pairs = np.stack([originals, reconstruct(model, originals)], axis=1)
            self._picture("reconstructions", pairs.reshape(-1, *originals.shape[1:]), 8)

    def _picture(self, name: str, images: NDArray[Any], columns: int) -> None:
        save_grid(self.run.folder / f"{name}.png", images, columns)
        self.run.record.artefacts[name] = f"{name}.png"

    def _costs(self, fitting: Fitting, model: GenerativeModel) -> None:
        from genharness.engine.costs import (  # counting operations loads a compiler, which only a trained cell needs
            attempted,
            inference,
        )

        self.run.emit("measure")
        labels = fitting.labels(512, self.protocol.seed)
        device_labels = None if labels is None else torch.from_numpy(labels).to(self.run.device)
        largest = min(512, len(self.data.samples("test"))) if fitting.spec.finite else 512
        record = self.run.record

        def measure() -> dict[str, float]:
            measured, record.history["sweep"] = inference(fitting.sampler(model), device_labels, largest)
            return measured

        record.measurements |= attempted("latency and throughput", measure, record.notes)

    def _score(self, model: GenerativeModel, fakes: NDArray[Any], labels: NDArray[np.int64] | None) -> None:
        evaluation = self._evaluation(fakes, labels, FeatureCache(self.run.folder / "features"), model)
        scores = score(self.metrics, evaluation, lambda name: self.run.emit("score", text=name))
        self.run.record.scores = scores.values
        self.run.record.skipped |= scores.skipped
        self.run.record.facts |= evaluation.facts()

    def score_over_training(self, fitting: Fitting) -> None:
        """Score fewer samples by the metrics that are meant for it, and add a point to the curves."""
        self.run.emit("score-over-training", step=fitting.trainer.step)
        count = min(self.run.settings.score_samples, self.protocol.sample_count)
        with undisturbed(), fitting.average.applied() as model:
            labels = fitting.labels(count, self.protocol.seed)
            fakes = fitting.sampler(model).draw(count, seed=self.protocol.seed, labels=labels)
            evaluation = self._evaluation(fakes, labels, None, None)
            scores = score([(spec, metric) for spec, metric in self.metrics if spec.periodic], evaluation)
        fitting.trainer.history.add_scores(fitting.trainer.step, {**scores.values, "samples": count})

    def _evaluation(
        self,
        fakes: NDArray[Any],
        labels: NDArray[np.int64] | None,
        cache: FeatureCache | None,
        model: GenerativeModel | None,
    ) -> SampleEvaluation:
        digest = content_digest(fakes)
        protocol = self.protocol
        fake = SampleData(fakes, labels, {"samples": digest}, cache)
        return SampleEvaluation(
            {**dataset_sets(self.data, protocol, self._home_cache), "fake": fake},
            protocol,
            self._extractor,
            classifier=classifier_name(self.registry) if self.data.shape.classes >= 2 else None,
            class_names=self.data.class_names,
            device=self.run.device,
            views=views_of(model, self.data.samples("test")) if model is not None else None,
            weights=self.run.settings.weights,
            on_progress=self._report_features,
        )

    def _report_features(self, which: str, done: int, total: int) -> None:
        self.run.emit("score", fraction=done / total, text=f"features of {which}")

    def reconstructions(self, model: GenerativeModel) -> Reconstructions | None:
        """Return held-out samples and what the model makes of them, or None where it cannot."""
        view = views_of(model, self.data.samples("test")).get("reconstructions")
        return view() if view else None
