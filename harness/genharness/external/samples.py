"""Samples that anybody made, brought to what they are compared with: shape, units, classes, count. Never torch."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genharness.data import PreparedData
from genharness.errors import ConfigError, DataError, did_you_mean
from genharness.files.paths import printable
from genharness.images.arrays import label_array
from genharness.images.class_folders import class_folder, class_numbers
from genharness.images.draw import SeededDraw
from genharness.images.names import first_of
from genharness.images.sample_file import SampleFile
from genharness.images.tensors import as_labels, load_npy, load_npz
from genharness.spec.dataset_name import Fit
from genharness.spec.plugins import DataShape

__all__ = [
    "fit_to",
    "in_units_of",
    "read_labels",
    "taken",
    "with_classes",
    "with_labels",
]


def fit_to(found: SampleFile, shape: DataShape, name: str, fit: Fit | None = None) -> SampleFile:
    """Return samples in the shape of a dataset: images by the stated policy, rows as they are.

    Args:
        found: The samples.
        shape: What is wanted.
        name: What has that shape, for messages.
        fit: How its pictures that were no squares became some.

    Raises:
        DataError: If they are of another kind, or cannot be brought to that shape.
    """
    if found.shape.modality != shape.modality:
        raise DataError(f"{found.where} holds {_kind(found.shape)}, and {name} {_kind(shape)}: {_WHAT_ROWS_ARE_FOR}")
    if shape.modality == "tabular":
        if found.shape.columns != shape.columns:
            raise DataError(f"{found.where} has {found.shape}, and {name} {shape}: give rows of the same columns")
        return found
    if found.shape.shape[1:] != shape.shape[1:] and shape.height != shape.width:
        raise DataError(f"{found.where} holds images of {found.shape}, and {name} of {shape}: make them that size")
    size = shape.height if found.shape.shape[1:] != shape.shape[1:] else None
    return found.conformed(size, "grey" if shape.channels == 1 else "rgb", fit)


def in_units_of(found: SampleFile, data: PreparedData, asked: str | None, *, told: bool) -> SampleFile:
    """Return rows in the standardised units of a prepared table, as float32, which it is kept in.

    Args:
        found: Samples of its shape; images stay as they are.
        data: The table.
        asked: `standard` or `raw`; None for what the file says, and standard where it says nothing.
        told: Whether to say in which units they are taken.

    Raises:
        ConfigError: If `raw` is asked for, and how the table was standardised is not known, or it is no table.
        DataError: If a row is too large for float32.
    """
    units, raw = data.units, asked == "raw" or (not asked and found.raw)
    if asked and found.shape.modality != "tabular":
        raise ConfigError(f"{data.name} holds images, which have no units: leave --units out")
    if found.shape.modality != "tabular":
        return found
    if raw and units is None:
        raise ConfigError(
            f"how the columns of {data.name} were standardised is not recorded: prepare it again with "
            f"`genharness data prepare {shlex.quote(data.name)} --force`, or leave --units out where they were not"
        )
    rows = units.standardised(found.samples) if raw and units is not None else found.samples
    with np.errstate(over="ignore"):
        narrow = rows.astype(np.float32)
    if not np.isfinite(narrow).all():
        bad = int(np.flatnonzero(~np.isfinite(narrow).all(axis=1))[0])
        raise DataError(f"{found.where}: row {bad} is too large to be compared with {data.name}")
    note = _of_units(found, data, raw=raw) if units is not None and told and not asked else ""
    return dataclasses.replace(found, samples=narrow, notes=(*found.notes, *filter(None, [note])))


def _of_units(found: SampleFile, data: PreparedData, *, raw: bool) -> str:
    if raw:
        return f"rows in their own units, as the file says, standardised as {data.name} is"
    if data.units is not None and data.units.look_raw(found.samples):
        return f"rows look as if they were in their own units, and {data.name} is standardised: give --units raw"
    return f"rows are taken to be standardised, as {data.name} is: give --units raw for its own units"


def _kind(shape: DataShape) -> str:
    return f"images of {shape}" if shape.modality == "image" else f"rows of {shape}"


_WHAT_ROWS_ARE_FOR = "rows are compared with rows, such as --reference FEATURES.npy of the same extractor"


def with_labels(found: SampleFile, path: Path) -> SampleFile:
    """Return the samples with the labels that a file holds.

    Raises:
        DataError: As `read_labels`.
    """
    labels = read_labels(path, len(found.samples))
    return dataclasses.replace(found, labels=labels, class_names=(), labels_where=str(path))


def with_classes(found: SampleFile, class_names: Sequence[str], *, places: bool = False) -> SampleFile:
    """Return the samples with labels that mean the dataset's classes; words that do not are left out, with a note.

    Args:
        found: The samples.
        class_names: Names of the dataset's classes, in label order.
        places: Whether numbers are places among them, as in a cell's own samples; else, where all classes are called by
            whole numbers, a number is a name.

    Raises:
        DataError: If a number is no class.
    """
    if found.labels is None:
        return found
    if not class_names:
        note = "what they are compared with has no classes: labels are left out"
        return dataclasses.replace(found, labels=None, class_names=(), notes=(*found.notes, note))
    if found.class_names:
        known = {class_folder(label, class_names, len(class_names)): label for label in range(len(class_names))}
        known |= {name: label for label, name in enumerate(class_names)}
        unknown = [name for name in found.class_names if name not in known]
        if unknown:
            note = f"labels such as {unknown[0]!r} are no classes of the dataset: the samples count as unlabelled"
            return dataclasses.replace(found, labels=None, class_names=(), notes=(*found.notes, note))
        order = np.array([known[name] for name in found.class_names])
        return dataclasses.replace(found, labels=order[found.labels], class_names=tuple(class_names))
    numbers = () if places else class_numbers(class_names)
    if numbers and numbers != tuple(range(len(numbers))):
        return _called_by(found, found.labels, numbers)
    if found.labels.max() >= len(class_names):
        where = found.labels_where or found.where
        raise DataError(f"{where}: label {found.labels.max()} is none of the {len(class_names)} classes, from 0")
    return found


def _called_by(found: SampleFile, labels: NDArray[np.int64], numbers: Sequence[int]) -> SampleFile:
    """Return the samples with labels that are the numbers of classes as places among them."""
    known = {number: place for place, number in enumerate(numbers)}
    there, entries = np.unique(labels, return_inverse=True)
    unknown = [number for number in there.tolist() if number not in known]
    if unknown:
        names = first_of([str(number) for number in numbers], _CLASSES_NAMED)
        where = found.labels_where or found.where
        raise DataError(f"{where}: no class is called {unknown[0]}, as a label says: the classes are {names}")
    order = np.array([known[number] for number in there.tolist()])
    apart = [
        f"{name} is class {place + 1} of {len(numbers)}"
        for name, place in zip(there, order, strict=True)
        if name != place
    ]
    notes = [f"labels are what classes are called, not their places: {apart[0]}"] if apart else []
    return dataclasses.replace(found, labels=order[entries.reshape(-1)], notes=(*found.notes, *notes))


_CLASSES_NAMED = 20
"""That a message tells."""


def taken(found: SampleFile, draw: SeededDraw) -> SampleFile:
    """Return a seeded subset of the samples in their order, or all for a count of 0.

    Raises:
        DataError: If there are fewer.
    """
    have, count = len(found.samples), draw.count
    if count > have:
        raise DataError(f"{found.where} holds {have:,} samples, and --count asks for {count:,}")
    if count in (0, have):
        return found
    chosen = draw.chosen(have)
    return dataclasses.replace(
        found,
        samples=found.samples[chosen],
        labels=None if found.labels is None else found.labels[chosen],
        notes=(*found.notes, draw.note(have)),
    )


def read_labels(path: Path, count: int) -> NDArray[np.int64]:
    """Return class indices from a .npy, a .npz (`labels`), or a text file with one whole number a line.

    Raises:
        DataError: If the file cannot be read or does not hold `count` whole numbers from 0.
    """
    if not path.is_file():
        problem = "is no file" if path.exists() else "does not exist"
        raise DataError(f"{printable(path)} {problem}: give a .npy, .npz or text file of labels")
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return as_labels(load_npy(path), count, str(path))
    if suffix == ".npz":
        arrays = load_npz(path)
        found = label_array(arrays)
        if found is None:
            raise DataError(f"{path} has no array called labels{did_you_mean('labels', map(printable, arrays))}")
        return as_labels(found, count, str(path))
    return as_labels(_numbers(path), count, str(path))


def _numbers(path: Path) -> NDArray[np.float64]:
    try:
        words = path.read_text(encoding="utf-8-sig").replace(",", " ").split()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text file of labels ({error}): write one whole number a line") from error
    for place, word in enumerate(words, start=1):
        if not word.isdecimal():
            shown = f"{word[:40]}…" if len(word) > 40 else word
            raise DataError(f"{path}: entry {place} is {shown!r}: write one whole number a line")
    return np.array([float(word) for word in words])  # unlike int64, it takes any number of digits
