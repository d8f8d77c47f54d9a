"""Samples that anybody made, scored."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from genharness.api.arguments import ScoringArguments, read_arguments
from genharness.api.arrays import Samples, held_reference, held_samples
from genharness.api.devices import resolve_device
from genharness.api.rows import Rows
from genharness.errors import ConfigError, DataError
from genharness.images import SampleFile
from genharness.images.draw import SeededDraw
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.results.table import flat_record
from genharness.spec.record import Record
from genharness.spec.report import Report, silent
from genharness.study.measuring import Measuring

__all__ = ["Evaluated", "evaluate"]

AnyPath = str | os.PathLike[str]


@dataclass(frozen=True)
class Evaluated(Rows):
    """One set of samples, scored.

    Attributes:
        record: What a record of it says; nothing was saved.
        notes: What was assumed, changed or left out, a line each.
    """

    record: Record
    notes: Sequence[str] = ()

    @property
    def scores(self) -> dict[str, float | None]:
        """Scores by column key; None where one is not defined."""
        return dict(self.record.scores)

    @property
    def errors(self) -> dict[str, float]:
        """Standard errors of scores over other samples of the same model, where they are known."""
        return dict(self.record.errors)

    @property
    def missing(self) -> dict[str, str]:
        """Why metrics gave no number: they do not apply, or they failed."""
        return {**self.record.skipped, **self.record.failed}

    def __getitem__(self, key: str) -> float:
        """Return a score.

        Raises:
            KeyError: If there is none of that name.
        """
        value = self.record.scores[key]
        if value is None:
            raise KeyError(key)
        return value

    def rows(self) -> list[dict[str, Any]]:
        """Return one row, as `genharness.load_results` has it."""
        return [flat_record(self.record)]

    def shown_rows(self) -> list[dict[str, Any]]:
        """Return a row a score, with its error."""
        errors = self.record.errors
        return [{"score": key, "value": value, "error": errors.get(key)} for key, value in self.record.scores.items()]


def evaluate(
    samples: Samples,
    *,
    dataset: str = "",
    reference: Samples | None = None,
    metrics: str | Sequence[str] = "default",
    protocol: Literal["", "published", "published-10k"] = "",
    features: str = "auto",
    resize: str = "",
    labels: Any = None,
    count: int | None = None,
    reference_count: int | None = None,
    reference_split: str = "train",
    seed: int = 0,
    resize_to: int | None = None,
    units: Literal["standard", "raw"] | None = None,
    set: Mapping[str, Mapping[str, Any]] | None = None,  # noqa: A002  -- the word of `--set` and of a suite
    weights: AnyPath | None = None,
    device: str = "auto",
    name: str = "",
    results: AnyPath = "results",
    register: bool = False,
    bands: bool | None = None,
    report: Report = silent,
) -> Evaluated:
    """Score samples under the protocol that trained models are scored under: `genharness evaluate`, the same bits.

    Args:
        samples: An array or tensor: images `(n, c, h, w)`, `(n, h, w, c)` or `(n, h, w)`, uint8 or floating-point in
            [0, 1], [-1, 1] or 0 to 255, or rows `(n, d)`; an iterable of such batches; a function that is called with a
            count and returns so many samples; or a path of a folder, zip, .npz, .npy, or the id of a cell.
        dataset: Dataset to compare with, such as `digits` or `cifar10`.
        reference: Or samples to compare with, in any of these forms, or a .npz of statistics.
        metrics: Names, patterns, `all`, or `default`.
        protocol: Settings of papers: `published`, or `published-10k`; empty for those given here.
        features: Feature extractor, or `auto`.
        resize: Its resize convention; empty for its default.
        labels: Classes that were asked for `(n,)`, or a file of them: names, or whole numbers, which are names where
            all classes of the dataset are called by such, else places.
        count: So many of the samples, drawn with `seed`; how many a function is asked for.
        reference_count: Reference samples at most.
        reference_split: Split of the dataset to compare with.
        seed: Seed of the protocol.
        resize_to: With `reference`: side to which images are fitted, in pixels.
        units: With `dataset`: units of a table's rows.
        set: Options by plugin name.
        weights: Pretrained weights.
        device: `auto`, `cpu`, `cuda`, `cuda:1`.
        name: Name of the row; of the file, or `samples`, by default.
        results: Results folder, for ids of cells and for `register`.
        register: Put the scores there, beside those of trained models, with the pictures that metrics give.
        bands: Whether the record says where real samples score against other real ones; None: where that takes seconds.
        report: Told of the progress.

    Raises:
        ConfigError: For what cannot be asked for, and where nothing could be scored.
        DataError: If samples or reference cannot be used.

    Example:
        ```python
        import genharness, numpy
        fake = numpy.random.default_rng(0).integers(0, 256, (500, 8, 8), dtype=numpy.uint8)
        scored = genharness.evaluate(fake, dataset="digits", metrics="fid,prdc")
        scored["fid"], scored.errors["fid"]
        ```
    """
    from genharness.external.registering import register as put_beside
    from genharness.external.request import Request, prepare
    from genharness.external.score import evaluation_of, score_samples

    given = scoring_arguments(
        dataset=dataset,
        metrics=metrics,
        protocol=protocol,
        features=features,
        resize=resize,
        samples=count,
        reference=reference_count,
        reference_split=reference_split,
        protocol_seed=seed,
        resize_to=resize_to,
        units=units,
        set=set,
        weights=weights,
        device=device,
        name=name,
        results=results,
        register=register,
        bands=bands,
        report=report,
    )
    store = Store(given.results)
    if given.register:
        store.open_for_writing()
    held, labels_file = _samples(samples, given.measuring, labels)
    some_real = SeededDraw(given.measuring.reference or 0, given.measuring.protocol_seed)
    request = Request(
        samples=(held,),
        dataset=given.dataset,
        reference=None if reference is None else held_reference(reference, some_real),
        labels=labels_file,
        resize_to=given.resize_to,
        units=given.units,
        name=given.name,
        results=given.results,
        device=resolve_device(given.device),
        weights=given.weights,
        bands=given.bands,
        measuring=given.measuring,
    )
    registry = load_registry()
    (one,) = prepare(request, registry, report)
    evaluation = evaluation_of(one, registry, request, report)
    scored = Evaluated(
        score_samples(one, registry, request, report, evaluation),
        (*one.notes, *one.found.notes, *one.reference.notes),
    )
    if not scored.scores:
        why = "; ".join(f"{key}: {reason}" for key, reason in scored.missing.items()) or "no metric was left"
        raise ConfigError(f"nothing could be scored: {why}")
    if given.register:
        put_beside(scored.record, one, evaluation.pictures, store)
    return scored


def scoring_arguments(*, set: Any, report: Any, **values: Any) -> ScoringArguments:  # noqa: A002  -- as above
    """Return the arguments of `evaluate` and of an `Evaluator`, checked.

    Raises:
        ConfigError: For every value that does not fit.
    """
    values["set"] = {} if set is None else set
    return read_arguments(ScoringArguments, values, _ARGUMENTS, report=report)


_ARGUMENTS = {"samples": "count", "reference": "reference_count", "protocol_seed": "seed"}
"""What options of `Measuring` are called here, where samples and reference are what is scored."""


def _samples(samples: Samples, measuring: Measuring, labels: Any) -> tuple[SampleFile | str, Path | None]:
    """Return the samples, and the file of their labels if that is where they are."""
    in_file = isinstance(labels, str | os.PathLike)
    count = measuring.samples
    draw = None if in_file else SeededDraw(count or 0, measuring.protocol_seed)  # a file of labels is of all samples
    held = held_samples(samples, count=count, labels=None if in_file else labels, where="samples", draw=draw)
    if isinstance(held, str) and labels is not None and not in_file:
        raise DataError("labels of a path are in a file: give its path as labels, or samples as an array")
    return held, Path(labels) if in_file else None
