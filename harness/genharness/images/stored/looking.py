"""What a set of stored samples is, seen in one pass: how many, of which shape, with which values and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError
from genharness.images.batches import Pictures, Survey, decode_batches, survey
from genharness.images.ranges import Values
from genharness.images.sources import FileSource
from genharness.images.stored.labels import LabelBook
from genharness.images.stored.pieces import Piece, StoredSet
from genharness.images.stored.whole import whole_columns
from genharness.images.tensors import channels_first
from genharness.spec.dataset_name import Fit
from genharness.spec.report import Report, silent

__all__ = ["Look", "decoded", "look"]


@dataclass(frozen=True)
class Look:
    """What was seen of a set.

    Attributes:
        count: How many samples.
        survey: Headers of pictures, else None.
        values: Of arrays of images, else None.
        shape: `(c, h, w)` of arrays of images, `(d,)` of rows; of pictures see `survey`.
        origins: Of rows, by their places, the first value of columns that float64 cannot hold.
    """

    count: int
    survey: Survey | None = None
    values: Values | None = None
    shape: tuple[int, ...] = ()
    origins: Mapping[int, int] = field(default_factory=dict)


def look(stored: StoredSet, split: str, book: LabelBook, report: Report = silent) -> Look:
    """Look at all samples of a set, and enter their labels.

    Args:
        stored: The set.
        split: What its labels are entered as.
        book: Where they are entered.
        report: Told of the progress.

    Raises:
        DataError: If there are none, some are unusable, or their shapes differ.
    """
    count, parts, values, shape = 0, list[Survey](), list[Values](), tuple[int, ...]()
    origins: dict[int, int] = {}
    for piece in stored.pieces():
        book.add(split, piece.labels, piece.names)
        if stored.kind == "pictures":
            parts.append(survey(_source(stored, piece), piece.names))
        else:
            found = _shape(stored, piece)
            if shape and found != shape:
                raise DataError(f"{stored.where}: {piece.names[0]} has shape {found}, those before it {shape}")
            shape = found
            if stored.kind == "arrays":
                values.append(Values.of(channels_first(np.asarray(piece.samples), stored.where), stored.where, count))
            if stored.kind == "rows":
                origins = {place: int(column[0]) for place, column in whole_columns(piece).items()} | origins
        count += len(piece.names)
        report(count, 0, f"looking at {stored.where}")
    if not count:
        raise DataError(f"{stored.where} holds no samples")
    found_values = Values.of_all(values) if values else None
    return Look(count, Survey.of_all(parts) if parts else None, found_values, shape, origins)


def _shape(stored: StoredSet, piece: Piece) -> tuple[int, ...]:
    samples: NDArray[Any] = np.asarray(piece.samples)
    if stored.kind != "rows":
        return channels_first(samples, stored.where).shape[1:]
    bad = np.flatnonzero(~np.isfinite(samples).all(axis=1)) if samples.dtype.kind == "f" else np.zeros(0)
    if bad.size:
        raise DataError(f"{stored.where}: {piece.names[int(bad[0])]} holds NaN or infinity: fill it, or leave it out")
    return (samples.shape[-1],)


def decoded(
    stored: StoredSet, piece: Piece, shape: tuple[int, int, int], *, white: int, fit: Fit | None = None
) -> Iterator[Pictures]:
    """Yield the pictures of a piece, as `genharness.images.decode_batches` does."""
    return decode_batches(_source(stored, piece), piece.names, shape, white=white, fit=fit)


def _source(stored: StoredSet, piece: Piece) -> FileSource:
    files: Sequence[bytes] = piece.samples  # type: ignore[assignment]  # of pictures they are files
    by_name = dict(zip(piece.names, files, strict=True))
    return FileSource(stored.where, tuple(piece.names), by_name.__getitem__)
