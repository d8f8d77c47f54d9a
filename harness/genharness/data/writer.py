"""Writing a prepared dataset chunk by chunk: memory stays at one chunk, whatever the size of the data."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genharness.data.meta import DatasetMeta, combined_hash, samples_file, write_meta
from genharness.data.prepared import array_hash
from genharness.data.units import Units
from genharness.errors import DataError
from genharness.images.batches import Pictures
from genharness.images.decode import told_changes
from genharness.images.peaks import Peaks
from genharness.images.resize import conform
from genharness.spec.dataset_name import DatasetReference
from genharness.spec.plugins import Modality

__all__ = ["ArrayWriter", "SplitWriter"]


_LOST_SPREAD = 1e-3
"""Most of a column's standard deviation that rounding to float32 may change a value by."""

_FEW_MISSING = 10
"""So many classes more than half may be missing in a small part of the data."""

_FEW_CLASSES = 50
"""Up to so many classes, most of which have one sample, are not doubted."""


class _GrowingArray:
    """One .npy file that grows at its end; its header is completed when it is closed.

    numpy pads a header so that the first axis may grow to 21 digits without moving the values.
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], sample_shape: tuple[int, ...]) -> None:
        self.dtype, self.sample_shape, self.count = dtype, sample_shape, 0
        self._values = hashlib.sha256()
        self._file: BinaryIO = path.open("wb")
        self._write_header()
        self._start = self._file.tell()

    def _write_header(self) -> None:
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.count, *self.sample_shape)}
        np.lib.format.write_array_header_1_0(self._file, header)

    def append(self, values: NDArray[Any]) -> None:
        data = np.ascontiguousarray(values, self.dtype).data.cast("B") if values.size else b""
        self._file.write(data)
        self._values.update(data)
        self.count += len(values)

    def close(self) -> str:
        """Complete the file and return its hash."""
        self._file.seek(0)
        self._write_header()
        if self._file.tell() != self._start:
            raise AssertionError("the header of a growing .npy file changed its length")
        self._file.close()
        return array_hash(self._values.hexdigest(), self.dtype, (self.count, *self.sample_shape))

    def abandon(self) -> None:
        self._file.close()


class SplitWriter:
    """One split being written. Use it in a `with` block, or leave the closing to the `ArrayWriter`."""

    def __init__(self, owner: ArrayWriter, name: str, count: int | None, shape: tuple[int, ...] | None) -> None:
        self.name = name
        self.expected = count
        self._owner = owner
        self._announced = shape
        self._samples: _GrowingArray | None = None
        self._labels: _GrowingArray | None = None
        self.hashes: dict[str, str] = {}

    @property
    def count(self) -> int:
        """Samples written so far."""
        return self._samples.count if self._samples else 0

    def write(self, samples: ArrayLike, labels: ArrayLike | None = None) -> None:
        """Append a chunk.

        Args:
            samples: Images uint8 `(n, c, h, w)` with 1 or 3 channels, or rows `(n, d)` of finite numbers.
            labels: Class indices `(n,)`, or None for unlabelled data; all chunks alike.

        Raises:
            DataError: If a chunk does not fit the ones before it, or has NaN, or labels out of range.
        """
        chunk = self._checked_samples(np.asarray(samples))
        indices = None if labels is None else self._checked_labels(np.asarray(labels), len(chunk))
        if self._samples is None:
            self._start(chunk, labelled=indices is not None)
        if (indices is None) != (self._labels is None):
            raise self._wrong("some chunks have labels and some have none")
        assert self._samples is not None
        self._samples.append(chunk)
        if self._labels is not None and indices is not None:
            self._labels.append(indices)

    def _start(self, chunk: NDArray[Any], *, labelled: bool) -> None:
        folder = self._owner.folder / self.name
        folder.mkdir()
        self._owner.settle_shape(self.name, chunk)
        file = samples_file(self._owner.modality)
        self._samples = _GrowingArray(folder / file, chunk.dtype, chunk.shape[1:])
        if labelled:
            self._labels = _GrowingArray(folder / "labels.npy", np.dtype("<i8"), ())

    def _checked_samples(self, samples: NDArray[Any]) -> NDArray[Any]:
        if samples.ndim == 4:
            if samples.dtype != np.uint8 or samples.shape[1] not in (1, 3):
                raise self._wrong(f"images must be uint8 (n, 1 or 3, h, w), not {samples.dtype} {samples.shape}")
            samples = self._owner.conformed(samples)
        elif samples.ndim == 2:
            if not np.isfinite(samples).all():
                raise self._wrong("a row holds NaN or infinity")
            samples = self._rows(samples)
        else:
            raise self._wrong(f"samples must be (n, c, h, w) or (n, d), not {samples.shape}")
        expected = self._samples.sample_shape if self._samples else self._announced
        if expected is not None and samples.shape[1:] != expected:
            raise self._wrong(f"samples have shape {samples.shape[1:]}, not {expected}")
        return samples

    def _rows(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """Return rows as float32, which models are trained on.

        Raises:
            DataError: If a column is so far from 0 that float32 would round its spread away.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            narrow = rows.astype("<f4")
            spread = rows.std(axis=0, dtype=np.float64)
            lost = np.abs(narrow.astype(np.float64) - rows).max(axis=0, initial=0.0)
        bad = np.flatnonzero(~(lost <= _LOST_SPREAD * spread) & (spread > 0))
        if len(bad) or not np.isfinite(narrow).all():
            column = int(bad[0]) if len(bad) else int(np.flatnonzero(~np.isfinite(narrow).all(axis=0))[0])
            raise self._wrong(
                f"column {column} has values around {rows[0, column]:g} that differ by {spread[column]:.3g}, which "
                "float32 cannot hold: standardise rows, and tell their units with `describe(units=...)`"
            )
        return narrow

    def _checked_labels(self, labels: NDArray[Any], count: int) -> NDArray[np.int64]:
        if labels.shape != (count,):
            raise self._wrong(f"{count} samples but labels of shape {labels.shape}")
        if labels.dtype.kind not in "iu":
            raise self._wrong(f"labels must be whole numbers, not {labels.dtype}")
        if count:
            self._owner.check_labels(self.name, labels)
        return labels.astype(np.int64)

    def _wrong(self, reason: str) -> DataError:
        return DataError(f"{self._owner.reference}: split {self.name!r}: {reason}")

    def close(self) -> None:
        """Complete the files.

        Raises:
            DataError: If nothing was written, or another number than was promised.
        """
        if self.hashes:
            return
        if not self.count or self._samples is None:
            raise self._wrong("it has no samples")
        if self.expected is not None and self.count != self.expected:
            raise self._wrong(f"{self.count:,} samples were found, not {self.expected:,}")
        self.hashes[f"{self.name}/{samples_file(self._owner.modality)}"] = self._samples.close()
        if self._labels is not None:
            self.hashes[f"{self.name}/labels.npy"] = self._labels.close()

    def abandon(self) -> None:
        """Let go of the files, complete or not."""
        for array in (self._samples, self._labels):
            if array is not None:
                array.abandon()

    def __enter__(self) -> SplitWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()


