"""Scoring samples that were made elsewhere, with the evaluation that trained models are scored with."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from typing import Any

from genharness.engine.environment import environment
from genharness.engine.threads import settle_threads
from genharness.external.reference import Reference
from genharness.external.request import External, Request
from genharness.files.checksums import array_digest
from genharness.files.home import home
from genharness.files.paths import printable
from genharness.images.sample_file import SampleFile
from genharness.kit.extractor import Extractor, ExtractorContext
from genharness.measure.bands import RealDraws, kept_draws
from genharness.measure.build import build_extractor, build_metrics, classifier_name, code_of_metrics, code_of_scores
from genharness.measure.capabilities import Views
from genharness.measure.classes import class_counts, confusion
from genharness.measure.evaluation import Computed, SampleData, SampleEvaluation
from genharness.measure.feature_cache import FeatureCache
from genharness.measure.score_cache import ScoreCache
from genharness.measure.scoring import MetricResult, score
from genharness.plugin.registry import Registry
from genharness.spec.cell import Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record, now
from genharness.spec.report import Report

__all__ = ["evaluation_of", "extractor_maker", "score_samples"]


def evaluation_of(
    one: External,
    registry: Registry,
    request: Request,
    report: Report,
    views: Views | None = None,
    computed: Computed | None = None,
    make: Callable[[str], Extractor] | None = None,
) -> SampleEvaluation:
    """Return the evaluation that metrics are computed over; nothing is extracted yet.

    Args:
        one: From `prepare`.
        registry: Where extractors and metrics are.
        request: What `one` was prepared from.
        report: Told of the progress.
        views: What the model that made the samples can do, where it is known.
        computed: What is known already of the same reference, and of these samples.
        make: Gives an extractor by name; None builds what the protocol says.
    """
    import torch

    device = torch.device(request.device)
    if one.reference.data is not None:
        settle_threads(one.reference.data.shape)
    key = {"samples": one.found.digest}
    kept = None if one.features_folder is None else FeatureCache(one.features_folder)
    fake = SampleData(one.found.samples, one.found.labels, key, kept)
    cache = FeatureCache(home() / "features")
    data = one.reference.data
    return SampleEvaluation(
        {**one.reference.sets(one.protocol, cache), "fake": fake},
        one.protocol,
        make or extractor_maker(one.protocol, one.reference, registry, request, report),
        classifier=classifier_name(registry) if data is not None and data.shape.classes >= 2 else None,
        class_names=data.class_names if data is not None else (),
        device=device,
        views=views,
        weights=request.weights,
        statistics=one.reference.statistics,
        absent=one.reference.absent,
        on_progress=lambda which, done, total: report(done, total, f"features of {which} samples"),
        computed=computed,
    )


def extractor_maker(
    protocol: Protocol, reference: Reference, registry: Registry, request: Request, report: Report
) -> Callable[[str], Extractor]:
    """Return what builds the extractors of a request by name, as a protocol has them."""
    import torch

    context = ExtractorContext(
        device=torch.device(request.device),
        data=reference.data,
        weights=request.weights,
        report=lambda line: report(0, 0, line),
    )
    return lambda name: build_extractor(registry, name, protocol, context)


def score_samples(
    one: External,
    registry: Registry,
    request: Request,
    report: Report,
    evaluation: SampleEvaluation | None = None,
    code: Mapping[str, Mapping[str, str]] | None = None,
) -> Record:
    """Score one set of samples and return its record, which is not saved.

    Args:
        one: From `prepare`.
        registry: Where extractors and metrics are.
        request: What `one` was prepared from.
        report: Told of the progress.
        evaluation: `evaluation_of` the same, for a caller that goes on with it.
        code: What `code_of_metrics` gives of its metrics, for a caller that scores by them again and again.

    Raises:
        GenharnessError: If the extractor cannot be had; a metric that fails only loses its own numbers.
    """
    import torch

    started = now()
    evaluation = evaluation or evaluation_of(one, registry, request, report)
    identity = evaluation.built_extractor(one.protocol.extractor).identity
    one.reference.check_weights(identity)
    begun = time.monotonic()
    protocol = dataclasses.replace(one.protocol, dataset_hash=one.reference.content_hash, extractor_identity=identity)
    code = code or code_of_metrics(registry, one.metrics)
    results = _scores(one, registry, evaluation, protocol, report)
    real = _real_draws(one, registry, evaluation, protocol, request, report)
    return Record(
        cell=_cell(one, registry, request),
        status="ok",
        measurements={"evaluate_seconds": time.monotonic() - begun},
        scores={key: value for result in results for key, value in result.values.items()},
        errors={key: error for result in results for key, error in result.errors.items()},
        bands=real.bands() if real else {},
        skipped={**one.skipped, **{result.metric.name: result.skipped for result in results if result.skipped}},
        failed={result.metric.name: result.failed for result in results if result.failed},
        code=code_of_scores(code, evaluation, results),
        protocol=protocol.as_plain(),
        protocol_hash=protocol.hash,
        facts={**evaluation.facts(), **_facts(one.found)},
        classes=class_counts(evaluation),
        confusion=confusion(evaluation),
        environment=environment(torch.device(request.device), deterministic=False),
        started_at=started,
        finished_at=now(),
        notes=[printable(note) for note in (f"samples of {one.found.where}", *one.found.notes, *one.reference.notes)],
        source="external",
    )


def _scores(
    one: External, registry: Registry, evaluation: SampleEvaluation, protocol: Protocol, report: Report
) -> list[MetricResult]:
    """Return what every metric gave, now or, where that is kept, of the same content before."""
    if one.features_folder is None:
        metrics = build_metrics(registry, one.metrics)
        return list(score(metrics, evaluation, lambda name: report(0, 0, f"scoring {name}")))
    cache = ScoreCache(home() / "scores", registry, evaluation, _score_key(one.found, protocol))
    kept = {name: cache.find(registry.metrics.find(name), options) for name, options in one.metrics.items()}
    missing = {name: options for name, options in one.metrics.items() if kept[name] is None}
    results = [result for result in kept.values() if result is not None]
    pictures = len(evaluation.pictures)
    for result in score(build_metrics(registry, missing), evaluation, lambda name: report(0, 0, f"scoring {name}")):
        results.append(result)
        shows = len(evaluation.pictures) > pictures  # which a kept score could not show again
        pictures = len(evaluation.pictures)
        if result.values and not shows:
            cache.keep(result, one.metrics[result.metric.name])
    return results


_SMALL = 10_000
"""Samples and reference samples together up to which bands are a matter of seconds."""


def _real_draws(
    one: External,
    registry: Registry,
    evaluation: SampleEvaluation,
    protocol: Protocol,
    request: Request,
    report: Report,
) -> RealDraws | None:
    """Return what real samples score against other real ones; None where that is not wanted, or cannot be had."""
    data = one.reference.data
    if data is None or request.bands is False or not {"train", "test"} <= set(data.splits):
        return None
    small = len(evaluation.samples("real")) + len(evaluation.samples("fake")) <= _SMALL
    return kept_draws(
        evaluation,
        build_metrics(registry, one.metrics),
        one.metrics,
        registry,
        protocol,
        on_draw=lambda draw, draws: report(draw, draws, "real against real"),
        compute=small or request.bands is True,
    )


def _score_key(found: SampleFile, protocol: Protocol) -> dict[str, Any]:
    """Return what scores depend on beside the metric, whose options are a key of their own."""
    labels = None if found.labels is None else array_digest(found.labels)
    other = {key: value for key, value in protocol.identity.items() if key not in ("metric_options", "inputs")}
    return {"samples": found.digest, "labels": labels, "protocol": other, "format": 1}


def _cell(one: External, registry: Registry, request: Request) -> Cell:
    plugins = {"extractor": str(registry.extractors.provider(one.protocol.extractor))}
    if one.reference.spec_name:
        plugins["dataset"] = str(registry.datasets.provider(one.reference.spec_name))
    return Cell(
        model=one.name,
        options=_identity(one.found),
        dataset=one.reference.name,
        seed=0,
        budget="external",
        length="0steps",
        device=request.device.partition(":")[0],
        protocol=one.protocol,
        plugins=plugins,
    )


def _identity(found: SampleFile) -> dict[str, str]:
    """Return what tells sets of one name apart."""
    digests = {"samples": found.digest} | ({} if found.labels is None else {"labels": array_digest(found.labels)})
    return {key: digest[:12] for key, digest in digests.items()}


def _facts(found: SampleFile) -> dict[str, float]:
    counts = {f"samples_{key}": float(count) for key, count in found.touched.items()}
    return {"samples_scored": float(len(found.samples)), **counts}
