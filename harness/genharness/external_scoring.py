"""Scoring samples that were made elsewhere, with the evaluation that trained models are scored with."""

from __future__ import annotations

import dataclasses
import datetime
import time

from genharness.cells import Cell
from genharness.environment import environment
from genharness.external import External, Report, Request
from genharness.features import FeatureCache, content_digest
from genharness.home import home
from genharness.kit.extractor import Extractor, ExtractorContext
from genharness.measure import SampleData, SampleEvaluation, score
from genharness.records import Record
from genharness.registry import Registry
from genharness.sample_sets import SampleFile
from genharness.scoring import build_extractor, build_metrics, classifier_name

__all__ = ["evaluation_of", "score_samples"]


def evaluation_of(
    one: External, registry: Registry, request: Request, report: Report
) -> SampleEvaluation:
    """Return the evaluation that metrics are computed over; nothing is extracted yet."""
    import torch

    device = torch.device(request.device)
    context = ExtractorContext(
        device=device,
        data=one.reference.data,
        weights=request.weights,
        report=lambda line: report(0, 0, line),
    )

    def make(name: str) -> Extractor:
        return build_extractor(registry, name, one.protocol, context)

    key = {"samples": content_digest(one.found.samples)}
    fake = SampleData(one.found.samples, one.found.labels, key, FeatureCache(one.features_folder))
    cache = FeatureCache(home() / "features")
    data = one.reference.data
    return SampleEvaluation(
        {**one.reference.sets(one.protocol, cache), "fake": fake},
        one.protocol,
        make,
        classifier=classifier_name(registry) if data is not None and data.shape.classes >= 2 else None,
        class_names=data.class_names if data is not None else (),
        device=device,
        statistics=one.reference.statistics,
        absent=one.reference.absent,
        on_progress=lambda which, done, total: report(done, total, f"features of {which} samples"),
    )


def score_samples(one: External, registry: Registry, request: Request, report: Report) -> Record:
    """Score one set of samples and return its record, which is not saved.

    Args:
        one: From `prepare`.
        registry: Where extractors and metrics are.
        request: What `one` was prepared from.
        report: Told of the progress.

    Raises:
        GenharnessError: If the extractor cannot be had; a metric that fails only loses its own numbers.
    """
    import torch

    started, begun = _now(), time.monotonic()
    evaluation = evaluation_of(one, registry, request, report)
    identity = evaluation.built_extractor(one.protocol.extractor).identity
    scores = score(build_metrics(registry, one.metrics), evaluation, lambda name: report(0, 0, f"scoring {name}"))
    protocol = dataclasses.replace(
        one.protocol, dataset_hash=one.reference.content_hash, extractor_identity=identity
    )
    return Record(
        cell=_cell(one, registry, request),
        status="ok",
        measurements={"evaluate_seconds": time.monotonic() - begun},
        scores=scores.values,
        skipped={**one.skipped, **scores.skipped},
        protocol=protocol.as_plain(),
        protocol_hash=protocol.hash,
        facts={**evaluation.facts(), **_facts(one.found)},
        environment=environment(torch.device(request.device), deterministic=False),
        started_at=started,
        finished_at=_now(),
        notes=[f"samples of {one.found.where}", *one.found.notes, *one.reference.notes],
        source="external",
    )


def _cell(one: External, registry: Registry, request: Request) -> Cell:
    plugins = {"extractor": str(registry.extractors.provider(one.protocol.extractor))}
    if one.reference.spec_name:
        plugins["dataset"] = str(registry.datasets.provider(one.reference.spec_name))
    return Cell(
        model=one.name,
        options={"samples": content_digest(one.found.samples)[:12]},
        dataset=one.reference.name,
        seed=0,
        budget="external",
        length="0steps",
        device=request.device.partition(":")[0],
        protocol=one.protocol,
        plugins=plugins,
    )


def _facts(found: SampleFile) -> dict[str, float]:
    counts = {f"samples_{key}": float(count) for key, count in found.touched.items()}
    return {"samples_scored": float(len(found.samples)), **counts}


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