class ArrayWriter:
    """Writes the arrays of one dataset into a folder that nobody else sees yet.

    Example:
        ```python
        with request.writer.split("train", count=60_000) as train:
            for images, labels in chunks:
                train.write(images, labels)
        request.writer.split("test").write(test_images, test_labels)
        ```

    Args:
        folder: An empty folder.
        reference: What is being prepared; where it asks for a size or channels, images are made to fit.
        class_names: Names in label order where known beforehand.
        licence: Licence or terms.
        source: Where the data comes from.
    """

    def __init__(
        self,
        folder: Path,
        reference: DatasetReference,
        *,
        class_names: Sequence[str] = (),
        licence: str = "",
        source: str = "",
    ) -> None:
        self.folder = folder
        self.reference = reference
        self.modality: Modality = "image"
        self._shape: tuple[int, ...] | None = None
        self._splits: dict[str, SplitWriter] = {}
        self._class_names, self._columns = tuple(class_names), tuple[str, ...]()
        self._units: Units | None = None
        self._white = 0
        self._labels_seen: set[int] = set()
        self._licence, self._source = licence, source
        self._touched: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()
        self._peaks = Peaks()
        self._notes: list[str] = []

    def split(self, name: str, count: int | None = None, shape: tuple[int, ...] | None = None) -> SplitWriter:
        """Begin a split; several may be open at once.

        Args:
            name: `train`, `test` or `validation`; `train` and `test` must exist in the end.
            count: Samples that must be written, where known.
            shape: `(c, h, w)` or `(d,)` that every chunk must have, where known.
        """
        if name not in ("train", "validation", "test"):
            raise DataError(f"{self.reference}: a split is called train, validation or test, not {name!r}")
        if name in self._splits:
            raise DataError(f"{self.reference}: split {name!r} is written twice")
        self._splits[name] = SplitWriter(self, name, count, shape)
        return self._splits[name]

    def restart(self) -> None:
        """Forget all splits and what was done to their samples: a writer that took a guess that was wrong."""
        for name, split in self._splits.items():
            split.abandon()
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.modality, self._shape = "image", None
        self._splits.clear()
        self._labels_seen.clear()
        self._touched.clear()
        self._changed.clear()
        self._peaks = Peaks()

    def describe(
        self,
        *,
        class_names: Sequence[str] | None = None,
        column_names: Sequence[str] | None = None,
        licence: str | None = None,
        source: str | None = None,
        units: Units | None = None,
        white: int | None = None,
    ) -> None:
        """Say what only the data knew: classes (before labels are written), columns, licence, source, units, white."""
        if class_names is not None:
            self._class_names = tuple(class_names)
        if column_names is not None:
            self._columns = tuple(column_names)
        self._units = self._units if units is None else units
        self._white = self._white if white is None else white
        self._licence = self._licence if licence is None else licence
        self._source = self._source if source is None else source

    def touched(self, **counts: int) -> None:
        """Add to the counts of `resized`, `cropped` and `converted` samples."""
        self._touched.update(counts)

    def decoded(self, batch: Pictures) -> None:
        """Count what had to be done to pictures, to be told in the end; `finish` refuses them where they end at 1."""
        self._peaks.join(batch.peaks)
        self.touched(resized=batch.resized, cropped=batch.cropped, converted=batch.converted)
        self._changed.update({change: len(names) for change, names in batch.changes.items()})

    def note(self, line: str) -> None:
        """Keep a line that users should see, such as what was left out."""
        self._notes.append(line)

    def conformed(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return images at the size and channels that the reference asks for, and count the changes."""
        fitted, changes = conform(images, self.reference.size, self.reference.channels, self.reference.fit)
        self.touched(**changes)
        return fitted

    def settle_shape(self, split: str, chunk: NDArray[Any]) -> None:
        """Take shape and modality from the first chunk; hold every other split to them."""
        if self._shape is None:
            self._shape, self.modality = chunk.shape[1:], "image" if chunk.ndim == 4 else "tabular"
        if self._shape != chunk.shape[1:]:
            raise DataError(
                f"{self.reference}: split {split!r} has samples of shape {chunk.shape[1:]}, another has {self._shape}"
            )

    def check_labels(self, split: str, labels: NDArray[Any]) -> None:
        """Hold labels to 0 … classes - 1."""
        low, high = int(labels.min()), int(labels.max())
        classes = len(self._class_names)
        if low < 0 or (classes and high >= classes):
            known = f"{classes} classes" if classes else "classes numbered from 0"
            wrong = low if low < 0 else high
            raise DataError(f"{self.reference}: split {split!r}: label {wrong} does not fit {known}")
        self._labels_seen.update(np.unique(labels).tolist())

    def finish(self, *, source_state: str = "", derived_from: str = "", code: str = "") -> DatasetMeta:
        """Complete every split and write `meta.json`.

        Args:
            source_state: Fingerprint of a parametric dataset's files.
            derived_from: Content hash of what a variant is made from.
            code: Digest of the code that prepares it.

        Raises:
            DataError: If a split is missing or empty, only some splits have labels, or decoded pictures are in [0, 1].
        """
        self._peaks.refuse(str(self.reference))
        for name in ("train", "test"):
            if name not in self._splits:
                raise DataError(f"{self.reference}: split {name!r} is missing")
        for split in self._splits.values():
            split.close()
        arrays = {path: hash_ for split in self._splits.values() for path, hash_ in split.hashes.items()}
        meta = DatasetMeta(
            name=str(self.reference),
            modality=self.modality,
            shape=self._shape or (),
            class_names=self._final_class_names(arrays),
            column_names=self._columns,
            counts={name: split.count for name, split in self._splits.items()},
            content_hash=combined_hash(arrays),
            arrays=arrays,
            source=self._source,
            licence=self._licence,
            touched=self._final_touched(),
            notes=(*self._notes, *told_changes(self._changed)),
            source_state=source_state,
            derived_from=derived_from,
            offsets=() if self._units is None else self._units.offsets,
            scales=() if self._units is None else self._units.scales,
            origins=() if self._units is None else self._units.origins,
            white=self._white,
            code=code,
        )
        write_meta(self.folder, meta)
        return meta

    def _final_touched(self) -> dict[str, int]:
        """Return the counts, at most one for each sample: of a variant they add up to those of what it is made from."""
        total = sum(split.count for split in self._splits.values())
        return {key: min(count, total) for key, count in self._touched.items() if count}

    def _final_class_names(self, arrays: dict[str, str]) -> tuple[str, ...]:
        labelled = [name for name in self._splits if f"{name}/labels.npy" in arrays]
        if labelled and len(labelled) != len(self._splits):
            raise DataError(f"{self.reference}: only some splits have labels: {', '.join(labelled)}")
        if not labelled:
            return ()
        if not self._class_names:
            self._refuse_no_classes()
        return self._class_names or tuple(str(label) for label in range(max(self._labels_seen) + 1))

    def _refuse_no_classes(self) -> None:
        """Refuse numbers that stand for something else than classes: identifiers, years, codes with gaps."""
        count, classes = len(self._labels_seen), max(self._labels_seen) + 1
        samples = sum(split.count for split in self._splits.values())
        if classes > 2 * count + _FEW_MISSING:
            raise DataError(
                f"{self.reference}: labels reach {classes - 1:,}, which would be {classes:,} classes, and only "
                f"{count:,} of them occur: number the classes from 0 without gaps"
            )
        if count > _FEW_CLASSES and count > samples / 2:
            raise DataError(
                f"{self.reference}: {count:,} different labels of {samples:,} samples are no classes: leave them out, "
                "or group them"
            )
        if count < classes:
            self.note(f"{classes - count:,} of {classes:,} classes have no sample")

    def abandon(self) -> None:
        """Let go of every file; the folder is its owner's to delete."""
        for split in self._splits.values():
            split.abandon()
