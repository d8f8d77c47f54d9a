"""LSUN (Yu et al., 2015, arXiv:1506.03365): one lmdb of encoded pictures for each category and split.

Given with `--from`: a folder with `bedroom_train_lmdb` and `bedroom_val_lmdb`, as folders or zips, of one category or
several, which are the classes. The val split (300 pictures a category) is the test split. Pictures are reduced to
256 pixels, or to what `lsun@SIZE` asks for, which is also what they take on the disk.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from genharness import DataError
from genharness.data import PrepareRequest
from genharness.data.from_pictures import asked_shape, write_pictures
from genharness.files.archives import extract_archive
from genharness.images import FileSource

__all__ = ["find_databases", "prepare"]

NATIVE_SHAPE = (3, 256, 256)
_DATABASE = re.compile(r"(?P<category>[a-z0-9_]+)_(?P<split>train|val)_lmdb(?P<zip>\.zip)?")
_SPLITS = {"train": "train", "val": "test"}

Databases = dict[str, dict[str, Path]]
"""Split -> category -> its lmdb folder or zip."""


def prepare(request: PrepareRequest) -> None:
    """Write the categories that were given; the class is the category.

    Raises:
        DataError: If nothing was given, lmdb is not installed, or a split, database or picture is missing or damaged.
    """
    if request.source is None:
        raise DataError(
            f"lsun is too large to download unasked: get the categories that you want from {request.spec.homepage}, "
            "then run `genharness data prepare lsun --from FOLDER`"
        )
    databases = find_databases(request.source)
    lmdb = _import_lmdb()
    categories = sorted(databases["train"])
    request.writer.describe(class_names=categories)
    for split, by_category in databases.items():
        with request.writer.split(split) as output:
            for label, category in enumerate(categories):
                with _open(lmdb, by_category[category], request) as source:
                    labels = np.full(len(source.names), label, np.int64)
                    write_pictures(request, output, source, source.names, labels, asked_shape(request, NATIVE_SHAPE))


def find_databases(source: Path) -> Databases:
    """Return where each category of each split lies.

    Raises:
        DataError: If there is none, or a category lacks a split.
    """
    if not source.is_dir():
        raise DataError(f"{source} is no folder: give the folder that holds the *_train_lmdb and *_val_lmdb of LSUN")
    found: Databases = {split: {} for split in _SPLITS.values()}
    for path in sorted(source.iterdir()):
        match = _DATABASE.fullmatch(path.name)
        if match and path.is_dir() != bool(match["zip"]):
            found[_SPLITS[match["split"]]].setdefault(match["category"], path)
    if not any(found.values()):
        raise DataError(f"{source} holds no folder or zip called CATEGORY_train_lmdb or CATEGORY_val_lmdb")
    for split, name in (("train", "train"), ("test", "val")):
        missing = sorted(set().union(*found.values()) - found[split].keys())
        if missing:
            raise DataError(f"{source} has no {missing[0]}_{name}_lmdb: each category needs its train and its val")
    return found


def _import_lmdb() -> Any:
    try:
        return importlib.import_module("lmdb")
    except ImportError as error:
        raise DataError("lsun needs the package lmdb: run `pip install lmdb`") from error


@contextlib.contextmanager
def _open(lmdb: Any, path: Path, request: PrepareRequest) -> Iterator[FileSource]:
    """Give the pictures of one database by their keys; a zip is unpacked beside the new arrays meanwhile."""
    with contextlib.ExitStack() as stack:
        folder = path
        if path.suffix == ".zip":
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=request.writer.folder)))
            extract_archive(path, folder, lambda name: name.endswith("data.mdb"), request.report)
        data = next(iter(sorted(folder.rglob("data.mdb"))), None)
        if data is None:
            raise DataError(f"{path} holds no data.mdb: it is no lmdb")
        try:
            environment = stack.enter_context(lmdb.open(str(data), subdir=False, readonly=True, lock=False))
            _check_length(environment, data, path)
            with environment.begin() as transaction:
                keys = [key.decode("latin-1") for key in transaction.cursor().iternext(values=False)]
        except lmdb.Error as error:
            raise DataError(f"{path} is damaged or no lmdb: {error}") from error
        yield FileSource(str(path), tuple(keys), lambda key: _value(lmdb, environment, key))


def _check_length(environment: Any, data: Path, path: Path) -> None:
    """Refuse a database that was cut off: lmdb would read beyond its end and the process would be killed."""
    expected = environment.stat()["psize"] * (environment.info()["last_pgno"] + 1)
    if data.stat().st_size < expected:
        raise DataError(f"{path} is damaged: {data.stat().st_size:,} of {expected:,} bytes are there")


def _value(lmdb: Any, environment: Any, key: str) -> bytes:
    try:
        with environment.begin() as transaction:  # one for each call: a transaction belongs to one thread
            value: bytes = transaction.get(key.encode("latin-1"))
    except lmdb.Error as error:
        raise DataError(f"the database is damaged: {error}") from error
    return value
