"""Prepare a .npz of images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genharness import DataError
from genharness.data import PrepareRequest, stratified_split
from genharness.images import as_labels, as_uint8, load_npz

TEST_FRACTION = 0.2

_WHOLE = (("images", "labels"), ("samples", "labels"), ("x", "y"), ("arr_0", "arr_1"))
_SPLIT = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "validation": (("x_val", "y_val"), ("val_images", "val_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
}
"""Names of arrays: Keras writes the first of each split, MedMNIST the second."""

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
    found = {}
    for split, pairs in _SPLIT.items():
        for images, labels in pairs:
            if images in arrays:
                found[split] = _read(request, path, arrays, images, labels)
    if found:
        if "train" not in found:
            raise DataError(f"{path} has the splits {', '.join(found)} but no x_train or train_images")
        return found if "test" in found else {**found, **_divide(request, *found["train"])}
    for images, labels in _WHOLE:
        if images in arrays:
            return _divide(request, *_read(request, path, arrays, images, labels))
    raise DataError(
        f"{path} holds {', '.join(arrays) or 'nothing'}: call the arrays images and labels, or "
        "x_train, y_train, x_test and y_test"
    )


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
    request: PrepareRequest, path: Path, arrays: Mapping[str, NDArray[Any]], images_key: str, labels_key: str
) -> Split:
    images, note = as_uint8(arrays[images_key], f"{path}: {images_key}")
    if note:
        request.writer.note(f"{images_key}: {note}")
        request.writer.touched(converted=len(images))
    if labels_key not in arrays:
        return images, None
    return images, as_labels(arrays[labels_key], len(images), f"{path}: {labels_key}")


def _divide(request: PrepareRequest, images: NDArray[np.uint8], labels: NDArray[np.int64] | None) -> dict[str, Split]:
    if len(images) < 2:
        raise DataError(f"{request.reference} holds one image only: two at least make a train and a test split")
    request.writer.note(f"no test images: {TEST_FRACTION:.0%} of the images are the test split, stratified, seed 0")
    train, test = stratified_split(labels, len(images), TEST_FRACTION)
    return {
        split: (images[chosen], None if labels is None else labels[chosen])
        for split, chosen in (("train", train), ("test", test))
    }
