"""The COVID-19 image data collection (Cohen et al., 2020, arXiv:2006.11988), from a copy of its repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from genharness import DataError
from genharness.data import PrepareRequest
from genharness.data.from_pictures import asked_shape
from genharness.images import FileSource, decode_batches, open_source, survey
from genharness_data_chest_xray.copies import near_copies
from genharness_data_chest_xray.metadata import CLASS_NAMES, Selection, read_rows, select
from genharness_data_chest_xray.patients import one_person, split_by_patient

__all__ = ["NATIVE_SHAPE", "SHARES", "prepare"]

NATIVE_SHAPE = (1, 128, 128)
"""The source's pictures have many sizes; these are made of them where no other size is asked for."""

SHARES = {"train": 0.7, "validation": 0.1, "test": 0.2}


def prepare(request: PrepareRequest) -> None:
    """Write the frontal X-rays in splits that share no patient.

    Raises:
        DataError: If nothing was given, it is no copy of the repository, a picture is unreadable, or a class has
            too few patients.
    """
    if request.source is None:
        raise DataError(
            f"covid has no release to download: run `git clone --depth 1 {request.spec.homepage}`, then "
            "`genharness data prepare covid --from covid-chestxray-dataset`"
        )
    with open_source(request.source) as source:
        folder = _repository(source)
        rows = read_rows(source.read(f"{folder}metadata.csv"), f"{source.where}: {folder}metadata.csv")
        paths = _pictures(source, f"{folder}images/")
        selection = select(rows, paths.keys())
        if not selection.xrays:
            raise DataError(f"{source.where} has no usable frontal X-ray ({_listed(selection.left_out)})")
        images = _decode(request, source, [paths[xray.filename] for xray in selection.xrays])
    _describe(request, selection, len(rows))
    _write(request, selection, images)


def _repository(source: FileSource) -> str:
    """Return the folder of metadata.csv with a slash, the shallowest of several."""
    found = [name for name in source.names if PurePosixPath(name).name == "metadata.csv"]
    if not found:
        raise DataError(f"{source.where} has no metadata.csv: give a copy of the repository covid-chestxray-dataset")
    return min(found, key=lambda name: (name.count("/"), name)).removesuffix("metadata.csv")


def _pictures(source: FileSource, folder: str) -> dict[str, str]:
    """Return the files of the images folder by their names, stray spaces removed."""
    paths = {name.removeprefix(folder).strip(): name for name in source.names if name.startswith(folder)}
    if not paths:
        raise DataError(f"{source.where} has no folder {folder} with pictures beside metadata.csv")
    return paths


def _decode(request: PrepareRequest, source: FileSource, names: Sequence[str]) -> NDArray[np.uint8]:
    """Return all pictures `(n, c, h, w)`; the collection has some hundreds, of 8 bits as far as is known."""
    images, white = [], survey(source, names).white
    for batch in decode_batches(source, names, asked_shape(request, NATIVE_SHAPE), white=white):
        images.append(batch.images)
        request.writer.touched(resized=batch.resized, cropped=batch.cropped, converted=batch.converted)
        request.report(sum(map(len, images)), len(names), "decoding")
    return np.concatenate(images)


def _describe(request: PrepareRequest, selection: Selection, rows: int) -> None:
    if selection.left_out:
        count = sum(selection.left_out.values())
        request.writer.note(f"{count} of {rows} rows were left out ({_listed(selection.left_out)})")
    request.writer.note(f"findings ({_listed(selection.findings)})")


def _listed(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{name}: {count}" for name, count in Counter(counts).most_common())


def _write(request: PrepareRequest, selection: Selection, images: NDArray[np.uint8]) -> None:
    people = _people(request, selection, images)
    labels = np.array([xray.label for xray in selection.xrays], np.int64)
    splits = split_by_patient(people, labels.tolist(), SHARES)
    for split, chosen in splits.items():
        for label in set(range(len(CLASS_NAMES))) - set(labels[chosen].tolist()):
            raise DataError(f"covid: too few patients of class {CLASS_NAMES[label]!r}: the {split} split has none")
        request.writer.split(split, count=len(chosen)).write(images[chosen], labels[chosen])
    numbers = {split: len({people[index] for index in chosen}) for split, chosen in splits.items()}
    request.writer.note(f"no patient is in two splits, seed 0 (patients of {_listed(numbers)})")


def _people(request: PrepareRequest, selection: Selection, images: NDArray[np.uint8]) -> list[str]:
    """Return the person of each X-ray: the collection lists some under two patients, as one file or as copies."""
    patients = [xray.patient for xray in selection.xrays]
    copies = [(patients[one], patients[other]) for one, other in near_copies(images)]
    pairs = {pair for pair in (*selection.same_person, *copies) if pair[0] != pair[1]}
    if pairs:
        listed = ", ".join(f"{one} and {other}" for one, other in sorted(pairs))
        request.writer.note(f"patients with the same pictures count as one ({listed})")
    return one_person(patients, pairs)
