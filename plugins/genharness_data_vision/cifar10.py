"""CIFAR-10 (Krizhevsky, 2009): the official Python batches, or the same pictures as files in class folders.

Class folders (`train/cat/0001.jpg`) come as a folder, a zip or a tar, and are imported with `--from` only.
"""

from __future__ import annotations

import io
from pathlib import Path, PurePosixPath

import numpy as np

from genharness import DataError
from genharness.data import PrepareRequest
from genharness.data.from_pictures import asked_shape, write_pictures
from genharness.errors import did_you_mean
from genharness.images import FileSource, read_layout
from genharness_data_vision.pickles import load_pickle, read_batch
from genharness_data_vision.sources import accept_unofficial, open_small

__all__ = ["BATCHES", "prepare"]

BATCHES = {"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)}


def prepare(request: PrepareRequest) -> None:
    """Write the train and test splits.

    Raises:
        DataError: If a batch, split or class is missing or unknown, or a file is damaged or hostile.
    """
    with open_small(_source(request)) as source:
        batches = {PurePosixPath(name).name: name for name in source.names}
        if any(batch in batches for split in BATCHES.values() for batch in split):
            _write_batches(request, source, batches)
        else:
            _write_class_folders(request, source)


def _source(request: PrepareRequest) -> Path:
    """Return the official archive, downloaded or given, or whatever else the user gave."""
    remote, given = request.spec.remotes[0], request.source
    if given is None or given.name == remote.filename or (given / remote.filename).is_file():
        return request.fetch(remote, accept=accept_unofficial(request))
    return given


def _write_batches(request: PrepareRequest, source: FileSource, batches: dict[str, str]) -> None:
    missing = [batch for split in BATCHES.values() for batch in split if batch not in batches]
    if missing:
        raise DataError(f"cifar10: {source.where} has no {', '.join(missing)}")
    if Path(source.where).name != request.spec.remotes[0].filename:
        request.writer.note("imported with --from: not held against the official checksum")
    for split, wanted in BATCHES.items():
        with request.writer.split(split) as output:
            for batch in wanted:
                name = f"{source.where}: {batches[batch]}"
                content = load_pickle(io.BytesIO(source.read(batches[batch])), name)
                output.write(*read_batch(content, name, side=32, classes=len(request.spec.class_names)))
                request.report(output.count, request.spec.counts[split], f"reading {split}")


def _write_class_folders(request: PrepareRequest, source: FileSource) -> None:
    layout = read_layout(source.names, source.where)
    if set(layout.splits) != set(BATCHES):
        raise DataError(f"cifar10: {source.where} has {', '.join(layout.splits)}; give the splits train and test")
    _check_classes(request.spec.class_names, layout.class_names, source.where)
    if any(PurePosixPath(name).suffix.lower() in (".jpg", ".jpeg") for name in layout.splits["train"]):
        request.writer.note("decoded from JPEG, so not the official pixels: do not compare its FID with published ones")
    for split, names in layout.splits.items():
        with request.writer.split(split, count=len(names)) as output:
            labels = np.asarray(layout.labels[split], np.int64)
            write_pictures(request, output, source, names, labels, asked_shape(request, (3, 32, 32)))


def _check_classes(known: tuple[str, ...], found: tuple[str, ...], where: str) -> None:
    """Hold the class folders to the ten official names, whose alphabetical order is the official one."""
    for name in found:
        if name not in known:
            raise DataError(f"cifar10: {where} has an unknown class folder {name!r}{did_you_mean(name, known)}")
    missing = [name for name in known if name not in found]
    if missing:
        raise DataError(f"cifar10: {where} has no folder for the class {', '.join(missing)}")
