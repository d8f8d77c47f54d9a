"""Scores of samples made elsewhere, put beside those of trained models."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genharness.errors import RunError
from genharness.external.request import External
from genharness.images.grid import save_grid
from genharness.results.store import Store
from genharness.spec.record import Record

__all__ = ["Pictures", "register"]

Pictures = Mapping[str, tuple[NDArray[np.uint8], int]]
"""Images and columns of the pictures that metrics gave, by name."""


def register(record: Record, one: External, pictures: Pictures, store: Store) -> Path:
    """Save a record and the pictures that its metrics gave, and return the record's file.

    Args:
        record: What scoring gave; it keeps scores of an earlier record of the same set that were not asked for now.
        one: The set.
        pictures: What its evaluation shows.
        store: The results folder, open for writing.

    Raises:
        RunError: If the disk is full or the folder is gone.
    """
    folder = store.cell(record.cell.id)
    try:
        for name, (images, columns) in pictures.items():
            save_grid(folder.picture(name), images, columns)
            record.artefacts[name] = folder.picture(name).name
    except OSError as error:
        told = f"cannot register {record.cell.model} in {store.folder} ({error.strerror or error})"
        raise RunError(f"{told}: free space, or name another --results") from error
    record.keep_scores_of(store.load(record.cell.id), asked={*one.metrics, *one.skipped})
    return store.save(record)
