"""Labels that lie beside pictures in a `dataset.json`, as StyleGAN's tools write it.

    {"labels": [["00000/img00000000.png", 6], ["00000/img00000001.png", 9], ...]}      or {"labels": null}

Where there is one, folders are no classes: they only split files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from genharness.errors import DataError
from genharness.files.archives import UnreadableError
from genharness.files.paths import printable
from genharness.images.tensors import MOST_CLASSES

__all__ = ["FILE", "ListedLabels", "listed_labels"]

FILE = "dataset.json"


@dataclass(frozen=True)
class ListedLabels:
    """What a tree's `dataset.json`, or a table beside pictures, says.

    Attributes:
        labels: Class of each picture by its name in the source; empty where there are none.
        note: What was taken of it, or why nothing was.
        class_names: In label order; empty where labels are plain numbers.
    """

    labels: Mapping[str, int] = field(default_factory=dict)
    note: str = ""
    class_names: tuple[str, ...] = ()


def listed_labels(
    lists: Sequence[str], read: Callable[[str], bytes], pictures: Sequence[str], where: str
) -> ListedLabels:
    """Return the labels that are listed beside pictures.

    Args:
        lists: Names of the lists, at least one.
        read: Returns the content of a file.
        pictures: Names of all pictures.
        where: What to call the tree in messages.

    Raises:
        DataError: If a list is damaged, or lists some of the pictures only.
    """
    listed: dict[str, Any] = {}
    for file in lists:
        folder, entries = posixpath.dirname(file), _entries(file, read, where)
        listed |= {posixpath.normpath(posixpath.join(folder, name)): label for name, label in entries}
    if not listed:
        return ListedLabels(note=f"no labels: {FILE} lists none, and folders are no classes beside it")
    missing = [name for name in pictures if name not in listed]
    if missing:
        raise DataError(
            f"{where}: {FILE} lists no label of {len(missing):,} of {len(pictures):,} pictures, such as "
            f"{printable(missing[0])}: list all, or none (null)"
        )
    return _classes({name: listed[name] for name in pictures})


def _entries(file: str, read: Callable[[str], bytes], where: str) -> list[tuple[str, Any]]:
    try:
        content = orjson.loads(read(file))
        entries = content["labels"] or []
        pairs = entries.items() if isinstance(entries, dict) else entries
        return [(str(name).replace("\\", "/"), label) for name, label in pairs]
    except UnreadableError as error:
        raise DataError(str(error)) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{where}: {printable(file)} is no list of labels ({error}): write "
            '{"labels": [["NAME.png", CLASS], …]}, or take it away'
        ) from error


def _classes(labels: dict[str, Any]) -> ListedLabels:
    """Take whole numbers and one-hot rows for classes, and nothing else."""
    whole = {name: _class_of(label) for name, label in labels.items()}
    found = {name: label for name, label in whole.items() if label is not None}
    if len(found) < len(labels):
        other = next(label for name, label in labels.items() if whole[name] is None)
        return ListedLabels(note=f"no labels: {FILE} holds such as {printable(str(other)[:40])}, which is no class")
    return ListedLabels(found, f"labels: {len(set(found.values()))} classes, from {FILE}")


def _class_of(label: Any) -> int | None:
    if isinstance(label, list) and label and all(one in (0, 1) for one in label) and sum(label) == 1:
        return label.index(1)
    if isinstance(label, (int, float)) and not isinstance(label, bool) and 0 <= label < MOST_CLASSES and label % 1 == 0:
        return int(label)
    return None
