"""Removing cells from a results folder: the record, the cell's files, and its training once no other cell needs it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from genharness.errors import RunError
from genharness.files.atomic import delete
from genharness.results.store import Store
from genharness.spec.record import Record

__all__ = ["Removal", "removals", "remove"]


@dataclass(frozen=True)
class Removal:
    """A cell that is to go.

    Attributes:
        record: Its record.
        paths: Files and folders that go with it, the record's file last; those that are there.
        size_bytes: What they take on the disk.
        shared_with: Cells that stay and need its training, which therefore stays.
    """

    record: Record
    paths: tuple[Path, ...]
    size_bytes: int
    shared_with: int = 0


def removals(store: Store, wanted: Callable[[Record], bool], records: Sequence[Record] | None = None) -> list[Removal]:
    """Return what would go with the cells that are wanted to go.

    Args:
        store: The results folder.
        wanted: Whether a cell is to go.
        records: All that the folder has, if they were read already.

    Raises:
        RunError: If there is no such folder, or a path in it is a link: what it leads to is not this folder's.
    """
    records = list(store.records(history=False)) if records is None else records
    going = [record for record in records if wanted(record)]
    ids = {record.cell.id for record in going}
    staying = Counter(_training(record) for record in records if record.cell.id not in ids)
    seen: set[Path] = set()
    return [_removal(store, record, staying[_training(record)], seen) for record in going]


def _training(record: Record) -> str:
    return record.training or record.cell.training_id


def _removal(store: Store, record: Record, shared: int, seen: set[Path]) -> Removal:
    folders = [store.cell(record.cell.id).path]
    if record.source == "trained" and not shared:
        folders.append(store.training(_training(record)).path)
    every = (*folders, store.record_path(record.cell.id))
    paths = [path for path in every if path not in seen and os.path.lexists(path)]
    seen.update(paths)
    for path in (store.folder / "cells", store.folder / "trainings", store.records_folder, *paths):
        if path.is_symlink():
            raise RunError(f"{path} is a link: what it leads to is not removed; remove the link yourself first")
    return Removal(record, tuple(paths), sum(_size(path) for path in paths), shared)


def _size(path: Path) -> int:
    return sum(one.lstat().st_size for one in _files(path))


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, _, names in os.walk(path):  # which follows no links
        yield from (Path(folder) / name for name in names)


def remove(found: Iterable[Removal]) -> None:
    """Remove cells; a link inside a folder goes, what it leads to stays.

    The record goes last, so that a removal that was cut off can be repeated.

    Args:
        found: From `removals`.

    Raises:
        RunError: If one cannot be removed.
    """
    for one in found:
        for path in one.paths:
            _remove(path)


def _remove(path: Path) -> None:
    try:
        delete(path)
    except OSError as error:
        why = error.strerror or error
        raise RunError(f"cannot remove {path} ({why}): mend that, and run the same command again") from error
