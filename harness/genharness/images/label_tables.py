"""Labels that lie beside pictures in a table, as in Hugging Face's image folders and many data sets on the web.

    file_name,label
    00001.png,cat

Commas, semicolons and tabs are told apart; of JSON each line is a row. Pictures are named from the table's own folder,
with their suffix or without.
"""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from genharness.errors import DataError, reason
from genharness.files.archives import UnreadableError
from genharness.files.paths import printable
from genharness.images.classes import SINGLE_FOLDERS
from genharness.images.listed_labels import ListedLabels
from genharness.images.names import first_of
from genharness.images.stored.labels import LabelBook
from genharness.images.stored.pieces import label_column

__all__ = ["FILES", "table_labels"]

FILES = ("metadata.csv", "metadata.tsv", "metadata.jsonl", "labels.csv", "labels.tsv", "labels.jsonl")

_PICTURES = ("file_name", "filename", "file", "image", "image_id", "image_name", "img", "path", "name", "id")
"""Columns that are taken for names of pictures, the first of them that is there."""

_LONGEST_NUMBER = 16


def table_labels(
    tables: Sequence[str], read: Callable[[str], bytes], pictures: Sequence[str], where: str
) -> ListedLabels:
    """Return the labels of tables beside pictures; a table may be of something else, so what is no label is no mistake.

    Args:
        tables: Names of the tables, at least one.
        read: Returns the content of a file.
        pictures: Names of all pictures.
        where: What to call the tree in messages.
    """
    files = first_of(list(tables))
    try:
        listed = [pair for file in tables for pair in _pairs(file, read(file))]
        known = dict(listed)
        if len({*listed}) > len(known):
            raise DataError(f"{files} lists a picture with several")
        found = {name: known.get(name, known.get(posixpath.splitext(name)[0], "")) for name in pictures}
        without = [name for name, label in found.items() if label == ""]
        if without:
            raise DataError(f"{files} has none of {len(without):,} of {len(found):,} pictures, such as {without[0]}")
        return _classes(found, where, files)
    except (DataError, UnreadableError) as error:
        return ListedLabels(note=f"no labels: {printable(str(error))}")


def _classes(found: Mapping[str, str], where: str, files: str) -> ListedLabels:
    different = len({*found.values()})
    if different >= SINGLE_FOLDERS and different > len(found) / 2:
        raise DataError(f"{files} has {different:,} different ones of {len(found):,} pictures, too many for classes")
    numbers = all(label.isascii() and label.isdecimal() and len(label) < _LONGEST_NUMBER for label in found.values())
    book = LabelBook(where)
    book.add("all", [int(label) if numbers else label for label in found.values()], list(found))
    codes, names = book.finish()
    labels = codes["all"]
    assert labels is not None
    of = dict(zip(found, labels.tolist(), strict=True))
    return ListedLabels(of, f"labels: {different:,} classes, from {files}", names)


def _pairs(file: str, content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the names of pictures, with slashes from the top of the tree, and their labels.

    Raises:
        DataError: If it is no such table.
    """
    try:
        rows = [*_lines_of_json(content)] if file.endswith(".jsonl") else _rows(content.decode("utf-8-sig"))
    except (ValueError, csv.Error) as error:
        raise DataError(f"{file} is no table ({reason(error)})") from error
    columns = list(dict.fromkeys(name for row in rows[:1] for name in row))
    usual = {name.strip().lower(): name for name in columns}
    picture = next((usual[name] for name in _PICTURES if name in usual), "")
    label = label_column("", columns, file)
    if not picture or not label:
        what = "label" if picture else "file_name"
        raise DataError(f"{file} has no column {what}: it has {first_of(columns) or 'none'}")
    folder = posixpath.dirname(file)
    for row in rows:
        name = str(row.get(picture) or "").strip().replace("\\", "/")
        yield posixpath.normpath(posixpath.join(folder, name)), _text(row.get(label))


def _text(label: Any) -> str:
    return str(label).strip() if isinstance(label, str | int) and not isinstance(label, bool) else ""


def _rows(text: str) -> list[dict[str, Any]]:
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    return [{str(name).strip(): value for name, value in row.items()} for row in rows]


def _lines_of_json(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        if line.strip():
            row = orjson.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"a line holds {type(row).__name__}")
            yield row
