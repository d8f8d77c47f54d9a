"""What an evaluation is made of, built from plugins: extractors, metrics, the sets of a dataset."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from genharness.data import PreparedData
from genharness.engine.devices import meant_devices
from genharness.engine.random_state import undisturbed
from genharness.errors import PluginError
from genharness.identity.parts import registered_code
from genharness.kit.evaluation import Metric, SampleSet
from genharness.kit.extractor import Extractor, ExtractorContext
from genharness.measure.evaluation import SampleData, SampleEvaluation, dataset_samples
from genharness.measure.feature_cache import FeatureCache
from genharness.measure.scoring import MetricResult
from genharness.measure.spread import SpreadExtractor
from genharness.plugin.registry import Registry, load_factory
from genharness.spec.options import build_config
from genharness.spec.plugins import MetricSpec
from genharness.spec.protocol import Protocol

__all__ = [
    "build_extractor",
    "build_metrics",
    "classifier_name",
    "code_of_metrics",
    "code_of_scores",
    "dataset_sets",
    "make_extractor",
]


def classifier_name(registry: Registry) -> str | None:
    """Return the first extractor that is trained on labels and gives logits: the source of class posteriors."""
    return next((spec.name for spec in registry.extractors.values() if spec.needs_labels and spec.has_logits), None)


def make_extractor(registry: Registry, name: str, context: ExtractorContext, options: dict[str, Any]) -> Extractor:
    """Build an extractor from its plugin.

    Raises:
        PluginError: If it does not say which weights it has: its features could be taken for another's.
    """
    spec = registry.extractors.find(name)
    extractor: Extractor = load_factory(spec)(context, build_config(name, spec.config, options))
    identity = extractor.identity
    if not isinstance(identity, str) or not identity.strip():
        raise PluginError(f"extractor {name} has the identity {identity!r}: it must be text, a hash of its weights")
    return extractor


def build_extractor(registry: Registry, name: str, protocol: Protocol, context: ExtractorContext) -> Extractor:
    """Build an extractor as a protocol has it: with its resize and options if it is the protocol's own.

    Where the device is `cuda`, without an index, it is on all CUDA devices.

    Args:
        registry: Where extractors are.
        name: Of the extractor.
        protocol: What is measured under.
        context: Device, data, weights, report; resize and seed are taken from the protocol, the code from the plugin.
    """
    own = name == protocol.extractor
    resizes = registry.extractors.find(name).resizes
    resize = protocol.resize if own else (resizes[0] if resizes else "")
    code = registered_code(registry.extractors, name).digest
    options = dict(protocol.extractor_options) if own else {}
    contexts = [
        dataclasses.replace(context, device=device, resize=resize, seed=protocol.seed, code=code)
        for device in meant_devices(context.device)
    ]
    copies = []
    for one in contexts:
        with undisturbed():
            copies.append(make_extractor(registry, name, one, options))
    return copies[0] if len(copies) == 1 else SpreadExtractor(copies)


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


def code_of_metrics(registry: Registry, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return digests of the code behind metrics, by metric and what they are of.

    They are of the source as it is now: asked for when the metrics are built, they are of what was imported.
    """
    return {name: {f"metric {name}": registered_code(registry.metrics, name).digest} for name in names}


def code_of_scores(
    metrics: Mapping[str, Mapping[str, str]], evaluation: SampleEvaluation, results: Iterable[MetricResult]
) -> dict[str, dict[str, str]]:
    """Return digests of the code behind the numbers of each metric, by what they are of.

    Args:
        metrics: What `code_of_metrics` gave.
        evaluation: What they were computed from; its extractors know their code.
        results: What the metrics gave.
    """
    code = {}
    for result in results:
        if result.values:
            extractors = {of: evaluation.built_extractor(of).context.code for of in sorted(result.noted.extractors)}
            of_extractors = {f"extractor {of}": digest for of, digest in extractors.items()}
            code[result.metric.name] = {**metrics[result.metric.name], **of_extractors}
    return code


def dataset_sets(data: PreparedData, protocol: Protocol, cache: FeatureCache) -> dict[SampleSet, SampleData]:
    """Return what generated samples are compared with: the reference as the protocol has it, and both splits."""
    return {
        "real": dataset_samples(data, protocol.reference_split, cache, protocol.reference_count, protocol.seed),
        "train": dataset_samples(data, "train", cache, 0, 0),
        "test": dataset_samples(data, "test", cache, 0, 0),
    }
