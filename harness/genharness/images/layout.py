"""How a tree of pictures is meant: which folders are splits, which are classes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.classes import Paths, folder_classes
from genharness.images.decode import SUFFIXES
from genharness.images.label_tables import FILES, table_labels
from genharness.images.listed_labels import FILE, ListedLabels, listed_labels
from genharness.images.names import SPLITS

__all__ = ["LEFT_OUT", "Layout", "is_hidden", "is_junk", "read_layout"]

LEFT_OUT = "files that are no pictures, hidden or met before were left out"
"""How a note of `Layout.left_out` begins."""

_JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Layout:
    """Pictures by split, with their classes.

    Attributes:
        splits: Names of pictures of each split, sorted. One split `train` where the tree has none.
        labels: Class indices beside them; empty lists for unlabelled pictures.
        class_names: Names of the class folders, sorted; empty where labels are plain numbers, or there are none.
        left_out: What is not read: files that are no pictures by their suffix, hidden pictures, and folders that a
            `FileSource` met twice. What operating systems leave is not named.
        notes: Why folders that are there are no classes, or listed labels none, a line each.
        taken: What was taken for labels, in one line; empty where nothing was.
    """

    splits: dict[str, list[str]]
    labels: dict[str, list[int]]
    class_names: tuple[str, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...] = ()
    taken: str = ""

    @property
    def labelled(self) -> bool:
        """Whether pictures have labels."""
        return any(self.labels.values())


def read_layout(
    names: Iterable[str], where: str, *, with_splits: bool = True, read: Callable[[str], bytes] | None = None
) -> Layout:
    """Return what a tree of files means.

    Folders that hold everything are passed through. Where one is called `train`, `test` or `validation`, all
    pictures must lie in such folders. Labels are those that a `dataset.json` lists, where there is one. Else two or
    more folders below are classes, however deep the pictures lie in them, unless they only split numbered files; else
    labels are those of a table such as `metadata.csv`. Without, the pictures have none. Hidden pictures are left out,
    and named; what else is hidden or left by operating systems is passed over.

    Args:
        names: Paths with slashes, relative.
        where: What to call the tree in messages.
        with_splits: Whether folders may be splits at all; without, as in a set of samples, a picture beside the
            folders means that the folders are no classes.
        read: Returns a file's content, as that of a `FileSource`; without, labels that are listed are not read.

    Raises:
        DataError: If there is no picture, one lies where it has no meaning, or listed labels are damaged; the message
            names it.
    """
    told = sorted(name for name in names if not is_junk(name))
    pictures = [name for name in told if _is_picture(name) and not is_hidden(name)]
    if not pictures:
        hidden = next((f" but hidden ones such as {printable(name)}" for name in told if is_hidden(name)), "")
        suffixes = ", ".join(sorted(SUFFIXES))
        raise DataError(f"{where} holds no pictures{hidden} ({suffixes}): give the folder that does")
    paths = _below_common([(name, _parts(name)) for name in pictures])
    splits = _split(paths, where) if with_splits else {"train": paths}
    lists = _named(told, (FILE,)) if read else []
    listed = listed_labels(lists, read, pictures, where) if read and lists else None
    class_names, labels, note = _labels(listed, splits, where, strict=with_splits)
    tables = _named(told, FILES) if read and listed is None and not class_names else []
    if read and tables:
        table = table_labels(tables, read, pictures, where)
        if table.labels:
            lists, (class_names, labels, note) = tables, _labels(table, splits, where, strict=with_splits)
        else:
            note = "; ".join(filter(None, [note, table.note]))
    known = {*pictures, *lists}
    return Layout(
        splits={split: [name for name, _ in entries] for split, entries in splits.items()},
        labels=labels,
        class_names=class_names,
        left_out=tuple(name for name in told if name not in known),
        notes=(note,) if note and not any(labels.values()) else (),
        taken=note if any(labels.values()) else "",
    )


def _labels(
    listed: ListedLabels | None, splits: dict[str, Paths], where: str, *, strict: bool
) -> tuple[tuple[str, ...], dict[str, list[int]], str]:
    """Return names of classes, labels of each split, and the line that says what they are."""
    if listed is not None:
        of = listed.labels
        return (
            listed.class_names,
            {key: [of[name] for name, _ in some] if of else [] for key, some in splits.items()},
            listed.note,
        )
    class_names, note = folder_classes(splits, where, strict=strict)
    index = {name: label for label, name in enumerate(class_names)}
    labels = {key: [index[parts[0]] for _, parts in some] if class_names else [] for key, some in splits.items()}
    return class_names, labels, note


def _named(names: Iterable[str], wanted: Sequence[str]) -> list[str]:
    """Return the files that are called so in any folder."""
    return [name for name in names if name.rpartition("/")[2].lower() in wanted and not is_hidden(name)]


def _parts(name: str) -> tuple[str, ...]:
    """Return the folders and the file of a name, as pathlib has them, in a tenth of its time."""
    return tuple(part for part in name.split("/") if part not in ("", "."))


def _is_picture(name: str) -> bool:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return bool(stem) and dot + suffix.lower() in SUFFIXES


def is_hidden(name: str) -> bool:
    """Return whether a file is hidden, or lies in a hidden folder or one that operating systems leave."""
    return any(part.startswith(".") or part in _JUNK for part in _parts(name))


def is_junk(name: str) -> bool:
    """Return whether nobody misses a file: macOS calls the attributes of a.png `._a.png`."""
    return is_hidden(name) and (not _is_picture(name) or _parts(name)[-1].startswith("._"))


def _below_common(paths: Paths) -> Paths:
    """Pass through folders that hold everything."""
    folders = [parts[:-1] for _, parts in paths]
    first, last = min(folders), max(folders)  # what these two share, all between them share
    common = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return [(name, parts[common:]) for name, parts in paths]


def _split(paths: Paths, where: str) -> dict[str, Paths]:
    folders = {parts[0].lower() for _, parts in paths if len(parts) > 1}
    if not folders & SPLITS.keys():
        return {"train": paths}
    found: dict[str, Paths] = {}
    for name, parts in paths:
        split = SPLITS.get(parts[0].lower()) if len(parts) > 1 else None
        if split is None:
            stray = printable(name)
            raise DataError(f"{where}: {stray} lies beside the folders of the splits: move it into one, or out")
        found.setdefault(split, []).append((name, parts[1:]))
    if "train" not in found:
        raise DataError(f"{where} has folders {', '.join(sorted(found))} but none called train")
    return {split: found[split] for split in ("train", "validation", "test") if split in found}
