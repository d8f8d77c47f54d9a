"""Mean and covariance of a dataset's features, as a file that others read, with how they were made inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genharness.data import ensure_prepared, parse_reference
from genharness.errors import DataError, did_you_mean
from genharness.files.atomic import replace_file
from genharness.files.home import home
from genharness.files.weights import locate_weights
from genharness.functional.gaussian import GaussianStatistics
from genharness.kit.extractor import ExtractorContext
from genharness.measure.build import build_extractor
from genharness.measure.evaluation import SampleEvaluation, dataset_samples
from genharness.measure.feature_cache import FeatureCache
from genharness.plugin.registry import Registry
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.report import Report
from genharness.study.measuring import Measuring, choose_extractor, protocol_of
from genharness.version import VERSION

__all__ = ["PROTOCOL", "dataset_statistics", "protocol_in", "write_statistics"]

PROTOCOL = "protocol"
"""Name of the array that holds, as JSON, how statistics were made; other libraries pass it over."""


def dataset_statistics(
    name: str, measuring: Measuring, registry: Registry, device: str, weights: Path | None, report: Report
) -> tuple[GaussianStatistics, dict[str, Any]]:
    """Return mean and covariance of the features of a dataset's split, and how they were made.

    Args:
        name: Reference of the dataset.
        measuring: Which features, of which split, of how many samples.
        registry: Where extractors and datasets are.
        device: Device such as `cpu` or `cuda`.
        weights: The user's pretrained weights.
        report: Told of the progress.

    Raises:
        GenharnessError: If data or features cannot be had.
    """
    import torch

    parsed = parse_reference(name)
    spec = registry.datasets.find(parsed.name)
    data = ensure_prepared(spec, parsed, report=report)
    split = measuring.reference_split
    if split not in data.splits:
        raise DataError(f"{data.name} has no split {split!r}{did_you_mean(split, data.splits)}")
    facts = DatasetFacts(
        reference=data.name,
        spec_name=spec.name,
        shape=data.shape,
        counts=dict(data.meta.counts),
        class_names=data.class_names,
        content_hash=data.content_hash,
    )
    extractor, _ = choose_extractor(
        measuring, registry, facts, lambda remote: locate_weights(remote, weights) is not None
    )
    protocol = protocol_of(measuring, extractor, 0, ())
    context = ExtractorContext(
        device=torch.device(device), data=data, weights=weights, report=lambda line: report(0, 0, line)
    )
    cache = FeatureCache(home() / "features")
    evaluation = SampleEvaluation(
        {"real": dataset_samples(data, split, cache, protocol.reference_count, protocol.seed)},
        protocol,
        lambda wanted: build_extractor(registry, wanted, protocol, context),
        device=context.device,
        weights=weights,
        on_progress=lambda which, done, total: report(done, total, f"features of {data.name}"),
    )
    statistics = evaluation.statistics("real")
    made = {
        "dataset": data.name,
        "dataset_hash": data.content_hash,
        "split": split,
        "count": len(evaluation.samples("real")),
        "seed": protocol.seed,
        "extractor": protocol.extractor,
        "extractor_options": dict(protocol.extractor_options),
        "extractor_identity": evaluation.built_extractor(protocol.extractor).identity,
        "resize": protocol.resize,
        "genharness": VERSION,
    }
    return statistics, made


def write_statistics(path: Path, statistics: GaussianStatistics, made: Mapping[str, Any]) -> None:
    """Write `mu`, `sigma` and `count` as `GaussianStatistics.save` does, and beside them how they were made.

    Raises:
        DataError: If the file cannot be written; `path` is then as it was.
    """
    arrays = {"mu": statistics.mean, "sigma": statistics.covariance, PROTOCOL: np.array(json.dumps(made))}
    if statistics.count is not None:
        arrays["count"] = np.array(statistics.count)
    try:
        with replace_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes allow_pickle for the arrays' type
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error


def protocol_in(path: Path) -> Mapping[str, Any]:
    """Return how statistics were made, empty where the file does not say; it is otherwise known to be readable.

    Raises:
        DataError: If what the file says is no JSON object.
    """
    with np.load(path, allow_pickle=False) as stored:
        if PROTOCOL not in stored.files:
            return {}
        text = stored[PROTOCOL]
    try:
        made = json.loads(str(text))
    except ValueError as error:
        raise DataError(f"{path} says in no JSON how it was made ({error}): write the file again") from error
    if not isinstance(made, dict):
        raise DataError(f"{path} says how it was made as {type(made).__name__}, not as an object: write it again")
    return made
