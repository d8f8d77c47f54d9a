"""Samples that were made elsewhere: read, checked, and planned under the protocol that trained models have."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from genharness.errors import ConfigError, DataError, GenharnessError, refuse, shown
from genharness.external.columns import alike, in_order_of
from genharness.external.reference import Reference, dataset_reference, path_reference
from genharness.external.samples import fit_to, in_units_of, taken, with_classes, with_labels
from genharness.external.sources import NamedSamples, find_source, row_names
from genharness.external.together import comparable, each_once, refuse_other_shapes
from genharness.external.zip_cache import read_or_recall
from genharness.files.weights import locate_weights
from genharness.images.draw import SeededDraw
from genharness.images.sample_file import SampleFile
from genharness.images.samples import scaled_beside
from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.spec.dataset_facts import DatasetFacts
from genharness.spec.options import checked
from genharness.spec.plugins import MetricSpec, ModelSpec, Spec
from genharness.spec.protocol import Protocol
from genharness.spec.record import Record
from genharness.spec.report import Report
from genharness.study.compatibility import metric_misfit
from genharness.study.measuring import Measuring, choose_extractor, feature_errors, protocol_of, select_metrics, settled
from genharness.study.runnable import missing_packages, missing_weights, named_metrics
from genharness.study.settings import Chosen, choose, setting_errors

__all__ = ["External", "Request", "Scoring", "plan_sets", "prepare", "read_held", "scoring_of"]

T = TypeVar("T")
R = TypeVar("R")

MADE_ELSEWHERE = ModelSpec(name="a set of samples", summary="", factory="", family="external", recipes={})
"""What a metric is told of a model that only its samples are known of: it can do nothing else."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is to be scored against what.

    Attributes:
        samples: Files, folders, ids of cells, or sets that are in memory already.
        dataset: Reference of the dataset to compare with; empty for `reference`, or for the dataset of a cell.
        reference: Samples or statistics to compare with, in a file or in memory, or None.
        measuring: What is measured, over which features; its counts of samples are drawn by its seed.
        resize_to: Side in pixels to which pictures are fitted; None wants them of one size. Only with `reference`.
        labels: File of the classes that were asked for, or None.
        name: Name of the row; empty to take the file's.
        results: Results folder, for ids of cells.
        device: Device such as `cpu` or `cuda`.
        weights: The user's pretrained weights.
        bands: Whether samples are read against real ones scored against other real ones, where they are compared with a
            dataset; None: where that is kept already, or the data is small.
        units: Units of rows that are compared with a table: `standard`, `raw`, or None for what the file says.
    """

    samples: Sequence[str | SampleFile]
    dataset: str = ""
    reference: Path | SampleFile | None = None
    measuring: Measuring = field(default_factory=Measuring)
    resize_to: int | None = None
    labels: Path | None = None
    name: str = ""
    results: Path = Path("results")
    device: str = "cpu"
    weights: Path | None = None
    units: Literal["standard", "raw"] | None = None
    bands: bool | None = False


@dataclass(frozen=True)
class External:
    """One set of samples, read, checked and planned: what `genharness.external.score` takes.

    Attributes:
        name: Name of its row.
        found: The samples, in the shape of what they are compared with.
        reference: What they are compared with.
        protocol: As it is known before anything is measured.
        metrics: Metrics to compute, with every option.
        skipped: Metrics that cannot be, with the reason.
        notes: What the user should know of the choices.
        record: The record of the cell that the samples are of, or None.
        features_folder: Where their features are kept; None keeps neither them nor the scores.
    """

    name: str
    found: SampleFile
    reference: Reference
    protocol: Protocol
    metrics: Mapping[str, Mapping[str, Any]]
    skipped: Mapping[str, str]
    notes: tuple[str, ...]
    record: Record | None
    features_folder: Path | None


def prepare(
    request: Request, registry: Registry, report: Report, beside: Iterable[Spec] = (), mistakes: Iterable[str] = ()
) -> list[External]:
    """Read and check everything, so that a mistake costs no scoring.

    Args:
        request: What is to be scored against what.
        registry: Where extractors, metrics and datasets are.
        report: Told of the progress.
        beside: Plugins that take part without scoring and may be set: the reporter.
        mistakes: What is known to be wrong already, to be told with the rest.

    Raises:
        GenharnessError: For all that cannot be asked for, else for every unusable set: one line each.
    """
    measuring, contradictions = settled(request.measuring)
    metrics = _metrics(measuring, registry, beside, [*mistakes, *contradictions, *_mistakes(request)])
    store = Store(request.results)
    sources = _each(request.samples, lambda word: find_source(word, store))
    reference = _reference(dataclasses.replace(request, measuring=measuring), sources, registry, report)
    return _planned(request, Scoring(registry, measuring, metrics, reference), sources, report)


@dataclass(frozen=True)
class Scoring:
    """What samples are scored with, whichever they are.

    Attributes:
        registry: Where extractors and metrics are.
        measuring: What is measured, with all that a named protocol settles.
        metrics: With their options.
        reference: What they are compared with.
    """

    registry: Registry
    measuring: Measuring
    metrics: Sequence[Chosen[MetricSpec]]
    reference: Reference


def scoring_of(request: Request, registry: Registry, report: Report) -> Scoring:
    """Return what a request scores with, before there are samples: it names dataset or reference.

    Raises:
        GenharnessError: For all that cannot be asked for.
    """
    measuring, contradictions = settled(request.measuring)
    metrics = _metrics(measuring, registry, (), [*contradictions, *_mistakes(request)])
    request = dataclasses.replace(request, measuring=measuring)
    return Scoring(registry, measuring, metrics, _reference(request, (), registry, report))


def plan_sets(request: Request, scoring: Scoring, report: Report) -> list[External]:
    """Return the sets of a request, checked and planned, with a reference that was read before.

    Raises:
        GenharnessError: For every unusable set, one line each.
    """
    store = Store(request.results)
    return _planned(request, scoring, _each(request.samples, lambda word: find_source(word, store)), report)


def read_held(request: Request, scoring: Scoring, found: SampleFile, report: Report) -> SampleFile:
    """Return images in memory as `plan_sets` would have them compared, all of them, and nothing else of its plan.

    Raises:
        DataError: If they do not fit what they are compared with.
    """
    request = dataclasses.replace(request, measuring=dataclasses.replace(scoring.measuring, samples=None))
    return _read_one(request, NamedSamples(Path(found.where), held=found), scoring.reference, report)


def _planned(request: Request, scoring: Scoring, sources: Sequence[NamedSamples], report: Report) -> list[External]:
    measuring, registry, metrics = scoring.measuring, scoring.registry, scoring.metrics
    request = dataclasses.replace(request, measuring=measuring)
    sets = _each(sources, lambda source: _read_one(request, source, scoring.reference, report))
    sets = sets if scoring.reference.column_names else alike(sets)
    kept, twins = each_once(sets)
    sources, sets = [sources[place] for place in kept], [sets[place] for place in kept]
    reference = scoring.reference.suited_to(sets[0].shape)
    sets, reference = comparable(sets, reference)
    measuring = reference.as_made(measuring)
    facts = reference.facts(sets[0].shape)
    at_hand = functools.cache(lambda remote: locate_weights(remote, request.weights) is not None)
    extractor, note = choose_extractor(measuring, registry, facts, at_hand)
    refuse_other_shapes(sets, reference, extractor)
    names = [request.name] if request.name else row_names(sources)
    absent = missing_weights(named_metrics([one.spec for one in metrics], measuring.metrics), registry, at_hand)
    misfits = [_misfits(metrics, found, facts) for found in sets]
    return [
        External(
            name=name,
            found=found,
            reference=reference,
            protocol=protocol_of(measuring, extractor, _counted(source, found), metrics, reference.split),
            metrics={one.spec.name: one.options for one in metrics if not unfit[one.spec.name]},
            skipped={key: reason for key, reason in unfit.items() if reason},
            notes=(*([note] if note else ()), *absent, *(() if place else twins)),
            record=source.record,
            features_folder=source.features_folder,
        )
        for place, (name, source, found, unfit) in enumerate(zip(names, sources, sets, misfits, strict=True))
    ]


def _counted(source: NamedSamples, found: SampleFile) -> int:
    """Return the count of the protocol: of a cell that had fewer samples than its protocol asks for, that."""
    asked = source.record.cell.protocol.sample_count if source.record is not None else 0
    fewer = source.record is not None and source.record.facts.get("sample_count") == len(found.samples)
    return asked if fewer else len(found.samples)


def _misfits(metrics: Iterable[Chosen[MetricSpec]], found: SampleFile, facts: DatasetFacts) -> dict[str, str]:
    """Return why each metric cannot score the samples, an empty string where it can."""
    maker = dataclasses.replace(MADE_ELSEWHERE, capabilities=() if found.labels is None else ("conditions",))
    return {one.spec.name: metric_misfit(one.spec, maker, facts) for one in metrics}


def _mistakes(request: Request) -> Iterator[str]:
    """Give what does not go together."""
    if request.dataset and request.reference is not None:
        yield "--dataset and --reference exclude each other: name the one to compare with"
    if request.dataset and request.resize_to is not None:
        yield f"--resize-to goes with --reference: write --dataset {request.dataset}@{request.resize_to}"
    if len(request.samples) > 1 and (request.labels is not None or request.name):
        yield "--labels and --name are for one set of samples at a time"
    if request.reference is not None and request.units:
        yield "--units goes with --dataset: rows of files are compared in the units that they have"
    if request.name and not _NAME.fullmatch(request.name):
        yield f"name {shown(request.name)!r} must be letters, digits, dots, dashes and underscores, 60 at most"


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def _reference(request: Request, sources: Sequence[NamedSamples], registry: Registry, report: Report) -> Reference:
    if request.reference is not None:
        own = request.measuring
        return path_reference(request.reference, request.resize_to, own.reference or 0, own.protocol_seed, report)
    datasets = {request.dataset} if request.dataset else {one.record.cell.dataset for one in sources if one.record}
    if len(datasets) != 1 or not (request.dataset or all(one.record for one in sources)):
        raise ConfigError("say what to compare with: --dataset NAME, or --reference PATH")
    return dataset_reference(datasets.pop(), request.measuring.reference_split, registry, report)


def _metrics(
    measuring: Measuring, registry: Registry, beside: Iterable[Spec], mistakes: Iterable[str]
) -> list[Chosen[MetricSpec]]:
    """Return the metrics with their options.

    Raises:
        ConfigError: For every mistake in what was asked for, those that are known already among them.
    """
    measuring, unfit = checked(measuring)
    specs, wrong = select_metrics(registry, measuring.metrics)
    wrong_settings = setting_errors(measuring.set, (*registry.extractors.values(), *specs, *beside), registry)
    absent = missing_packages(named_metrics(specs, measuring.metrics))
    refuse([*mistakes, *unfit, *wrong, *absent, *wrong_settings, *feature_errors(measuring, registry)])
    return [choose(spec, measuring.set) for spec in specs]


def _each(items: Iterable[T], function: Callable[[T], R]) -> list[R]:
    """Return `function` of every item.

    Raises:
        GenharnessError: The one error, or for several a line each.
    """
    found: list[R] = []
    errors: list[GenharnessError] = []
    for item in items:
        try:
            found.append(function(item))
        except GenharnessError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise DataError(*(line for error in errors for line in error.lines))
    return found


def _read_one(request: Request, source: NamedSamples, reference: Reference, report: Report) -> SampleFile:
    shape = reference.shape
    square = shape is not None and shape.modality == "image" and shape.height == shape.width
    size = shape.height if shape is not None and square and reference.data is not None else request.resize_to
    draw, fit = SeededDraw(request.measuring.samples or 0, request.measuring.protocol_seed), reference.fit
    if source.held is None:
        some = draw if request.labels is None else None  # a file of labels is of all samples
        found = read_or_recall(source.path, size=size, report=report, beside=reference.white, draw=some, fit=fit)
    else:
        found = scaled_beside(source.held, reference.white)
    if source.held is not None and size is not None and found.shape.modality == "image":
        found = found.conformed(size, None, fit)
    if reference.data is not None:
        found = fit_to(found, reference.data.shape, reference.name, fit)
    found = in_order_of(found, reference.column_names, reference.name)
    if reference.data is not None:
        found = in_units_of(found, reference.data, request.units, told=source.record is None)
    if request.labels is not None:
        found = with_labels(found, request.labels)
    class_names = reference.data.class_names if reference.data is not None else ()
    own = source.record is not None and request.labels is None
    return taken(with_classes(found, class_names, places=own), draw)
