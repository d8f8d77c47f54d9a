"""Scoring inside somebody's own training loop: samples come in batches, and features are extracted as they come."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from genharness.api.arrays import Samples, as_array, as_classes, held_reference
from genharness.api.devices import resolve_device
from genharness.api.samples import Evaluated, scoring_arguments
from genharness.errors import ConfigError, DataError
from genharness.images import SampleFile
from genharness.images.ranges import Scaling
from genharness.images.samples import samples_of_array
from genharness.images.tensors import channels_first, scalings_of
from genharness.plugin.registry import load_registry
from genharness.spec.report import Report, silent

if TYPE_CHECKING:
    from genharness.external.request import External
    from genharness.kit.extractor import Extracted, Extractor
    from genharness.measure.evaluation import Computed

__all__ = ["Evaluator"]


class Evaluator:
    """Scores samples batch by batch against a dataset or against samples, in the manner of torchmetrics.

    `update` takes samples, `compute` gives the scores of all of them, `reset` begins anew. The real samples are read,
    and their features extracted, once. Samples are kept as uint8 (rows as they are); features of images are extracted
    while they come. Nothing is written but what is of the real samples. The scores are those of `genharness.evaluate`
    of the same samples, bit for bit.

    Args:
        dataset: Dataset to compare with, such as `digits`.
        reference: Or samples to compare with: an array or tensor, batches, or a path.
        metrics: Names, patterns, `all`, or `default`.
        protocol: Settings of papers: `published`, or `published-10k`.
        features: Feature extractor, or `auto`.
        resize: Its resize convention; empty for its default.
        reference_count: Reference samples at most.
        reference_split: Split of the dataset to compare with.
        seed: Seed of the protocol.
        set: Options by plugin name.
        weights: Pretrained weights.
        device: Where features are extracted: `auto`, `cpu`, `cuda`, `cuda:1`.
        report: Told of the progress of reading and extracting.

    Raises:
        ConfigError: For what cannot be asked for.
        DataError: If the reference cannot be used.

    Example:
        ```python
        evaluator = genharness.Evaluator("digits", metrics="fid,prdc")
        for _ in range(4):
            evaluator.update(generator.sample(250))
        print(evaluator.compute()["fid"])
        evaluator.reset()
        ```
    """

    def __init__(
        self,
        dataset: str = "",
        *,
        reference: Samples | None = None,
        metrics: str | Sequence[str] = "default",
        protocol: Literal["", "published", "published-10k"] = "",
        features: str = "auto",
        resize: str = "",
        reference_count: int | None = None,
        reference_split: str = "train",
        seed: int = 0,
        set: Mapping[str, Mapping[str, Any]] | None = None,  # noqa: A002  -- the word of `--set` and of a suite
        weights: os.PathLike[str] | str | None = None,
        device: str = "auto",
        report: Report = silent,
    ) -> None:
        from genharness.external.request import Request, scoring_of

        given = scoring_arguments(
            dataset=dataset,
            metrics=metrics,
            protocol=protocol,
            features=features,
            resize=resize,
            reference=reference_count,
            reference_split=reference_split,
            protocol_seed=seed,
            set=set,
            weights=weights,
            device=device,
            report=report,
        )
        if bool(given.dataset) == (reference is not None):
            raise ConfigError("say what to compare with: a dataset, or a reference")
        self._report = report
        self._request = Request(
            samples=(),
            dataset=given.dataset,
            reference=None if reference is None else held_reference(reference),
            device=resolve_device(given.device),
            weights=given.weights,
            measuring=given.measuring,
        )
        self._scoring = scoring_of(self._request, load_registry(), report)
        self._extractors: dict[str, Extractor] = {}
        self._code: dict[str, dict[str, str]] = {}
        self._planned: dict[tuple[int, ...], External] = {}
        self._computed: Computed | None = None
        self._batches: list[SampleFile] = []
        self._scaling: Scaling | None = None
        self._waiting: list[NDArray[Any]] = []
        self._extracted: list[Extracted] = []
        self._streams = any("features" in one.spec.needs for one in self._scoring.metrics)

    def update(self, samples: Samples, labels: Any = None) -> None:
        """Take samples in.

        Args:
            samples: A batch, as `genharness.evaluate` takes samples; it is copied. The range of floating-point images
                is read off each batch, and must be that of the first.
            labels: The classes that were asked for `(n,)`, words or numbers as in the first batch, or None.

        Raises:
            DataError: If they are no images or rows, not of the shape or range of the earlier ones, or only some have
                labels, or words.
        """
        array, given = as_array(samples, "samples"), None if labels is None else as_classes(labels, "labels")
        white = self._scoring.reference.white or (self._batches[0].white if self._batches else 0)
        found = samples_of_array(array, given, "samples", beside=white)
        if self._batches and (first := self._batches[0].white) != found.white:
            told = f"white is {found.white or 255:,} in these samples, and {first or 255:,} in earlier ones"
            raise DataError(f"{told}: give all as uint8")
        if self._batches and self._batches[0].shape.shape != found.shape.shape:
            raise DataError(f"samples are {found.shape}, and earlier ones {self._batches[0].shape}: reset first")
        if self._batches and (self._batches[0].labels is None) != (found.labels is None):
            raise DataError("some batches have labels and some have none: give them with every batch or with none")
        if self._batches and found.labels is not None and bool(self._batches[0].class_names) != bool(found.class_names):
            raise DataError("labels of some batches are words and of some numbers: give words in all, or numbers")
        if found.shape.modality == "image":
            self._scaling = _in_one_range(array, found, white, self._scaling)
        self._batches.append(dataclasses.replace(found, samples=np.array(found.samples), deep=None))
        if self._streams and found.shape.modality == "image":
            self._waiting.append(self._batches[-1].samples)
            self._extract_chunks()

    def compute(self) -> Evaluated:
        """Return the scores of all samples since the last `reset`; more may come after it.

        Raises:
            DataError: If there are none, or they do not fit what they are compared with.
        """
        from genharness.external.request import plan_sets
        from genharness.external.score import evaluation_of, score_samples
        from genharness.measure.build import code_of_metrics
        from genharness.measure.evaluation import Computed

        if not self._batches:
            raise DataError("there are no samples: call update first")
        request = dataclasses.replace(self._request, samples=(_joined(self._batches),))
        one = dataclasses.replace(plan_sets(request, self._scoring, self._report)[0], features_folder=None)
        registry = self._scoring.registry
        computed = self._computed.without("fake") if self._computed is not None else Computed()
        if self._extracted and len(one.found.samples) == len(self):  # else a protocol took some of them
            computed.extracted["fake", one.protocol.extractor] = self._all_extracted()
        make = functools.partial(self._extractor, one)
        evaluation = evaluation_of(one, registry, request, self._report, computed=computed, make=make)
        if self._code.keys() != one.metrics.keys():  # some metrics want labels, which only some sets have
            self._code = code_of_metrics(registry, one.metrics)
        record = score_samples(one, registry, request, self._report, evaluation, self._code)
        self._computed = computed
        return Evaluated(record, (*one.notes, *one.found.notes, *one.reference.notes))

    def reset(self) -> None:
        """Forget the samples; what is known of the real ones stays."""
        self._batches.clear()
        self._scaling = None
        self._waiting.clear()
        self._extracted.clear()

    def __len__(self) -> int:
        """Samples since the last `reset`."""
        return sum(len(one.samples) for one in self._batches)

    def _extract_chunks(self) -> None:
        """Extract features of whole chunks of waiting samples: of the same ones as if all had come at once."""
        from genharness.measure.feature_cache import CHUNK

        if sum(map(len, self._waiting)) < CHUNK:
            return
        waiting = np.concatenate(self._waiting)
        whole = len(waiting) // CHUNK * CHUNK
        self._extracted.append(self._features_of(waiting[:whole]))
        self._waiting = [waiting[whole:]] if whole < len(waiting) else []

    def _features_of(self, samples: NDArray[Any]) -> Extracted:
        from genharness.external.request import plan_sets, read_held
        from genharness.measure.feature_cache import extract

        chunk = SampleFile("samples", samples)
        shape = samples.shape[1:]
        if shape not in self._planned:  # which extractor it is goes by the shape
            request = dataclasses.replace(self._request, samples=(chunk,))
            measuring = dataclasses.replace(self._scoring.measuring, samples=None)  # a chunk is no set of its count
            scoring = dataclasses.replace(self._scoring, measuring=measuring)
            (self._planned[shape],) = plan_sets(request, scoring, self._report)
        one = self._planned[shape]
        found = read_held(self._request, self._scoring, chunk, self._report)
        return extract(self._extractor(one, one.protocol.extractor), found.samples)

    def _all_extracted(self) -> Extracted:
        from genharness.kit.extractor import Extracted

        rest = [self._features_of(np.concatenate(self._waiting))] if self._waiting else []
        parts = [*self._extracted, *rest]
        logits = [part.logits for part in parts if part.logits is not None]
        features = np.concatenate([part.features for part in parts])
        return Extracted(features, np.concatenate(logits) if logits else None)

    def _extractor(self, one: External, name: str) -> Extractor:
        from genharness.external.score import extractor_maker

        if name not in self._extractors:
            make = extractor_maker(one.protocol, one.reference, self._scoring.registry, self._request, self._report)
            self._extractors[name] = make(name)
        return self._extractors[name]


def _joined(batches: Sequence[SampleFile]) -> SampleFile:
    """Return batches as one set."""
    first = batches[0]
    names = tuple(sorted({name for one in batches for name in one.class_names}))
    places = {name: place for place, name in enumerate(names)}
    parts = [_in_places(one.labels, one.class_names, places) for one in batches if one.labels is not None]
    notes = tuple(dict.fromkeys(note for one in batches for note in one.notes))
    touched: Counter[str] = Counter()
    for one in batches:
        touched.update(one.touched)
    samples = np.concatenate([one.samples for one in batches])
    return SampleFile(first.where, samples, np.concatenate(parts) if parts else None, names, dict(touched), 0, notes)


def _in_places(labels: NDArray[np.int64], class_names: Sequence[str], places: Mapping[str, int]) -> NDArray[np.int64]:
    """Return the labels of a batch, where they are words as places among the words of all batches."""
    return np.array([places[name] for name in class_names], np.int64)[labels] if class_names else labels


def _in_one_range(array: NDArray[Any], found: SampleFile, white: int, earlier: Scaling | None) -> Scaling:
    """Return how the values of the first batch became bytes.

    Args:
        array: A batch of images.
        found: As it was read by itself.
        white: What white it was read beside.
        earlier: How the values of the first batch became bytes; None where this is it.

    Raises:
        DataError: If values of this batch were read in another way, and are other bytes so.
    """
    scaling = Scaling(1.0, 0.0, "") if array.dtype == np.uint8 else scalings_of({"samples": array}, white)["samples"]
    if earlier is None or (scaling.factor, scaling.shift) == (earlier.factor, earlier.shift):
        return earlier or scaling
    if np.array_equal(earlier.taken(channels_first(array, "samples").astype(np.float64)), found.samples):
        return earlier  # all black, for one
    now, then = (one.note or "uint8" for one in (scaling, earlier))
    raise DataError(f"this batch is read as {now}, and the first was as {then}: give all as uint8, or scale all alike")
