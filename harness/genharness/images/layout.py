"""How a tree of pictures is meant: which folders are splits, which are classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from genharness.errors import DataError
from genharness.images.decode import SUFFIXES

__all__ = ["Layout", "first_of", "read_layout"]

_SPLITS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
}
_JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")

Paths = list[tuple[str, tuple[str, ...]]]
"""Each picture's name and the folders that still say something about it, with the file's own name last."""


@dataclass(frozen=True)
class Layout:
    """Pictures by split, with their classes.

    Attributes:
        splits: Names of pictures of each split, sorted. One split `train` where the tree has none.
        labels: Class indices beside them; empty lists for unlabelled pictures.
        class_names: Names of the class folders, sorted; empty for unlabelled pictures.
        left_out: Files that are no pictures by their suffix.
    """

    splits: dict[str, list[str]]
    labels: dict[str, list[int]]
    class_names: tuple[str, ...]
    left_out: tuple[str, ...]


def read_layout(names: Iterable[str], where: str, *, with_splits: bool = True) -> Layout:
    """Return what a tree of files means.

    Folders that hold everything are passed through. Where one is called `train`, `test` or `validation`, all
    pictures must lie in such folders. Below, two or more folders are classes, however deep the pictures lie in
    them; with fewer the pictures have no labels. Hidden files and what operating systems leave are passed over.

    Args:
        names: Paths with slashes, relative.
        where: What to call the tree in messages.
        with_splits: Whether folders may be splits at all; without, as in a set of samples, a picture beside the
            folders means that the folders are no classes.

    Raises:
        DataError: If there is no picture, or one lies where it has no meaning; the message names it.
    """
    visible = sorted(name for name in names if not _is_junk(name))
    pictures = [name for name in visible if PurePosixPath(name).suffix.lower() in SUFFIXES]
    if not pictures:
        raise DataError(f"{where} holds no pictures ({', '.join(sorted(SUFFIXES))}): give the folder that does")
    paths = _below_common([(name, PurePosixPath(name).parts) for name in pictures])
    splits = _split(paths, where) if with_splits else {"train": paths}
    class_names = _class_names(splits, where, strict=with_splits)
    index = {name: label for label, name in enumerate(class_names)}
    known = set(pictures)
    return Layout(
        splits={split: [name for name, _ in entries] for split, entries in splits.items()},
        labels={
            split: [index[parts[0]] for _, parts in entries] if class_names else []
            for split, entries in splits.items()
        },
        class_names=class_names,
        left_out=tuple(name for name in visible if name not in known),
    )


def _is_junk(name: str) -> bool:
    return any(part.startswith(".") or part in _JUNK for part in PurePosixPath(name).parts)


def _below_common(paths: Paths) -> Paths:
    """Pass through folders that hold everything."""
    folders = [parts[:-1] for _, parts in paths]
    first, last = min(folders), max(folders)  # what these two share, all between them share
    common = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return [(name, parts[common:]) for name, parts in paths]


def _split(paths: Paths, where: str) -> dict[str, Paths]:
    folders = {parts[0].lower() for _, parts in paths if len(parts) > 1}
    if not folders & _SPLITS.keys():
        return {"train": paths}
    found: dict[str, Paths] = {}
    for name, parts in paths:
        split = _SPLITS.get(parts[0].lower()) if len(parts) > 1 else None
        if split is None:
            raise DataError(f"{where}: {name} lies beside the folders of the splits: move it into one, or out")
        found.setdefault(split, []).append((name, parts[1:]))
    if "train" not in found:
        raise DataError(f"{where} has folders {', '.join(sorted(found))} but none called train")
    return {split: found[split] for split in ("train", "validation", "test") if split in found}


def _class_names(splits: dict[str, Paths], where: str, *, strict: bool) -> tuple[str, ...]:
    everything = [path for entries in splits.values() for path in entries]
    folders = sorted({parts[0] for _, parts in everything if len(parts) > 1})
    if len(folders) < 2:
        return ()
    stray = next((name for name, parts in everything if len(parts) == 1), None)
    if stray is not None and not strict:
        return ()
    if stray is not None:
        raise DataError(f"{where}: {stray} lies beside the folders of the classes: move it into one, or out")
    trained = {parts[0] for _, parts in splits["train"]}
    for folder in folders:
        if folder not in trained:
            raise DataError(f"{where}: class {folder!r} is unknown: it has no pictures in the train split")
    return tuple(folders)


def first_of(names: Sequence[str], count: int = 5) -> str:
    """Return names for a sentence, the first few and how many more."""
    more = f" and {len(names) - count:,} more" if len(names) > count else ""
    return f"{', '.join(names[:count])}{more}"
