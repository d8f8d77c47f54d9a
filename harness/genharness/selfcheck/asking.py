"""From names to evaluations: which data, features and metrics a check has."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from genharness.data import PreparedData, ensure_prepared, parse_reference
from genharness.errors import ConfigError
from genharness.files.home import home
from genharness.files.weights import locate_weights
from genharness.kit.evaluation import SampleSet
from genharness.kit.extractor import Extractor, ExtractorContext
from genharness.measure.build import build_extractor, build_metrics, classifier_name
from genharness.measure.evaluation import SampleEvaluation, dataset_samples
from genharness.measure.feature_cache import FeatureCache
from genharness.plugin.registry import Registry
from genharness.selfcheck.check import DRAWS, Checked, check
from genharness.selfcheck.planting import most_samples
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.plugins import MetricSpec, ModelSpec
from genharness.spec.protocol import Protocol
from genharness.spec.report import Report
from genharness.study.compatibility import metric_misfit
from genharness.study.measuring import Measuring, choose_extractor, protocol_of, select_metrics
from genharness.study.settings import Chosen, choose

__all__ = ["FEWEST", "Asked", "check_dataset", "whole_of"]

FEWEST = 50
"""Samples in the place of generated ones, at least: with fewer, bands are as wide as scores are long."""

_REAL = ModelSpec(
    name="a set of samples", summary="", factory="", family="real", recipes={}, capabilities=("conditions",)
)
"""What metrics are told of what made the samples: they come with classes, and that is all that is known."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How metrics are checked.

    Attributes:
        measuring: Which metrics, over which features, with which options and seed.
        count: Samples in the place of generated ones, at most.
        draws: Divisions of the data that make the bands.
        device: Device such as `cpu` or `cuda`.
        weights: The user's pretrained weights.
    """

    measuring: Measuring
    count: int = 250
    draws: int = DRAWS
    device: str = "cpu"
    weights: Path | None = None


def check_dataset(name: str, asked: Asked, registry: Registry, report: Report) -> Checked:
    """Check metrics on faults that are planted into a dataset.

    Nothing is downloaded: what needs weights that are not on this machine is left out, with the reason.

    Args:
        name: Reference of the dataset.
        asked: How.
        registry: Where metrics, extractors and datasets are.
        report: Told of the progress.

    Raises:
        GenharnessError: If data or features cannot be had, or the data is too small.
    """
    parsed = parse_reference(name)
    data = ensure_prepared(registry.datasets.find(parsed.name), parsed, report=report)
    count = min(asked.count, most_samples(sum(len(data.samples(split)) for split in ("train", "test"))))
    if count < FEWEST:
        raise ConfigError(f"{data.name} has too few samples to plant faults into: {5 * FEWEST} are needed")
    facts = _facts(data, registry)
    specs, _ = select_metrics(registry, asked.measuring.metrics)
    absent = {spec.name: why for spec in specs if (why := _misfit(spec, facts, asked, registry))}
    settings = {**asked.measuring.set, **{spec.name: _settings(spec, asked) for spec in specs if spec.self_check}}
    chosen = [choose(spec, settings) for spec in specs if spec.name not in absent]
    extractor, _ = choose_extractor(asked.measuring, registry, facts, lambda remote: False)
    protocol = protocol_of(asked.measuring, extractor, count, chosen)
    whole = _whole(data, protocol, asked, registry, report)
    found = check(
        whole,
        build_metrics(registry, {one.spec.name: one.options for one in chosen}),
        dataset=data.name,
        modality=data.shape.modality,
        count=count,
        draws=asked.draws,
        report=lambda text: report(0, 0, text),
    )
    cheaper = {one.spec.name: _cheaper(one) for one in chosen if _cheaper(one)}
    return replace(found, absent={**absent, **found.absent}, cheaper=cheaper)


def whole_of(name: str, asked: Asked, registry: Registry) -> SampleEvaluation:
    """Return the evaluation of a dataset as it is, which divisions are made of; nothing is reported."""
    parsed = parse_reference(name)
    data = ensure_prepared(registry.datasets.find(parsed.name), parsed)
    extractor, _ = choose_extractor(asked.measuring, registry, _facts(data, registry), lambda remote: False)
    return _whole(data, protocol_of(asked.measuring, extractor, asked.count, ()), asked, registry, _silent)


def _silent(done: int, total: int, text: str) -> None:
    """Tell nobody."""


def _facts(data: PreparedData, registry: Registry) -> DatasetFacts:
    return DatasetFacts(
        reference=data.name,
        spec_name=parse_reference(data.name).name,
        shape=data.shape,
        counts=dict(data.meta.counts),
        class_names=data.class_names,
        content_hash=data.content_hash,
    )


def _settings(spec: MetricSpec, asked: Asked) -> dict[str, Any]:
    return {**spec.self_check, **asked.measuring.set.get(spec.name, {})}


def _cheaper(one: Chosen[MetricSpec]) -> dict[str, Any]:
    return {key: one.options[key] for key, value in one.spec.self_check.items() if one.changed.get(key) == value}


def _misfit(spec: MetricSpec, facts: DatasetFacts, asked: Asked, registry: Registry) -> str:
    misfit = metric_misfit(spec, _REAL, facts)
    if misfit.startswith(_REAL.name):
        return "measures a model, and no fault is planted into one"
    absent = spec.weights is not None and locate_weights(spec.weights, asked.weights) is None
    return misfit or (f"its weights {spec.weights.filename} are not on this machine" if absent and spec.weights else "")


def _whole(
    data: PreparedData, protocol: Protocol, asked: Asked, registry: Registry, report: Report
) -> SampleEvaluation:
    """Return the evaluation of the data as it is: of large data, as many rows as divisions use."""
    import torch

    context = ExtractorContext(
        device=torch.device(asked.device), data=data, weights=asked.weights, report=lambda line: report(0, 0, line)
    )
    cache, rows = FeatureCache(home() / "features"), 6 * asked.count
    splits: tuple[SampleSet, ...] = ("train", "test")
    sizes = {split: len(data.samples(split)) for split in splits}
    shares = {split: -(-rows * size // sum(sizes.values())) for split, size in sizes.items()}

    def make(name: str) -> Extractor:
        remote = registry.extractors.find(name).weights
        if remote is not None and locate_weights(remote, asked.weights) is None:
            raise ConfigError(f"the weights {remote.filename} of extractor {name} are not on this machine")
        return build_extractor(registry, name, protocol, context)

    return SampleEvaluation(
        {
            split: dataset_samples(data, split, cache, min(shares[split], size), protocol.seed)
            for split, size in sizes.items()
        },
        protocol,
        make,
        classifier=classifier_name(registry) if data.shape.classes >= 2 else None,
        class_names=data.class_names,
        device=context.device,
        weights=asked.weights,
        errors_wanted=False,
        on_progress=lambda which, done, total: report(done, total, f"features of {which} samples"),
    )
