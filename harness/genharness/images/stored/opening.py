"""From what a user names to its splits: which reader, which files, which of them are train and test."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from genharness.errors import ConfigError, DataError
from genharness.files.paths import printable
from genharness.files.patterns import files_below, paths_of
from genharness.images.names import SPLITS, first_of
from genharness.images.stored.arrow import open_arrow
from genharness.images.stored.delimited import open_delimited
from genharness.images.stored.hdf5 import open_hdf5
from genharness.images.stored.hugging_face import is_saved, open_hub, open_saved
from genharness.images.stored.pieces import StoredSet
from genharness.images.stored.tars import open_tars

__all__ = ["KINDS", "kind_of", "labelled_file", "open_stored"]

KINDS = {
    "tar": (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"),
    "parquet": (".parquet", ".arrow"),
    "h5": (".h5", ".hdf5"),
    "csv": (".csv", ".tsv"),
}
"""Ends of files by the name of the reader."""

_Opened = dict[str, StoredSet]


def kind_of(path: Path) -> str:
    """Return which reader reads a file, by the end of its name; empty for none."""
    name = path.name.lower()
    return next((kind for kind, suffixes in KINDS.items() if name.endswith(suffixes)), "")


def labelled_file(path: Path) -> tuple[Path, str]:
    """Return a file and the column of labels that is named behind it, as in `a.csv#label=species`; else the path."""
    file, mark, label = str(path).rpartition("#label=")
    named = mark and label and kind_of(Path(file)) in ("parquet", "h5", "csv") and not path.exists()
    return (Path(file), label) if named and Path(file).is_file() else (path, "")


def open_stored(kind: str, text: str, samples: str = "", label: str = "") -> dict[str, StoredSet]:
    """Return the splits of stored samples; where they have none, one whose name is empty.

    Args:
        kind: `tar`, `parquet`, `h5`, `csv` or `hf`.
        text: Path, or pattern of many (`shards/*.tar`, `part-{000..009}.tar`), or a folder; of `hf` perhaps a name.
        samples: Column or array of the samples; empty for the usual names.
        label: Column or array of the labels, likewise.

    Raises:
        DataError: If nothing is there, or it cannot be read.
        ConfigError: If a package is missing, or something is asked for that this kind does not have.
    """
    if kind == "hf" and not Path(text).is_absolute():
        return open_hub(text, samples, label)
    if samples and kind in ("tar", "csv"):
        raise ConfigError(f"{kind}: there is no column of samples to choose: leave #{samples} out")
    paths = paths_of(text)
    if not paths:
        raise DataError(f"{printable(text)} does not exist: give an existing path as {kind}:PATH")
    if kind == "hf":
        return _local(paths, text, samples, label)
    if kind == "h5":
        return open_hdf5(_only_file(paths, kind, text), samples, label)
    return _divided(kind, paths, text, lambda files, where: _open(kind, files, where, samples, label))


def _local(paths: Sequence[Path], text: str, samples: str, label: str) -> _Opened:
    if len(paths) == 1 and is_saved(paths[0]):
        return open_saved(paths[0], samples, label)
    return _divided("parquet", paths, text, lambda files, where: open_arrow(files, where, samples, label))


def _open(kind: str, files: Sequence[Path], where: str, samples: str, label: str) -> StoredSet:
    if kind == "tar":
        return open_tars(files, where, label)
    if kind == "parquet":
        return open_arrow(files, where, samples, label)
    return open_delimited(_only_file(files, kind, where), label)


def _only_file(paths: Sequence[Path], kind: str, text: str) -> Path:
    if len(paths) > 1:
        raise DataError(f"{printable(text)} are {len(paths)} files, and {kind}: takes one: {first_of([str(paths[0])])}")
    if not paths[0].is_file():
        raise DataError(f"{printable(paths[0])} is no file: give one as {kind}:PATH")
    return paths[0]


def _divided(kind: str, paths: Sequence[Path], text: str, use: Callable[[list[Path], str], StoredSet]) -> _Opened:
    """Open the files of each split, which their names or folders say; all as one set where not all say it."""
    files = [(path, path if path.is_dir() else path.parent) for path in paths]
    below = [(file, folder) for path, folder in files for file in files_below(path, KINDS[kind])]
    if not below:
        raise DataError(f"{printable(text)} holds no files that end in {', '.join(KINDS[kind])}")
    words = [_split_of(file.relative_to(folder)) for file, folder in below]
    if not all(words) or "train" not in words:
        return {"": use([file for file, _ in below], text)}
    splits = {word: [file for (file, _), own in zip(below, words, strict=True) if own == word] for word in words}
    return {split: use(some, f"{text} ({split})") for split, some in splits.items()}


def _split_of(path: Path) -> str:
    """Return the split that a file's name or folder says; empty where they say none, or two."""
    parts = [*path.parts[:-1], *re.split(r"[-_.]", path.name)]
    found = {SPLITS[part.lower()] for part in parts if part.lower() in SPLITS}
    return found.pop() if len(found) == 1 else ""
