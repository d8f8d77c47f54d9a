"""Prepare a .npz of images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness import DataError
from genharness.data import PrepareRequest, stratified_split
from genharness.images import Scaling, as_labels, as_uint8, load_npz, scalings_of, sort_arrays
from genharness.images.tensors import SIGNS

TEST_FRACTION = 0.2

Split = tuple[NDArray[np.uint8], NDArray[np.int64] | None]


def prepare(request: PrepareRequest) -> None:
    """Write the images of `npz:PATH`.

    Raises:
        DataError: If it is damaged, pickled, has no arrays of known names, or images of unknown layout or range.
    """
    path = Path(request.reference.path or "")
    if not path.is_file():
        raise DataError(f"{path} is no file: give a .npz as npz:PATH")
    splits = _splits(request, path, load_npz(path))
    _check_classes(path, splits)
    request.writer.describe(source=f"npz {path.name}")
    for split, (images, labels) in splits.items():
        request.writer.split(split, count=len(images)).write(images, labels)
        request.report(len(images), len(images), f"writing {split}")


def _splits(request: PrepareRequest, path: Path, arrays: Mapping[str, NDArray[Any]]) -> dict[str, Split]:
    found = sort_arrays(arrays, str(path))
    if not found.samples:
        raise DataError(f"{path} holds statistics ({', '.join(found.statistics)}), no images")
    for note in found.notes:
        request.writer.note(note)
    labels = _numbered(request, {split: arrays[name] for split, name in found.labels.items()})

    scalings = scalings_of({f"{path}: {name}": arrays[name] for name in found.samples.values()})
    request.writer.describe(white=max(one.white for one in scalings.values()))

    def read(split: str) -> Split:
        name, labels_name = found.samples[split], found.labels.get(split, "")
        images = _read(request, f"{path}: {name}", arrays[name], scalings)
        where = f"{path}: {labels_name}"
        return images, as_labels(labels[split], len(images), where) if labels_name else None

    splits = {split: read(split) for split in found.samples if split}
    if not splits:
        return _divide(request, *read(""))
    if "train" not in splits:
        raise DataError(f"{path} has the splits {', '.join(splits)} but no x_train or train_images")
    return splits if "test" in splits else {**splits, **_divide(request, *splits["train"])}


def _numbered(request: PrepareRequest, labels: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return labels as they are, or, where all are words, or -1 and 1, as places among them, which name the classes."""
    if labels and all(array.dtype.kind in "if" for array in labels.values()):
        found = {value for array in labels.values() for value in np.unique(array).tolist()}
        if found == {-1, 1}:
            request.writer.describe(class_names=SIGNS)
            return {split: array > 0 for split, array in labels.items()}
    if not labels or any(array.dtype.kind not in "US" or not array.size for array in labels.values()):
        return labels
    words = {split: array.astype(str).reshape(len(array), -1)[:, 0] for split, array in labels.items()}
    names = np.unique(np.concatenate(list(words.values())))
    request.writer.describe(class_names=[str(name) for name in names])
    return {split: np.searchsorted(names, array) for split, array in words.items()}


def _check_classes(path: Path, splits: Mapping[str, Split]) -> None:
    trained = splits["train"][1]
    for split, (_, labels) in splits.items():
        if (labels is None) != (trained is None):
            raise DataError(f"{path}: only one of train and {split} has labels")
        if labels is None or trained is None:
            continue
        unknown = np.setdiff1d(labels, trained)
        if len(unknown):
            raise DataError(f"{path}: class {unknown[0]} is unknown: it is in {split} but not in train")


def _read(
    request: PrepareRequest, where: str, array: NDArray[Any], scalings: Mapping[str, Scaling]
) -> NDArray[np.uint8]:
    images, note = as_uint8(array, where, scalings[where])
    if note:
        request.writer.note(f"{where.rpartition(': ')[2]}: {note}")
        request.writer.touched(converted=len(images))
    return images


def _divide(request: PrepareRequest, images: NDArray[np.uint8], labels: NDArray[np.int64] | None) -> dict[str, Split]:
    if len(images) < 2:
        raise DataError(f"{request.reference} holds one image only: two at least make a train and a test split")
    request.writer.note(f"no test images: {TEST_FRACTION:.0%} of the images are the test split, stratified, seed 0")
    train, test = stratified_split(labels, len(images), TEST_FRACTION)
    return {
        split: (images[chosen], None if labels is None else labels[chosen])
        for split, chosen in (("train", train), ("test", test))
    }
