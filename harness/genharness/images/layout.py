"""How a tree of pictures is meant: which folders are splits, which are classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.decode import SUFFIXES

__all__ = ["LEFT_OUT", "Layout", "first_of", "read_layout"]

LEFT_OUT = "files that are no pictures, hidden or met before were left out"
"""How a note of `Layout.left_out` begins."""

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
        left_out: What is not read: files that are no pictures by their suffix, hidden pictures, and folders that a
            `FileSource` met twice. What operating systems leave is not named.
        notes: Why folders that are there are no classes, a line each.
    """

    splits: dict[str, list[str]]
    labels: dict[str, list[int]]
    class_names: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_layout(names: Iterable[str], where: str, *, with_splits: bool = True) -> Layout:
    """Return what a tree of files means.

    Folders that hold everything are passed through. Where one is called `train`, `test` or `validation`, all
    pictures must lie in such folders. Below, two or more folders are classes, however deep the pictures lie in
    them; with fewer the pictures have no labels. Hidden pictures are left out, and named; what else is hidden or
    left by operating systems is passed over.

    Args:
        names: Paths with slashes, relative.
        where: What to call the tree in messages.
        with_splits: Whether folders may be splits at all; without, as in a set of samples, a picture beside the
            folders means that the folders are no classes.

    Raises:
        DataError: If there is no picture, or one lies where it has no meaning; the message names it.
    """
    told = sorted(name for name in names if not _is_junk(name))
    pictures = [name for name in told if _is_picture(name) and not _is_hidden(name)]
    if not pictures:
        hidden = next((f" but hidden ones such as {printable(name)}" for name in told if _is_hidden(name)), "")
        suffixes = ", ".join(sorted(SUFFIXES))
        raise DataError(f"{where} holds no pictures{hidden} ({suffixes}): give the folder that does")
    paths = _below_common([(name, PurePosixPath(name).parts) for name in pictures])
    splits = _split(paths, where) if with_splits else {"train": paths}
    class_names = _class_names(splits, where, strict=with_splits)
    note = "" if class_names else _why_no_classes(pictures, splits)
    index = {name: label for label, name in enumerate(class_names)}
    known = set(pictures)
    return Layout(
        splits={split: [name for name, _ in entries] for split, entries in splits.items()},
        labels={
            split: [index[parts[0]] for _, parts in entries] if class_names else [] for split, entries in splits.items()
        },
        class_names=class_names,
        left_out=tuple(name for name in told if name not in known),
        notes=(note,) if note else (),
    )


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES and not name.endswith("/")


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part in _JUNK for part in PurePosixPath(name).parts)


def _is_junk(name: str) -> bool:
    """Return whether nobody misses a file: macOS calls the attributes of a.png `._a.png`."""
    return _is_hidden(name) and (not _is_picture(name) or PurePosixPath(name).name.startswith("._"))


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
            stray = printable(name)
            raise DataError(f"{where}: {stray} lies beside the folders of the splits: move it into one, or out")
        found.setdefault(split, []).append((name, parts[1:]))
    if "train" not in found:
        raise DataError(f"{where} has folders {', '.join(sorted(found))} but none called train")
    return {split: found[split] for split in ("train", "validation", "test") if split in found}


def _class_names(splits: dict[str, Paths], where: str, *, strict: bool) -> tuple[str, ...]:
    everything = [path for entries in splits.values() for path in entries]
    folders = sorted({parts[0] for _, parts in everything if len(parts) > 1})
    if len(folders) < 2:
        return ()
    strays = _strays(everything)
    if strays and not strict:
        return ()
    if strays:
        stray = printable(strays[0])
        raise DataError(f"{where}: {stray} lies beside the folders of the classes: move it into one, or out")
    trained = {parts[0] for _, parts in splits["train"]}
    for folder in folders:
        if folder not in trained:
            raise DataError(f"{where}: class {folder!r} is unknown: it has no pictures in the train split")
    return tuple(folders)


def _strays(paths: Paths) -> list[str]:
    return [name for name, parts in paths if len(parts) == 1]


def _why_no_classes(pictures: Sequence[str], splits: dict[str, Paths]) -> str:
    """Return why the folders that there are give no labels; nothing where there are none."""
    everything = [path for entries in splits.values() for path in entries]
    folders = sorted({parts[0] for _, parts in everything if len(parts) > 1})
    strays = _strays(everything)
    if folders and strays:
        return f"no labels: {first_of(strays)} beside the folders {first_of(folders)}, which so are no classes"
    around = PurePosixPath(pictures[0]).parent
    if len(splits) == 1 and around.parts:
        return f"no labels: all pictures lie in the folder {printable(str(around))}, and one folder is no class"
    return f"no labels: {folders[0]} is the only folder, and one is no class" if folders else ""


def first_of(names: Sequence[str], count: int = 5) -> str:
    """Return names for a sentence, the first few and how many more."""
    more = f" and {len(names) - count:,} more" if len(names) > count else ""
    return f"{', '.join(map(printable, names[:count]))}{more}"
