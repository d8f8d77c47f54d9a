"""CelebA, aligned and cropped (Liu, Luo, Wang and Tang, 2015): the central 178x178 of 178x218 pixels.

Given with `--from`: a folder with `img_align_celeba.zip` (or the unpacked folder) and `list_eval_partition.txt`, or
one zip of both. Where `list_attr_celeba.txt` lies beside them, its attribute Smiling is the class: it divides the
faces nearly in halves. The .csv form of the lists is read too.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from genharness import DataError, Remote
from genharness.data import PrepareRequest
from genharness.data.from_pictures import asked_shape, write_pictures
from genharness.images import FileSource, open_source
from genharness_data_vision.sources import note_unofficial

__all__ = ["ATTRIBUTE", "prepare", "read_attribute", "read_partition"]

ATTRIBUTE = "Smiling"
OFFICIAL = Remote(filename="img_align_celeba.zip", urls=(), md5="00d2c5bc6d35e252742224ab0c1e8fcb")
_SPLITS = {"0": "train", "1": "validation", "2": "test"}
_SEPARATORS = re.compile(r"[\s,]+")


def prepare(request: PrepareRequest) -> None:
    """Write the official train, validation and test splits.

    Raises:
        DataError: If nothing was given, or a list, split or picture is missing, damaged or of another length.
    """
    if request.source is None:
        raise DataError(
            f"celeba lies on Google Drive, which no program may download from: get {OFFICIAL.filename} and "
            f"list_eval_partition.txt by way of {request.spec.homepage}, then run "
            "`genharness data prepare celeba --from FOLDER`"
        )
    with _open(request, request.source) as (lists, faces):
        partition = read_partition(*_list(lists, "list_eval_partition"))
        paths = {PurePosixPath(name).name: name for name in faces.names if name.lower().endswith(".jpg")}
        _check_files(partition, paths, faces.where)
        smiling = _attribute(request, lists, partition)
        for split in _SPLITS.values():
            names = sorted(name for name, place in partition.items() if place == split)
            labels = None if smiling is None else np.array([smiling[name] for name in names], np.int64)
            with request.writer.split(split, count=len(names)) as output:
                shape = asked_shape(request, (3, 178, 178))
                write_pictures(request, output, faces, [paths[name] for name in names], labels, shape)


@contextlib.contextmanager
def _open(request: PrepareRequest, source: Path) -> Iterator[tuple[FileSource, FileSource]]:
    """Give where the lists lie and where the faces lie."""
    with open_source(source) as lists:
        inner = next((name for name in lists.names if PurePosixPath(name).name == OFFICIAL.filename), None)
        if source.is_dir() and inner is not None:
            note_unofficial(request, source / inner, OFFICIAL)
            with open_source(source / inner) as faces:
                yield lists, faces
        else:
            yield lists, lists


def _list(lists: FileSource, stem: str) -> tuple[str, str]:
    """Return the text of an official list and what messages call it."""
    found = _find(lists, stem)
    if found is None:
        raise DataError(f"celeba: {lists.where} has no {stem}.txt: it is in the folder Eval of the official download")
    return lists.read(found).decode("utf-8", "replace"), f"{lists.where}: {found}"


def _find(lists: FileSource, stem: str) -> str | None:
    wanted = (f"{stem}.txt", f"{stem}.csv")
    return next((name for name in lists.names if PurePosixPath(name).name in wanted), None)


def _attribute(request: PrepareRequest, lists: FileSource, partition: dict[str, str]) -> dict[str, int] | None:
    """Return 1 for each smiling face and 0 for each other, or None where nothing says so."""
    if _find(lists, "list_attr_celeba") is None:
        request.writer.note("no list_attr_celeba.txt was given: the faces have no classes")
        return None
    text, name = _list(lists, "list_attr_celeba")
    smiling = read_attribute(text, name, ATTRIBUTE)
    missing = next((face for face in partition if face not in smiling), None)
    if missing is not None:
        raise DataError(f"{name} has {len(smiling):,} faces but the partition {len(partition):,}: {missing} is missing")
    request.writer.describe(class_names=(f"not {ATTRIBUTE.lower()}", ATTRIBUTE.lower()))
    return smiling


def _check_files(partition: dict[str, str], paths: dict[str, str], where: str) -> None:
    missing = sorted(name for name in partition if name not in paths)
    if missing:
        raise DataError(f"celeba: {where} lacks {len(missing):,} of {len(partition):,} faces, first {missing[0]}")


def _rows(text: str) -> Iterator[list[str]]:
    """Yield the words of each line that has some."""
    for line in text.splitlines():
        words = [word for word in _SEPARATORS.split(line) if word]
        if words:
            yield words


def read_partition(text: str, name: str) -> dict[str, str]:
    """Return the split of each face from `list_eval_partition`: lines of a file name and 0, 1 or 2.

    Raises:
        DataError: If a line makes no sense or a split is empty.
    """
    partition = {}
    for number, words in enumerate(_rows(text), 1):
        if words == ["image_id", "partition"]:
            continue
        if len(words) != 2 or words[1] not in _SPLITS:
            raise DataError(f"{name}: line {number} is no file name and 0, 1 or 2")
        partition[words[0]] = _SPLITS[words[1]]
    missing = [split for split in _SPLITS.values() if split not in partition.values()]
    if missing:
        raise DataError(f"{name} has no face of the split {', '.join(missing)}")
    return partition


def read_attribute(text: str, name: str, attribute: str) -> dict[str, int]:
    """Return 1 where a face has the attribute and 0 where not, from `list_attr_celeba`.

    The first line may be a count; then come the attributes' names, then a line of a file name and 1 or -1 for each.

    Raises:
        DataError: If the attribute is not there or a line makes no sense.
    """
    lines = list(_rows(text))
    header = next((row for row in lines[:2] if attribute in row), None)
    if header is None:
        raise DataError(f"{name} has no attribute {attribute}")
    from_end = header.index(attribute) - len(header)  # the text form has no name above its column of file names
    width = len(header) if header[0] == "image_id" else len(header) + 1
    faces = {}
    for number, words in enumerate(lines[lines.index(header) + 1 :], 1):
        if len(words) != width or words[from_end] not in ("1", "-1"):
            raise DataError(f"{name}: face {number} has no 1 or -1 for {attribute}")
        faces[words[0]] = int(words[from_end] == "1")
    return faces
