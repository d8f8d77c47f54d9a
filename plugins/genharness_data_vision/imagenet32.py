"""Downsampled ImageNet, 32x32 (Chrabaszcz, Loshchilov and Hutter, 2017, arXiv:1707.08819).

Ten training batches `train_data_batch_1` to `_10` and `val_data`, pickled or as .npz, unpacked or in the official
zips. One batch (128,000 images, 375 MiB) is in memory at a time, so 1.28 million images take less than 2 GiB.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from genharness import DataError
from genharness.data import PrepareRequest, SplitWriter
from genharness.files.archives import open_zip
from genharness.files.array_files import DamagedArrayError, parsing_arrays
from genharness_data_vision.pickles import load_pickle, read_batch

__all__ = ["BATCHES", "prepare"]

TRAIN = tuple(f"train_data_batch_{number}" for number in range(1, 11))
TEST = ("val_data",)
BATCHES = (*TRAIN, *TEST)
CLASSES = 1000

_BATCH = re.compile(r"(train_data_batch_\d+|val_data)(\.npz)?")
_CHUNK = 8192

Readers = dict[str, tuple[str, Callable[[], bytes]]]
"""Batch -> (what messages call it, how to read it)."""


def prepare(request: PrepareRequest) -> None:
    """Write the ten training batches and, as the test split, the validation batch.

    Raises:
        DataError: If a batch is missing, damaged, or asks to execute something.
    """
    request.writer.note("the test split is ImageNet's validation set; class names are the official label numbers")
    with contextlib.ExitStack() as stack:
        readers = _readers(request, stack)
        missing = [batch for batch in BATCHES if batch not in readers]
        if missing:
            raise DataError(f"imagenet32: {request.source or 'the download'} has no {', '.join(missing)}")
        for split, batches in (("train", TRAIN), ("test", TEST)):
            with request.writer.split(split) as output:
                for done, batch in enumerate(batches):
                    request.report(done, len(batches), f"reading {split}")
                    _write_batch(*readers[batch], output)


def _readers(request: PrepareRequest, stack: contextlib.ExitStack) -> Readers:
    """Return how to read each batch that is there; the first of several copies counts."""
    zips, files = _paths(request)
    found: Readers = {}
    for path in files:
        _add(found, path.name, str(path), path.read_bytes)
    for archive in zips:
        members, read = stack.enter_context(open_zip(archive))
        for member in members:
            _add(found, Path(member.name).name, f"{archive}: {member.name}", partial(read, member.name))
    return found


def _paths(request: PrepareRequest) -> tuple[list[Path], list[Path]]:
    """Return zips and unpacked batches, downloaded or given."""
    source = request.source
    if source is None:
        return [request.fetch(remote) for remote in request.spec.remotes], []
    if not source.exists():
        raise DataError(f"{source} does not exist: give the folder with train_data_batch_1 to _10 and val_data")
    request.writer.note("imported with --from: not held against the official checksums")
    if source.is_file():
        return [source], []
    files = [path for path in sorted(source.rglob("*_data*")) if path.is_file() and _BATCH.fullmatch(path.name)]
    return sorted(source.rglob("Imagenet32_*.zip")), files


def _add(found: Readers, filename: str, name: str, read: Callable[[], bytes]) -> None:
    batch = _BATCH.fullmatch(filename)
    if batch is not None and batch[1] not in found:
        found[batch[1]] = (name, read)


def _write_batch(name: str, read: Callable[[], bytes], output: SplitWriter) -> None:
    images, labels = read_batch(_load(name, read()), name, side=32, classes=CLASSES, first_label=1)
    for start in range(0, len(images), _CHUNK):
        output.write(images[start : start + _CHUNK], labels[start : start + _CHUNK])


def _load(name: str, data: bytes) -> dict[str, Any]:
    if not name.endswith(".npz"):
        return load_pickle(io.BytesIO(data), name)
    try:
        with parsing_arrays(), np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return {key: arrays[key] for key in ("data", "labels") if key in arrays}
    except (OSError, DamagedArrayError) as error:
        raise DataError(f"{name} cannot be read as .npz: {error}") from error
