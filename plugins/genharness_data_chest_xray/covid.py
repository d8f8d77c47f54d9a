"""The COVID-19 image data collection (Cohen et al., 2020, arXiv:2006.11988), from a copy of its repository."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import PurePosixPath

import numpy as np

from genharness import DataError
from genharness.arrays import PrepareRequest
from genharness.images import FileSource, open_source
from genharness.images.writing import asked_shape, write_pictures
from genharness_data_chest_xray.metadata import CLASS_NAMES, Selection, read_rows, select
from genharness_data_chest_xray.patients import split_by_patient

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
        splits = _splits(selection, source.where)
        _describe(request, selection, splits, len(rows))
        _write(request, source, paths, selection, splits)


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


def _splits(selection: Selection, where: str) -> dict[str, list[int]]:
    for label, name in enumerate(CLASS_NAMES):
        count = len({xray.patient for xray in selection.xrays if xray.label == label})
        if count < len(SHARES):
            raise DataError(f"{where}: {count} patients have usable X-rays of class {name!r}; it takes {len(SHARES)}")
    patients = [xray.patient for xray in selection.xrays]
    return split_by_patient(patients, [xray.label for xray in selection.xrays], SHARES)


def _describe(request: PrepareRequest, selection: Selection, splits: Mapping[str, list[int]], rows: int) -> None:
    note = request.writer.note
    if selection.left_out:
        note(f"{sum(selection.left_out.values())} of {rows} rows were left out ({_listed(selection.left_out)})")
    note(f"findings ({_listed(selection.findings)})")
    patients = {split: len({selection.xrays[i].patient for i in chosen}) for split, chosen in splits.items()}
    note(f"no patient is in two splits, seed 0 (patients of {_listed(patients)})")


def _listed(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{name}: {count}" for name, count in Counter(counts).most_common())


def _write(
    request: PrepareRequest,
    source: FileSource,
    paths: Mapping[str, str],
    selection: Selection,
    splits: Mapping[str, list[int]],
) -> None:
    for split, chosen in splits.items():
        xrays = [selection.xrays[index] for index in chosen]
        labels = np.array([xray.label for xray in xrays], np.int64)
        names = [paths[xray.filename] for xray in xrays]
        with request.writer.split(split, count=len(names)) as output:
            write_pictures(request, output, source, names, labels, asked_shape(request, NATIVE_SHAPE))
