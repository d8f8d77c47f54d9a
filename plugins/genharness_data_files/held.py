"""Prepare samples that a program held: `array:NAME-DIGEST`, of which `genharness.run(datasets=...)` left the arrays."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from genharness import DataError
from genharness.data import PrepareRequest
from genharness.data.from_stored import write_stored
from genharness.images import load_npy
from genharness.images.stored.pieces import PIECE_BYTES, Kind, Piece, StoredSet

__all__ = ["prepare"]


def prepare(request: PrepareRequest) -> None:
    """Write the samples that were given.

    Raises:
        DataError: If they were given elsewhere, or are no images or rows.
    """
    if request.source is None:
        raise DataError(
            f"{request.reference} was given by a program, and is not prepared here in this form: give it again with "
            'genharness.run(datasets={"NAME": samples})'
        )
    write_stored(request, {path.name.partition(".")[0]: _set(path) for path in request.source.glob("*.samples.npy")})


def _set(path: Path) -> StoredSet:
    array = load_npy(path)
    kind: Kind = "rows" if array.ndim == 2 else "arrays"
    return StoredSet(path.name.partition(".")[0], kind, partial(_pieces, path))


def _pieces(path: Path) -> Iterator[Piece]:
    array = load_npy(path)
    beside = path.with_name(path.name.replace(".samples.", ".labels."))
    labels = load_npy(beside) if beside.is_file() else None
    step = max(1, PIECE_BYTES // max(array[:1].nbytes, 1))
    for start in range(0, len(array), step):
        part = slice(start, start + step)
        values = np.asarray(array[part])
        names = [f"sample {start + place}" for place in range(len(values))]
        yield Piece(names, values, None if labels is None else np.asarray(labels[part]))
