"""Samples that anybody made, read for scoring: images or rows, from files or from a cell. numpy only, never torch."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.data import PreparedData
from genharness.errors import ConfigError, DataError, did_you_mean
from genharness.evaluate.rows import as_rows
from genharness.files.paths import printable
from genharness.images import as_labels, load_npy, load_npz, read_images
from genharness.images.arrays import UNITS, SampleArrays, label_array, sort_arrays
from genharness.images.class_folders import class_folder
from genharness.images.resize import POLICY, conform
from genharness.images.samples import ImageSet, images_from_array, one_set
from genharness.images.tensors import named_labels
from genharness.spec.plugins import DataShape
from genharness.spec.report import Report

__all__ = [
    "SampleFile",
    "fit_to",
    "holds_statistics",
    "in_units_of",
    "is_statistics",
    "read_labels",
    "read_samples",
    "taken",
    "with_classes",
    "with_labels",
]


@dataclass(frozen=True)
class SampleFile:
    """One set of samples in memory.

    Attributes:
        where: Where it came from, for messages and the record.
        samples: Uint8 images `(n, c, h, w)`, or rows `(n, d)`: float32, float64, or whole numbers beyond 2^53.
        labels: Class indices `(n,)`, or None.
        class_names: What the labels of class folders mean; empty where labels are plain numbers.
        touched: How many samples were `resized`, `cropped`, `converted`.
        widened: How many of the `converted` were plain grey, and only repeated to three channels.
        notes: What was assumed, changed or left out, a line each.
        labels_where: Where the labels came from, if from elsewhere.
        raw: Whether the file says that rows are in their own units, not standardised.
    """

    where: str
    samples: NDArray[Any]
    labels: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    touched: Mapping[str, int] = field(default_factory=dict)
    widened: int = 0
    notes: tuple[str, ...] = ()
    labels_where: str = ""
    raw: bool = False

    @property
    def shape(self) -> DataShape:
        """Shape of one sample."""
        return DataShape("image" if self.samples.ndim == 4 else "tabular", self.samples.shape[1:], 0, len(self.samples))


def read_samples(path: Path, *, size: int | None = None, report: Report | None = None) -> SampleFile:
    """Read a whole set of samples, or refuse it.

    Args:
        path: A folder or zip of pictures, or a .npy or .npz of images (three or four axes) or of rows (two axes).
        size: Side to which pictures are fitted; None wants them all of one size.
        report: Told of the progress.

    Raises:
        DataError: As `genharness.images.read_images`; or rows that are empty, no numbers, or not finite.
    """
    suffix = path.suffix.lower()
    if path.is_file() and suffix in (".npy", ".npz"):
        return _resized(_from_arrays(path, suffix), size)
    found = read_images(path, size=size, report=report)
    return _as_file(path, found)


def _from_arrays(path: Path, suffix: str) -> SampleFile:
    if suffix == ".npy":
        return _from_array(path, load_npy(path), None, ())
    arrays = load_npz(path)
    found = sort_arrays(arrays, str(path), any_name=True)
    samples, labels = one_set(found, path)
    raw = UNITS in arrays and str(arrays[UNITS]) == "raw"
    read = _from_array(path, arrays[samples], arrays[labels] if labels else None, found.notes)
    return dataclasses.replace(read, raw=raw and read.samples.ndim == 2)


def _from_array(path: Path, array: NDArray[Any], labels: NDArray[Any] | None, notes: tuple[str, ...]) -> SampleFile:
    if array.ndim != 2:
        found = _as_file(path, images_from_array(array, labels, str(path)))
        return dataclasses.replace(found, notes=(*notes, *found.notes))
    rows = as_rows(array, str(path))
    of, names = (None, ()) if labels is None else named_labels(labels, len(rows), f"{path}: labels")
    return SampleFile(str(path), rows, of, names, notes=notes)


def _as_file(path: Path, found: ImageSet) -> SampleFile:
    return SampleFile(
        str(path), found.images, found.labels, found.class_names, found.touched, found.widened, found.notes
    )


def holds_statistics(path: Path) -> bool:
    """Whether a file is a .npz with mean and covariance, as pytorch-fid, clean-fid and others write them.

    Raises:
        DataError: If it is a .npz that cannot be read.
    """
    return path.is_file() and path.suffix.lower() == ".npz" and bool(_sorted(path).statistics)


def is_statistics(path: Path) -> bool:
    """Whether a file holds mean and covariance, and no samples beside them.

    Raises:
        DataError: If it is a .npz that cannot be read.
    """
    return holds_statistics(path) and not _sorted(path).samples


def _sorted(path: Path) -> SampleArrays:
    return sort_arrays(load_npz(path), str(path), any_name=True)


def fit_to(found: SampleFile, shape: DataShape, name: str) -> SampleFile:
    """Return samples in the shape of a dataset: images by the stated policy, rows as they are.

    Args:
        found: The samples.
        shape: What is wanted.
        name: What has that shape, for messages.

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
    return _conformed(found, size, "grey" if shape.channels == 1 else "rgb")


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


