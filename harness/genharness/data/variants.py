"""Variants made from a whole preparation: other sizes and channels, subsets, validation splits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genharness.data.prepared import PreparedData
from genharness.data.splits import stratified_subset
from genharness.data.writer import ArrayWriter
from genharness.errors import ConfigError, did_you_mean
from genharness.images.resize import POLICIES
from genharness.spec.dataset_name import DatasetReference
from genharness.spec.report import Report

__all__ = ["derive"]

_CHUNK_BYTES = 1 << 25

Indices = dict[str, NDArray[np.int64]]


def derive(whole: PreparedData, writer: ArrayWriter, report: Report) -> None:
    """Write the variant that `writer.reference` asks for.

    Classes are chosen first, then the validation split is taken from train, then each split is limited; all
    choices are stratified and seeded. Images are made to fit by the writer.

    Raises:
        ConfigError: If the data cannot give what is asked for.
    """
    reference = writer.reference
    if whole.meta.modality == "tabular" and reference.variant:
        raise ConfigError(f"{reference}: {whole.name} is a table and has no {reference.variant}")
    _describe(whole, writer)
    labels = {split: whole.labels(split) for split in whole.splits}
    kept = _kept_classes(whole, reference)
    indices = _choose(whole, labels, kept, reference)
    renamed = np.full(len(whole.class_names), -1, np.int64)
    renamed[kept] = np.arange(len(kept))
    # A validation split comes from train: every other split comes from its namesake.
    for split, chosen in indices.items():
        origin = split if split in whole.splits else "train"
        split_labels = labels[origin]
        new_labels = None if split_labels is None else renamed[split_labels[chosen]]
        _copy(whole.samples(origin), chosen, new_labels, writer, split, report)


def _describe(whole: PreparedData, writer: ArrayWriter) -> None:
    meta, reference = whole.meta, writer.reference
    names = reference.classes and tuple(name for name in meta.class_names if name in reference.classes)
    writer.describe(
        class_names=names or meta.class_names,
        column_names=meta.column_names,
        licence=meta.licence,
        source=meta.source,
        units=whole.units,
        white=meta.white,
    )
    writer.touched(**meta.touched)
    for note in meta.notes:
        writer.note(note)
    if reference.size is not None and (meta.shape[1:] != (reference.size, reference.size)):
        writer.note(f"made from {whole.name} ({whole.shape}): {POLICIES[reference.fit]}")


def _kept_classes(whole: PreparedData, reference: DatasetReference) -> list[int]:
    """Return the labels of the classes that stay, in the dataset's order."""
    for name in reference.classes:
        if name not in whole.class_names:
            raise ConfigError(f"{whole.name} has no class {name!r}{did_you_mean(name, whole.class_names)}")
    if not reference.classes:
        return list(range(len(whole.class_names)))
    return [label for label, name in enumerate(whole.class_names) if name in reference.classes]


def _choose(
    whole: PreparedData, labels: dict[str, NDArray[np.int64] | None], kept: list[int], reference: DatasetReference
) -> Indices:
    """Return the samples of each new split as indices of the split that they come from."""
    indices: Indices = {}
    for split in whole.splits:
        split_labels = labels[split]
        everything = np.arange(whole.meta.counts[split])
        indices[split] = everything if split_labels is None else everything[np.isin(split_labels, kept)]
    if reference.validation is not None:
        indices = _with_validation(whole, labels["train"], indices, reference.validation)
    if reference.limit is not None:
        for split, chosen in indices.items():
            split_labels = labels[split if split in whole.splits else "train"]
            indices[split] = _subset(split_labels, chosen, min(reference.limit, len(chosen)))
    return indices


def _with_validation(whole: PreparedData, labels: NDArray[np.int64] | None, indices: Indices, count: int) -> Indices:
    if "validation" in whole.splits:
        raise ConfigError(f"{whole.name} has a validation split of its own: leave validation={count} out")
    train = indices["train"]
    if count >= len(train):
        raise ConfigError(f"validation={count} leaves nothing of the {len(train):,} training samples of {whole.name}")
    validation = _subset(labels, train, count)
    rest = np.setdiff1d(train, validation, assume_unique=True)
    return {"train": rest, "validation": validation, **{k: v for k, v in indices.items() if k != "train"}}


def _subset(labels: NDArray[np.int64] | None, chosen: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    own_labels = None if labels is None else labels[chosen]
    return chosen[stratified_subset(own_labels, len(chosen), count)]


def _copy(
    samples: NDArray[np.uint8],
    chosen: NDArray[np.int64],
    labels: NDArray[np.int64] | None,
    writer: ArrayWriter,
    split: str,
    report: Report,
) -> None:
    step = max(1, _CHUNK_BYTES // max(samples[:1].nbytes, 1))
    with writer.split(split, count=len(chosen)) as output:
        for start in range(0, len(chosen), step):
            part = slice(start, start + step)
            output.write(samples[chosen[part]], None if labels is None else labels[part])
            report(min(start + step, len(chosen)), len(chosen), f"writing {split}")
