"""Where samples lie that are to be scored, whose they are, and what their rows are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from genharness.errors import DataError
from genharness.files.home import home
from genharness.files.paths import expanded, input_path, printable
from genharness.images.sample_file import SampleFile
from genharness.images.stored.opening import KINDS, labelled_file
from genharness.results.store import Store
from genharness.spec.record import Record

__all__ = ["NamedSamples", "find_source", "may_be_cell", "row_names"]


@dataclass(frozen=True)
class NamedSamples:
    """A path, and the record of the cell that it belongs to, if one was named; or what is in memory already.

    Attributes:
        path: Where the samples are; of samples in memory, what they are called.
        record: The record of the cell that they are of, or None.
        held: Samples that are in memory, or None.
    """

    path: Path
    record: Record | None = None
    held: SampleFile | None = None

    @property
    def features_folder(self) -> Path:
        """Where features of it are kept."""
        return home() / "features" if self.record is None else self.path.parent / "features"


def find_source(word: str | SampleFile, store: Store) -> NamedSamples:
    """Return what a word names: a path, or a cell of a results folder; samples in memory stand for themselves.

    Raises:
        ConfigError: If no cell, or more than one, has this id.
        DataError: If nothing is there, or the cell has no samples of its own.
    """
    if isinstance(word, SampleFile):
        return NamedSamples(Path(word.where), held=word)
    path = input_path(word)
    if path is not None:
        return NamedSamples(path)
    if labelled_file(expanded(word))[1]:
        return NamedSamples(expanded(word))
    if not may_be_cell(word, store.folder):
        raise DataError(
            f"{printable(word)} does not exist: give samples (a folder, zip, .npz, .npy, .tar, .parquet, .h5, .csv) or "
            "a cell's id"
        )
    record = store.find(word)
    if record.source == "external":
        raise DataError(f"cell {record.cell.id} is of samples that were made elsewhere: name the samples themselves")
    file = store.cell(record.cell.id).samples
    if not file.is_file():
        raise DataError(f"cell {record.cell.id} has no samples: run it again with --keep samples --fresh")
    return NamedSamples(file, record)


def may_be_cell(word: str, results: Path) -> bool:
    """Whether a word may be the id of a cell: it looks like no path, and there are results that may know it."""
    return (
        "/" not in word
        and not word.endswith((".npy", ".npz", ".zip", *(end for ends in KINDS.values() for end in ends)))
        and (results / "records").is_dir()
    )


def row_names(sources: Sequence[NamedSamples]) -> list[str]:
    """Return a name for each source's row, all different: as short as that allows, at the end numbered."""
    for name in (_stem, _stem_in_folder, _file_name):
        names = [one.record.cell.id if one.record else _plain_name(name(one.path)) for one in sources]
        if len(set(names)) == len(names):
            return names
    return [f"{name}-{names[: place + 1].count(name)}" for place, name in enumerate(names)]


def _stem(path: Path) -> str:
    return path.absolute().stem


def _stem_in_folder(path: Path) -> str:
    return f"{path.absolute().parent.name}-{path.absolute().stem}"


def _file_name(path: Path) -> str:
    return path.absolute().name


def _plain_name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", printable(text)).strip("-._")[:60] or "samples"
