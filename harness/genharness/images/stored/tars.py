"""Tar shards in the layout of webdataset: `KEY.png` beside `KEY.cls` or `KEY.json`, one sample after the other.

A key is a path up to the first dot of the file's name. Where no picture has a label beside it and they lie in folders,
these are classes by the rules of a folder or zip (`genharness.images.layout`). Nothing is unpacked; links, paths that
leave the archive and contents out of all proportion are refused by `genharness.files.archives`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from genharness.errors import DataError
from genharness.files.archives import list_members, read_members
from genharness.files.paths import printable
from genharness.images.decode import SUFFIXES
from genharness.images.layout import LEFT_OUT, is_hidden, is_junk, read_layout
from genharness.images.names import SPLITS, first_of
from genharness.images.stored.pieces import LABEL_NAMES, PIECE_BYTES, PIECE_COUNT, Piece, StoredSet

__all__ = ["open_tars"]

_LABELS = ("cls", "json")
_MOST_LABEL_BYTES = 1 << 20
_NAMED = 5
"""Files left out that a note names; it says how many more there are."""


@dataclass(frozen=True)
class _Tree:
    """Pictures in folders, none of which has a label beside it.

    Attributes:
        classes: The folder of each by its name, which is its class; empty where folders are no classes.
        notes: What was taken for labels, or why nothing was.
    """

    classes: Mapping[str, str]
    notes: Sequence[str]


@dataclass
class _Told:
    """What is to be said of one pass through all shards.

    Attributes:
        labels: What was taken for labels, a line each.
        left_out: Members that are not read, as `Layout.left_out` has them: the first of them.
        count: Of those.
    """

    labels: dict[str, None] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    count: int = 0

    def leave(self, name: str) -> None:
        """Enter a member that is not read; nobody misses what operating systems leave."""
        if is_junk(name):
            return
        self.count += 1
        if len(self.left_out) < _NAMED:
            self.left_out.append(name)

    def notes(self) -> Iterator[str]:
        """Yield the lines, once the pass is over."""
        yield from self.labels
        if self.count:
            more = f" and {self.count - _NAMED:,} more" if self.count > _NAMED else ""
            yield f"{LEFT_OUT}: {first_of(self.left_out)}{more}"


def open_tars(files: Sequence[Path], where: str, label: str = "") -> StoredSet:
    """Return the pictures of tar shards.

    Args:
        files: The shards, in order.
        where: What to call them in messages.
        label: Field of the `.json` beside a picture that is its label; empty for the usual names, or `.cls`.
    """
    tree = None if label else _tree(files, where)
    notes = list(tree.notes) if tree else []
    stored = StoredSet(where, "pictures", lambda: _pieces(files, stored, label, tree), notes=notes)
    return stored


def _tree(files: Sequence[Path], where: str) -> _Tree | None:
    """Return the tree of pictures that shards hold; None where pictures lie in no folders, or labels beside them."""
    if not _may_be_tree(files[0]):
        return None
    names = list(dict.fromkeys(member.name for path in files for member in list_members(path)))
    keys = {_divided(name)[0] for name in names if _kind(name) == "picture"}
    if not any("/" in key for key in keys) or any(
        _kind(name) in _LABELS and _divided(name)[0] in keys for name in names
    ):
        return None
    layout = read_layout(names, where, with_splits=False)
    if {name.lower() for name in layout.class_names} & SPLITS.keys():
        folders = first_of(layout.class_names)
        why = "are no splits inside a tar: pack each as a tar of that name, or name the tree as folder: or zip:"
        return _Tree({}, (f"no labels: the folders {folders} {why}",))
    labels = zip(layout.splits["train"], layout.labels["train"], strict=layout.labelled)
    return _Tree(
        {name: layout.class_names[one] for name, one in labels}, (*layout.notes, *filter(None, [layout.taken]))
    )


def _may_be_tree(path: Path) -> bool:
    """Whether all members are to be looked at: not where the first picture lies in no folder, or beside its label."""
    names = [member.name for member, _ in islice(read_members(path, lambda name: _kind(name) != ""), 2)]
    kinds, keys = [_kind(name) for name in names], {_divided(name)[0] for name in names}
    if not names or (len(names) == 2 and len(keys) == 1 and set(kinds) != {"picture"}):
        return False
    return kinds[0] != "picture" or "/" in names[0]


def _pieces(files: Sequence[Path], stored: StoredSet, label: str, tree: _Tree | None) -> Iterator[Piece]:
    names: list[str] = []
    contents: list[bytes] = []
    labels: list[Any] = []
    size = 0
    for name, content, one in _samples(files, stored, label, tree):
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


def _samples(
    files: Sequence[Path], stored: StoredSet, label: str, tree: _Tree | None
) -> Iterator[tuple[str, bytes, Any]]:
    """Yield name, picture and label (None for none) of each sample; in the end the set notes what was taken."""
    told = _Told()

    def wanted(name: str) -> bool:
        kind = _kind(name)
        if kind == "" or (tree is not None and kind in _LABELS):
            told.leave(name)
            return False
        return True

    for path in files:
        key, parts = "", dict[str, tuple[str, bytes]]()
        for member, content in read_members(path, wanted):
            own_key, extension = _divided(member.name)
            if own_key != key and parts:
                yield _sample(path, key, parts, label, tree, told)
                parts = {}
            key, kind = own_key, _kind(member.name)
            if kind in parts:
                names = f"{printable(parts[kind][0])} and {printable(member.name)}"
                raise DataError(f"{path}: {names} are two files of one sample, and one {extension} is meant: keep one")
            parts[kind] = (member.name, content)
        if parts:
            yield _sample(path, key, parts, label, tree, told)
    for note in told.notes():
        stored.note(note)


def _sample(
    path: Path, key: str, parts: dict[str, tuple[str, bytes]], label: str, tree: _Tree | None, told: _Told
) -> tuple[str, bytes, Any]:
    if "picture" not in parts:
        raise DataError(
            f"{path}: {printable(key)} has a label and no picture: files of one sample lie one after another"
        )
    name, content = parts["picture"]
    if tree is not None:
        return f"{path.name}/{name}", content, tree.classes.get(name)
    value, taken = _label(path, parts, label)
    if value is not None:
        told.labels[f"labels: {taken} beside the pictures"] = None
    return f"{path.name}/{name}", content, value


def _label(path: Path, parts: dict[str, tuple[str, bytes]], asked: str) -> tuple[Any, str]:
    """Return the label of a sample, None where it has none, and what it was taken from."""
    if "cls" in parts and not asked:
        name, content = parts["cls"]
        try:
            text = content[:_MOST_LABEL_BYTES].decode("utf-8").strip()
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: {printable(name)} is no text: write a whole number or a word") from error
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else text, "the .cls"
    return _field(path, *parts["json"], asked) if "json" in parts else (None, "")


def _field(path: Path, name: str, content: bytes, asked: str) -> tuple[Any, str]:
    """Return the label in a `.json`, None where it has none, and what it was taken from."""
    try:
        fields = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path}: {printable(name)} is no JSON ({error}): write it again, or leave it out") from error
    known = fields if isinstance(fields, dict) else {}
    if asked and asked not in known:
        raise DataError(f"{path}: {printable(name)} has no field {printable(asked)}: name another with #label=NAME")
    taken = next((one for one in ((asked,) if asked else LABEL_NAMES) if one in known), "")
    value = known.get(taken) if taken else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | str)):
        raise DataError(f"{path}: the label in {printable(name)} is neither a whole number nor a word")
    return value, f"the field {printable(taken)} of the .json"


def _divided(name: str) -> tuple[str, str]:
    """Return key and extension of a member."""
    folder, _, file = name.rpartition("/")
    stem, _, extension = file.partition(".")
    return f"{folder}/{stem}" if folder else stem, extension.lower()


def _kind(name: str) -> str:
    """Return `picture`, `cls`, `json`, or nothing for a member that is left out."""
    if is_hidden(name):
        return ""
    extension = _divided(name)[1]
    if f".{extension.rpartition('.')[2]}" in SUFFIXES:
        return "picture"
    return extension if extension in _LABELS else ""
