"""The COVID-19 radiography database (Chowdhury et al., 2020; Rahman et al., 2021), from Kaggle's folder or zip.

Each class folder holds `images/` and `masks/`; the masks are skipped. There are no official splits and no patients.
"""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from genharness import DataError
from genharness.data import PrepareRequest, stratified_split
from genharness.data.from_pictures import asked_shape, write_pictures
from genharness.errors import did_you_mean
from genharness.images import FileSource, open_source

__all__ = ["TEST_FRACTION", "find_pictures", "prepare"]

NATIVE_SHAPE = (1, 299, 299)
TEST_FRACTION = 0.2


def prepare(request: PrepareRequest) -> None:
    """Write a seeded, stratified train and test split of the four classes.

    Raises:
        DataError: If nothing was given, a class is missing or unknown, or a picture is unreadable.
    """
    if request.source is None:
        raise DataError(
            f"covid-radiography needs a Kaggle login: download it from {request.spec.homepage}, then run "
            "`genharness data prepare covid-radiography --from ZIP_OR_FOLDER`"
        )
    with open_source(request.source) as source:
        names, labels = find_pictures(source, request.spec.class_names)
        request.writer.note("the classes come from different sources: class scores partly measure the source")
        request.writer.note(
            f"the source has no splits: {TEST_FRACTION:.0%} are the test split, stratified, seed 0; it names no "
            "patients, so one may stand in both splits"
        )
        parts = zip(("train", "test"), stratified_split(labels, len(names), TEST_FRACTION), strict=True)
        for split, chosen in parts:
            with request.writer.split(split, count=len(chosen)) as output:
                shape = asked_shape(request, NATIVE_SHAPE)
                write_pictures(request, output, source, [names[i] for i in chosen], labels[chosen], shape)


def find_pictures(source: FileSource, class_names: tuple[str, ...]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the pictures, class by class, and their labels.

    Raises:
        DataError: If a class folder is missing, empty or unknown.
    """
    by_class: dict[str, list[str]] = {name: [] for name in class_names}
    for name in source.names:
        parts = PurePosixPath(name).parts
        if len(parts) < 3 or parts[-2] != "images" or PurePosixPath(name).suffix.lower() != ".png":
            continue
        if parts[-3] not in by_class:
            hint = did_you_mean(parts[-3], class_names)
            raise DataError(f"covid-radiography: {source.where} has an unknown class folder {parts[-3]!r}{hint}")
        by_class[parts[-3]].append(name)
    missing = [name for name, found in by_class.items() if not found]
    if missing:
        raise DataError(f"covid-radiography: {source.where} has no pictures in {'/images, '.join(missing)}/images")
    labels = [label for label, found in enumerate(by_class.values()) for _ in found]
    return [name for found in by_class.values() for name in found], np.array(labels, np.int64)
