"""Opened prepared datasets: memory maps and what is known of them."""

from __future__ import annotations

import errno
import hashlib
import shlex
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.data.levels import grey_levels
from genharness.data.meta import DamagedMetaError, DatasetMeta, read_meta, samples_file
from genharness.data.seal import is_sealed, seal
from genharness.data.units import Units
from genharness.errors import ConfigError, DataError, did_you_mean
from genharness.files.array_files import DamagedArrayError, parsing_arrays
from genharness.files.mapped import load_mapped
from genharness.files.regular import what_to_do
from genharness.spec.plugins import DataShape
from genharness.spec.report import Report

__all__ = [
    "PreparedData",
    "array_hash",
    "hash_array",
    "meta_of",
    "open_folder",
    "verify_arrays",
]

_HASH_CHUNK_BYTES = 1 << 22


@dataclass(frozen=True)
class PreparedData:
    """A prepared dataset. Cheap to open, to pickle and to hand to another process: samples stay on the disk.

    Attributes:
        folder: Where its arrays lie.
        meta: What is known of it.
    """

    folder: Path
    meta: DatasetMeta

    @property
    def name(self) -> str:
        """Canonical reference, such as `cifar10@64#5000`."""
        return self.meta.name

    @cached_property
    def shape(self) -> DataShape:
        """What a model must know."""
        shape = DataShape(self.meta.modality, self.meta.shape, len(self.class_names), self.meta.counts["train"])
        if shape.modality == "tabular":
            return shape
        return replace(shape, levels=grey_levels(self.samples("train")))

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits: `train`, `test` and perhaps `validation`."""
        return tuple(self.meta.counts)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names in label order, empty for unlabelled data."""
        return self.meta.class_names

    @property
    def units(self) -> Units | None:
        """How a table was standardised, None where that is not known."""
        return Units.of(self.meta.offsets, self.meta.scales, self.meta.origins)

    @property
    def content_hash(self) -> str:
        """SHA-256 over all arrays."""
        return self.meta.content_hash

    @property
    def size_bytes(self) -> int:
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def samples(self, split: str) -> NDArray[Any]:
        """Return a read-only memory map: images uint8 `(n, c, h, w)` or rows float32 `(n, d)`.

        Raises:
            ConfigError: If there is no such split.
            DataError: If the file is missing or damaged.
        """
        self._check_split(split)
        return _load(self, f"{split}/{samples_file(self.meta.modality)}", mapped=True)

    def labels(self, split: str) -> NDArray[np.int64] | None:
        """Return class indices `(n,)`, or None for unlabelled data.

        Raises:
            ConfigError: If there is no such split.
            DataError: If the file is missing or damaged.
        """
        self._check_split(split)
        path = f"{split}/labels.npy"
        return _load(self, path, mapped=False) if path in self.meta.arrays else None

    def class_counts(self, split: str) -> dict[str, int]:
        """Return the number of samples of each class by its name; empty for unlabelled data."""
        labels = self.labels(split)
        if labels is None:
            return {}
        _check_labels(self, f"{split}/labels.npy")
        counts = np.bincount(labels, minlength=len(self.class_names))
        return dict(zip(self.class_names, counts.tolist(), strict=True))

    def _check_split(self, split: str) -> None:
        if split not in self.splits:
            raise ConfigError(f"{self.name} has no split {split!r}{did_you_mean(split, self.splits)}")


_TYPES = {"images.npy": "|u1", "rows.npy": "<f4", "labels.npy": "<i8"}


def _load(data: PreparedData, name: str, *, mapped: bool) -> NDArray[Any]:
    path = data.folder / name
    try:
        if not path.is_file():  # a pipe would be waited for
            raise OSError(errno.ENOENT, "there is no regular file")
        with parsing_arrays():
            array: NDArray[Any] = load_mapped(path) if mapped else np.load(path, allow_pickle=False)
    except (OSError, DamagedArrayError) as error:
        if isinstance(error, OSError) and (advice := what_to_do(error)):
            raise DataError(f"{path} cannot be read ({error.strerror}): {advice}") from error
        raise _damaged(data, name, f"{type(error).__name__}: {error}") from error
    split, _, file = name.partition("/")
    expected = (data.meta.counts[split],) if file == "labels.npy" else (data.meta.counts[split], *data.meta.shape)
    if array.shape != expected or array.dtype.str != _TYPES[file] or not array.flags.c_contiguous:
        raise _damaged(data, name, f"it holds {array.dtype} {array.shape}, not {np.dtype(_TYPES[file])} {expected}")
    return array


def _damaged(data: PreparedData, name: str, reason: str) -> DataError:
    return DataError(f"{data.folder / name} is damaged ({reason}): {_mend(data.name)}")


def _mend(name: str) -> str:
    return f"run `genharness data prepare {shlex.quote(name)} --force`"


def open_folder(folder: Path, name: str, report: Report | None = None) -> PreparedData:
    """Return the prepared dataset of a folder after checking that its arrays are those that were written.

    That is judged by their seal (see `genharness.data.seal`); all values are read where it is broken, old or missing.

    Args:
        folder: Of the prepared dataset.
        name: What to call it in messages.
        report: Told of the progress of reading all values.

    Raises:
        DataError: If it is damaged; the message names the file and the command that mends it.
    """
    data = PreparedData(folder, meta_of(folder, name))
    for path in data.meta.arrays:
        _load(data, path, mapped=True)
    if not is_sealed(folder, data.meta.arrays):
        verify_arrays(data, report)
    return data


def meta_of(folder: Path, name: str) -> DatasetMeta:
    """Return the record of a prepared folder.

    Raises:
        DataError: If it is damaged; the message names the file and the command that mends it.
    """
    try:
        return read_meta(folder)
    except DamagedMetaError as error:
        raise DataError(f"{error}: {_mend(name)}") from error


def verify_arrays(data: PreparedData, report: Report | None = None) -> None:
    """Read every array and compare it with the hash taken when it was written; seal what is as it was.

    Raises:
        DataError: If one differs; the message names the file and the command that mends it.
    """
    for name, expected in data.meta.arrays.items():
        if hash_array(_load(data, name, mapped=True), f"checking {name}", report) != expected:
            raise _damaged(data, name, "its values are not those that were written")
        if name.endswith("/labels.npy"):
            _check_labels(data, name)
    seal(data.folder, data.meta.arrays)


def _check_labels(data: PreparedData, name: str) -> None:
    labels = _load(data, name, mapped=False)
    if labels.min() < 0 or labels.max() >= len(data.class_names):
        found = f"{labels.min()} to {labels.max()}"
        raise _damaged(data, name, f"its labels {found} are not those of {len(data.class_names)} classes")


def hash_array(array: NDArray[Any], text: str, report: Report | None) -> str:
    """Return the SHA-256 of type, shape and values, as `ArrayWriter` takes it while writing."""
    values = hashlib.sha256()
    flat = array.reshape(-1).view(np.uint8)
    for start in range(0, len(flat), _HASH_CHUNK_BYTES):
        values.update(flat[start : start + _HASH_CHUNK_BYTES].data)
        if report:
            report(min(start + _HASH_CHUNK_BYTES, len(flat)), len(flat), text)
    return array_hash(values.hexdigest(), array.dtype, array.shape)


def array_hash(values_hash: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> str:
    """Return the hash of an array from that of its values, type and shape."""
    return hashlib.sha256(f"{dtype.str} {shape} {values_hash}".encode()).hexdigest()
