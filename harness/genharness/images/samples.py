"""Reading a set of samples that anybody made: a folder, zip, .npz or .npy of images of one size."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness.errors import DataError, did_you_mean
from genharness.images.batches import decode_batches, survey
from genharness.images.layout import first_of, read_layout
from genharness.images.sources import open_source
from genharness.images.tensors import as_labels, as_uint8, load_npy, load_npz
from genharness.resizing import POLICY

__all__ = ["ImageSet", "read_images"]

_IMAGE_KEYS = ("images", "samples", "arr_0", "x", "data")
_LABEL_KEYS = ("labels", "arr_1", "y", "targets")


@dataclass(frozen=True)
class ImageSet:
    """Samples in memory.

    Attributes:
        images: uint8 `(n, c, h, w)`.
        labels: Class indices `(n,)`, or None.
        class_names: Names of class folders, empty where there are none.
        touched: How many were `resized`, `cropped`, `converted`.
        notes: What was assumed or left out, a line each.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64] | None = None
    class_names: tuple[str, ...] = ()
    touched: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_images(path: Path, *, size: int | None = None) -> ImageSet:
    """Read a whole set of samples, or refuse it.

    Args:
        path: A folder or zip of pictures (class folders give labels), a .npz with `images` (or `samples`,
            `arr_0`, `x`) and perhaps `labels`, or a .npy.
        size: Side to which pictures of a folder or zip are fitted (short side resized, centre cropped); when
            None, they must all have one size already.

    Raises:
        DataError: If it is missing, empty, damaged, hostile, of mixed sizes, or of an unknown layout or range;
            each bad file is named with the reason.
    """
    if not path.exists():
        raise DataError(f"{path} does not exist: give a folder, zip, .npz or .npy of images")
    suffix = path.suffix.lower()
    if path.is_dir() or suffix == ".zip":
        return _read_files(path, size)
    if suffix == ".npy":
        return _from_arrays(load_npy(path), None, str(path))
    if suffix == ".npz":
        return _read_npz(path)
    raise DataError(f"{path} is no folder, .zip, .npz or .npy: give one of these")


def _read_files(path: Path, size: int | None) -> ImageSet:
    with open_source(path) as source:
        layout = read_layout(source.names, source.where, with_splits=False)
        names, labels = layout.splits["train"], layout.labels["train"]
        found = survey(source, names)
        if size is None and not found.uniform:
            raise DataError(f"{path} holds pictures of mixed sizes, {found.extremes()}: make them one size")
        height, width = (size, size) if size is not None else next(iter(found.sizes))
        images = np.empty((len(names), found.channels, height, width), np.uint8)
        touched: Counter[str] = Counter()
        start = 0
        for batch in decode_batches(source, names, (found.channels, height, width)):
            images[start : start + len(batch.images)] = batch.images
            start += len(batch.images)
            touched.update(resized=batch.resized, cropped=batch.cropped, converted=batch.converted)
    notes = [f"files that are no pictures were left out: {first_of(layout.left_out)}"] if layout.left_out else []
    if touched["resized"] or touched["cropped"]:
        notes.append(f"{found.extremes()}: {POLICY}")
    return ImageSet(
        images,
        np.asarray(labels, np.int64) if layout.class_names else None,
        layout.class_names,
        {key: count for key, count in touched.items() if count},
        tuple(notes),
    )


def _read_npz(path: Path) -> ImageSet:
    arrays = load_npz(path)
    images = next((arrays[key] for key in _IMAGE_KEYS if key in arrays), None)
    if images is None and len(arrays) == 1:
        images = next(iter(arrays.values()))
    if images is None:
        hint = did_you_mean("images", arrays)
        raise DataError(f"{path} has no array called {', '.join(_IMAGE_KEYS)}{hint}")
    return _from_arrays(images, next((arrays[key] for key in _LABEL_KEYS if key in arrays), None), str(path))


def _from_arrays(images: NDArray[Any], labels: NDArray[Any] | None, where: str) -> ImageSet:
    converted, note = as_uint8(images, where)
    return ImageSet(
        converted,
        None if labels is None else as_labels(labels, len(converted), f"{where}: labels"),
        touched={"converted": len(converted)} if note else {},
        notes=(note,) if note else (),
    )