def _resized(found: SampleFile, size: int | None) -> SampleFile:
    if size is None or found.shape.modality == "tabular":
        return found
    return _conformed(found, size, None)


def _conformed(found: SampleFile, size: int | None, channels: Any) -> SampleFile:
    before = found.shape
    images, changes = conform(found.samples, size, channels)
    done = {key: count for key, count in changes.items() if count}  # each of all samples
    if not done:
        return found
    if "converted" in done:
        done["converted"] -= found.widened  # they are grey again, as they were
    changed = dataclasses.replace(found, samples=images, touched={**found.touched, **done})
    policy = f": {POLICY}" if "resized" in done or "cropped" in done else ""
    return dataclasses.replace(changed, notes=(*found.notes, f"{before} became {changed.shape}{policy}"))


def with_labels(found: SampleFile, path: Path) -> SampleFile:
    """Return the samples with the labels that a file holds.

    Raises:
        DataError: As `read_labels`.
    """
    labels = read_labels(path, len(found.samples))
    return dataclasses.replace(found, labels=labels, class_names=(), labels_where=str(path))


def with_classes(found: SampleFile, class_names: Sequence[str]) -> SampleFile:
    """Return the samples with labels that mean the dataset's classes; labels that do not are left out, with a note."""
    if found.labels is None:
        return found
    if not class_names:
        note = "what they are compared with has no classes: labels are left out"
        return dataclasses.replace(found, labels=None, class_names=(), notes=(*found.notes, note))
    if found.class_names:
        places = {class_folder(label, class_names, len(class_names)): label for label in range(len(class_names))}
        places |= {name: label for label, name in enumerate(class_names)}
        unknown = [name for name in found.class_names if name not in places]
        if unknown:
            note = f"folders such as {unknown[0]!r} are no classes of the dataset: the samples count as unlabelled"
            return dataclasses.replace(found, labels=None, class_names=(), notes=(*found.notes, note))
        order = np.array([places[name] for name in found.class_names])
        return dataclasses.replace(found, labels=order[found.labels], class_names=tuple(class_names))
    if found.labels.max() >= len(class_names):
        where = found.labels_where or found.where
        raise DataError(f"{where}: label {found.labels.max()} is none of the {len(class_names)} classes, from 0")
    return found


def taken(found: SampleFile, count: int, seed: int) -> SampleFile:
    """Return a seeded subset of `count` samples in their order, or all for 0.

    Raises:
        DataError: If there are fewer.
    """
    have = len(found.samples)
    if count > have:
        raise DataError(f"{found.where} holds {have:,} samples, and --count asks for {count:,}")
    if count in (0, have):
        return found
    chosen = np.sort(np.random.default_rng([seed, 37]).choice(have, count, replace=False))
    return dataclasses.replace(
        found,
        samples=found.samples[chosen],
        labels=None if found.labels is None else found.labels[chosen],
        notes=(*found.notes, f"{count:,} of {have:,} samples, drawn with seed {seed}"),
    )


def read_labels(path: Path, count: int) -> NDArray[np.int64]:
    """Return class indices from a .npy, a .npz (`labels`), or a text file with one whole number a line.

    Raises:
        DataError: If the file cannot be read or does not hold `count` whole numbers from 0.
    """
    if not path.is_file():
        problem = "is no file" if path.exists() else "does not exist"
        raise DataError(f"{path} {problem}: give a .npy, .npz or text file of labels")
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
