"""Tar shards in the layout of webdataset: `KEY.png` beside `KEY.cls` or `KEY.json`, one sample after the other.

A key is a path up to the first dot of the file's name. Nothing is unpacked; links, paths that leave the archive and
contents out of all proportion are refused by `genharness.files.archives`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from genharness.errors import DataError
from genharness.files.archives import read_members
from genharness.files.paths import printable
from genharness.images.decode import SUFFIXES
from genharness.images.stored.pieces import LABEL_NAMES, PIECE_BYTES, PIECE_COUNT, Piece, StoredSet

__all__ = ["open_tars"]

_LABELS = ("cls", "json")
_MOST_LABEL_BYTES = 1 << 20


def open_tars(files: Sequence[Path], where: str, label: str = "") -> StoredSet:
    """Return the pictures of tar shards.

    Args:
        files: The shards, in order.
        where: What to call them in messages.
        label: Field of the `.json` beside a picture that is its label; empty for the usual names, or `.cls`.
    """
    stored = StoredSet(where, "pictures", lambda: _pieces(files, stored, label))
    return stored


def _pieces(files: Sequence[Path], stored: StoredSet, label: str) -> Iterator[Piece]:
    names: list[str] = []
    contents: list[bytes] = []
    labels: list[Any] = []
    size = 0
    for name, content, one in _samples(files, stored, label):
        names.append(name)
        contents.append(content)
        labels.append(one)
        size += len(content)
        if len(names) >= PIECE_COUNT or size >= PIECE_BYTES:
            yield _piece(names, contents, labels)
            names, contents, labels, size = [], [], [], 0
    if names:
        yield _piece(names, contents, labels)


def _piece(names: list[str], contents: list[bytes], labels: list[Any]) -> Piece:
    return Piece(names, contents, None if all(one is None for one in labels) else labels)


def _samples(files: Sequence[Path], stored: StoredSet, label: str) -> Iterator[tuple[str, bytes, Any]]:
    """Yield name, picture and label (None for none) of each sample."""
    for path in files:
        key, parts = "", dict[str, tuple[str, bytes]]()
        for member, content in read_members(path, lambda name: _kind(name) != ""):
            own_key, extension = _divided(member.name)
            if own_key != key and parts:
                yield from _sample(path, key, parts, label)
                parts = {}
            key, kind = own_key, _kind(member.name)
            if kind in parts:
                names = f"{printable(parts[kind][0])} and {printable(member.name)}"
                raise DataError(f"{path}: {names} are two files of one sample, and one {extension} is meant: keep one")
            parts[kind] = (member.name, content)
        if parts:
            yield from _sample(path, key, parts, label)


def _sample(path: Path, key: str, parts: dict[str, tuple[str, bytes]], label: str) -> Iterator[tuple[str, bytes, Any]]:
    if "picture" not in parts:
        raise DataError(
            f"{path}: {printable(key)} has a label and no picture: files of one sample lie one after another"
        )
    name, content = parts["picture"]
    yield f"{path.name}/{name}", content, _label(path, parts, label)


def _label(path: Path, parts: dict[str, tuple[str, bytes]], asked: str) -> Any:
    if "cls" in parts and not asked:
        name, content = parts["cls"]
        try:
            text = content[:_MOST_LABEL_BYTES].decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: {printable(name)} is no text: write a whole number or a word") from error
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text
    return _field(path, *parts["json"], asked) if "json" in parts else None


def _field(path: Path, name: str, content: bytes, asked: str) -> Any:
    """Return the label in a `.json`, None where it has none."""
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}: {printable(name)} is no JSON ({error}): write it again, or leave it out") from error
    known = fields if isinstance(fields, dict) else {}
    if asked and asked not in known:
        raise DataError(f"{path}: {printable(name)} has no field {printable(asked)}: name another with #label=NAME")
    value = next((known[one] for one in ((asked,) if asked else LABEL_NAMES) if one in known), None)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | str)):
        raise DataError(f"{path}: the label in {printable(name)} is neither a whole number nor a word")
    return value


def _divided(name: str) -> tuple[str, str]:
    """Return key and extension of a member."""
    folder, _, file = name.rpartition("/")
    stem, _, extension = file.partition(".")
    return f"{folder}/{stem}" if folder else stem, extension.lower()


def _kind(name: str) -> str:
    """Return `picture`, `cls`, `json`, or nothing for a member that is left out."""
    extension = _divided(name)[1]
    if f".{extension.rpartition('.')[2]}" in SUFFIXES:
        return "picture"
    return extension if extension in _LABELS else ""
