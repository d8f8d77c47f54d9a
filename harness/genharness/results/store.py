"""The results folder: records that are whole or absent, and a folder for each cell and each training.

RESULTS/records/CELL.json     one record a cell, written atomically
RESULTS/cells/CELL/           samples, pictures
RESULTS/trainings/TRAINING/   checkpoint: of every cell that shares the training; in cells/CELL before schema 4
RESULTS/set-aside/            records and checkpoints that were damaged, moved there by commands that write
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from genharness.errors import ConfigError, RunError, did_you_mean, shown
from genharness.files.atomic import remove_temporaries, write_bytes
from genharness.files.gc_pause import no_collection
from genharness.files.paths import printable
from genharness.results.cell_folder import CellFolder
from genharness.results.index import RecordIndex, State, are_settled, digest_of, state_of
from genharness.results.members import RecordTable
from genharness.results.record_file import DamagedRecordError, UnreadableRecordError, as_bytes, read_record
from genharness.results.training_folder import TrainingFolder
from genharness.spec.cell import KNOWN_ID, Cell
from genharness.spec.record import Record

__all__ = ["Store"]


class Store:
    """A results folder.

    Args:
        folder: Where results are; created by `open_for_writing`, not by reading.
        writing: Whether damaged records are set aside; who only reads leaves every file where it is.

    Attributes:
        warnings: One line for each file that could not be read.
    """

    def __init__(self, folder: Path, *, writing: bool = False) -> None:
        self.folder = folder
        self.writing = writing
        self.warnings: list[str] = []
        self._looked: tuple[dict[str, State | None], str] | None = None

    @property
    def records_folder(self) -> Path:
        """Where the records are."""
        return self.folder / "records"

    def cell(self, cell_id: str) -> CellFolder:
        """Return the folder of a cell (not created).

        Raises:
            RunError: If the id is no file name, and so would leave the results folder.
        """
        return CellFolder(self.folder / "cells" / _file_name(cell_id))

    def training(self, training_id: str) -> TrainingFolder:
        """Return the folder of a training (not created).

        Raises:
            RunError: If the id is no file name, and so would leave the results folder.
        """
        return TrainingFolder(self.folder / "trainings" / _file_name(training_id))

    def training_of(self, cell: Cell, training_id: str = "") -> TrainingFolder:
        """Return where the checkpoint of a cell is, or would be.

        Args:
            cell: The cell.
            training_id: What its record says of its training; the cell's own word where that says nothing.

        Raises:
            RunError: If the id is no file name.
        """
        found = self.training(training_id or cell.training_id)
        before = TrainingFolder(self.cell(cell.id).path)
        return before if before.checkpoint.is_file() and not found.checkpoint.is_file() else found

    def adopt(self, cell: Cell) -> None:
        """Give the training of a cell from before schema 4 a folder of its own; the training's lock is held.

        Raises:
            RunError: If its checkpoint cannot be moved.
        """
        before, now = self.training_of(cell), self.training(cell.training_id)
        if before == now:
            return
        try:
            now.path.mkdir(parents=True, exist_ok=True)
            if before.best_checkpoint.is_file():
                before.best_checkpoint.replace(now.best_checkpoint)
            before.checkpoint.replace(now.checkpoint)
        except OSError as error:
            raise RunError(f"cannot move {before.checkpoint} to {now.path} ({error.strerror}): see to that") from error

    def record_path(self, cell_id: str) -> Path:
        """Return where the record of a cell is.

        Raises:
            RunError: If the id is no file name.
        """
        return self.records_folder / f"{_file_name(cell_id)}.json"

    def open_for_writing(self) -> None:
        """Create the folders; from here on damaged records are set aside.

        Raises:
            RunError: If the path is a file, or cannot be written.
        """
        self.refuse_file()
        try:
            self.records_folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "cells").mkdir(exist_ok=True)
            self._try_writing()
            self.writing = True
        except OSError as error:
            raise RunError(
                f"cannot write to the results folder {self.folder} ({error.strerror}): name another with --results"
            ) from error

    def open_for_cells(self) -> None:
        """Do so for a run, whose cells take turns.

        Raises:
            RunError: Likewise, or if the file system has no locks.
        """
        from genharness.files.turns import refuse_without_locks  # importing its locks costs every reader 10 ms

        self.open_for_writing()
        refuse_without_locks(self.folder / "cells")

    def refuse_file(self) -> None:
        """Refuse a path that can be no folder of results.

        Raises:
            RunError: If it is a file, or cannot be looked at, such as a name that is too long.
        """
        try:
            is_file = self.folder.exists() and not self.folder.is_dir()
        except OSError as error:
            raise RunError(
                f"results path {shown(self.folder)} cannot be looked at ({error.strerror}): name another with --results"
            ) from error
        if is_file:
            raise RunError(f"results path {printable(self.folder)} is a file: name a folder with --results")

    def refuse_missing(self) -> None:
        """Refuse a folder in which no run has begun.

        Raises:
            RunError: If there is no folder of records, it is a file, or cannot be looked into.
        """
        self._entries()

    def _try_writing(self) -> None:
        probe = self.records_folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()

    def save(self, record: Record) -> Path:
        """Write a record, replacing an earlier one of the same cell.

        Raises:
            RunError: If the disk is full or the folder is gone.
        """
        path = self.record_path(record.cell.id)
        content = as_bytes(record)
        try:
            write_bytes(path, content)
        except OSError as error:
            raise RunError(f"cannot write the record {path} ({error.strerror}): free space and run again") from error
        return path

    def settle(self, record: Record) -> Record:
        """Save how a cell ended, whatever the state of the disk, and return the record.

        A record of a finished cell is never replaced by one that says that doing more with it failed. Where the
        record cannot be written, it says so itself and is not `ok`, so that the command can tell the user.
        """
        if not record.finished and self._may_be_finished(record.cell.id):
            return record
        try:
            self.save(record)
        except RunError as error:
            before = "" if record.finished else f"{record.reason}; "
            record.end("failed", f"{before}{error}")
        return record

    def _may_be_finished(self, cell_id: str) -> bool:
        try:
            earlier = self.load(cell_id)
        except RunError:  # it cannot be read now, and may be good
            return True
        return earlier is not None and earlier.finished

    def remove_leftovers(self, cell_id: str) -> None:
        """Delete what killed writers left of a cell; its lock is held, so none of them is alive."""
        path = self.record_path(cell_id)
        remove_temporaries(path.parent, path.name)
        for folder in (self.cell(cell_id).path, self.cell(cell_id).features):
            remove_temporaries(folder)

    def load(self, cell_id: str) -> Record | None:
        """Return the record of a cell, or None where there is none, or a damaged one.

        Raises:
            RunError: If there is one that cannot be read: it may be good, so nothing may take its place.
        """
        return self._read(str(self.record_path(cell_id)))

    def records(self, *, history: bool = True, prefixes: tuple[str, ...] = ("",)) -> Iterator[Record]:
        """Yield every readable record, in the order of their names; the others are named in `warnings`.

        Args:
            history: Whether the curves over training are wanted; without them ten thousand records take a third
                of the time and a tenth of the memory.
            prefixes: Only cells whose id begins with one of these.

        Raises:
            RunError: If the folder does not exist, or none of the records can be read.
        """
        if not history:
            yield from self.table(prefixes)
            return
        names = sorted(entry.name for entry in self._entries() if entry.name.startswith(prefixes))
        with no_collection():
            yield from (record for _, record in self._each(names, history=True))

    def table(self, prefixes: tuple[str, ...] = ("",)) -> RecordTable:
        """Return every readable record without its curves, those of one row together; the others are in `warnings`.

        Args:
            prefixes: Only cells whose id begins with one of these.

        Raises:
            RunError: If the folder does not exist, or none of the records can be read.
        """
        (states, digest), self._looked = self._looked or self._look(), None
        names = {name for name in states if name.startswith(prefixes)}
        with no_collection():
            if not RecordIndex.is_worthwhile(len(names)):
                return RecordTable.of(record for _, record in self._each(sorted(names)))
            index = RecordIndex(self.records_folder)
            known = index.drop_changed(states, digest)
            for name, record in self._each(sorted(names - known), any_read=bool(known)):
                index.add(name, states[name] or [], record)
            index.save()
            return RecordTable(index.pieces(prefixes))

    def ids(self) -> list[str]:
        """Return the ids of the cells that have a record; none where there is no results folder yet.

        Raises:
            RunError: If the folder is a file, or cannot be looked into.
        """
        there = self.records_folder.is_dir() or self.folder.is_file()
        return [name.removesuffix(".json") for name in self._names()] if there else []

    def begun(self) -> set[str]:
        """Return the names of trainings and cells that have a folder: no other has a checkpoint."""
        return {name for kind in ("trainings", "cells") for name in _names_in(self.folder / kind)}

    def state(self) -> str:
        """Return what tells whether any record has changed, without reading one; empty where that cannot be told.

        The next call of `table` reads those that were seen here.

        Raises:
            RunError: If the folder does not exist, or cannot be looked into.
        """
        looked, digest = self._looked = self._look()
        states = [state for state in looked.values() if state]
        if len(states) < len(looked) or not are_settled(states):
            return ""
        return f"{digest} {hashlib.sha256(os.fsencode(os.path.realpath(self.records_folder))).hexdigest()}"

    def _look(self) -> tuple[dict[str, State | None], str]:
        """Return the states of the files that may be records, None where one cannot be told, and their digest.

        Raises:
            RunError: If the folder does not exist, or cannot be looked into.
        """
        with no_collection():
            states = {entry.name: _state(entry) for entry in self._entries()}
            return states, digest_of(states)

    def _names(self) -> list[str]:
        """Return the names of all record files, sorted."""
        return sorted(entry.name for entry in self._entries())

    def _entries(self) -> list[os.DirEntry[str]]:
        """Return what there is in the folder of records that may be one.

        Raises:
            RunError: If the folder does not exist, is a file, or cannot be looked into.
        """
        try:
            with os.scandir(self.records_folder) as entries:  # ten thousand Paths cost half a second
                return [entry for entry in entries if _is_record(entry.name)]
        except (FileNotFoundError, NotADirectoryError) as error:
            if self.folder.is_file():
                raise RunError(f"results path {printable(self.folder)} is a file: name a folder of results") from error
            raise RunError(
                f"there are no results in {printable(self.folder)}: run `genharness run` first, or name the folder"
            ) from error
        except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
            reason = getattr(error, "strerror", None) or error
            raise RunError(f"the results in {shown(self.folder)} cannot be read ({reason})") from error

    def _each(
        self, names: Iterable[str], *, history: bool = False, any_read: bool = False
    ) -> Iterator[tuple[str, Record]]:
        """Yield the readable ones of some records, with the names of their files.

        Args:
            names: Of the files.
            history: Whether the curves over training are wanted.
            any_read: Whether others were read before.

        Raises:
            RunError: If none can be read, and none was before.
        """
        folder, refused = str(self.records_folder), ""
        for name in names:
            try:
                record = self._read(f"{folder}/{name}", history=history)
            except (UnreadableRecordError, OSError) as error:
                refused = refused or str(error)
                self._warn(f"{error}: it is left out")
                continue
            if record is not None:
                any_read = True
                yield name, record
        if refused and not any_read:
            raise RunError(printable(refused))

    def find(self, name: str) -> Record:
        """Return the record whose cell id is `name` or begins with it.

        Raises:
            ConfigError: If none does, or several do.
        """
        ids = [file.removesuffix(".json") for file in self._names()]
        matches = [name] if name in ids else [cell_id for cell_id in ids if cell_id.startswith(name)]
        if len(matches) > 1:
            raise ConfigError(f"{name!r} could be {', '.join(matches[:4])}: write more of it")
        record = self.load(matches[0]) if matches else None
        if record is None and matches and self.warnings:
            raise RunError(self.warnings[-1])
        if record is None:
            raise ConfigError(f"no cell {name!r} in {self.folder}{did_you_mean(name, ids)}")
        return record

    def _read(self, path: str, *, history: bool = True) -> Record | None:
        """Return a record, or None where there is none, or a damaged one. Its cell's id is the name of its file."""
        try:
            record = read_record(path, history=history)
            vars(record.cell)[KNOWN_ID] = os.path.basename(path).removesuffix(".json")  # noqa: PTH119
            return record
        except FileNotFoundError:
            return None
        except DamagedRecordError as error:
            self._dismiss(Path(path), str(error))
            return None

    def _dismiss(self, path: Path, reason: str) -> None:
        """Note a damaged record; who writes here moves it out of the way too."""
        if self.writing:
            self.set_aside(path, reason)
        else:
            self._warn(f"{path.name} is unreadable ({reason}) and left out; the next run here sets it aside")

    def set_aside(self, path: Path, reason: str) -> None:
        """Move a damaged file out of the way and note it in `warnings`."""
        folder = self.folder / "set-aside"
        where = f"set aside in {folder}"
        try:
            folder.mkdir(exist_ok=True)
            if folder.is_symlink():
                raise OSError(errno.ELOOP, "it is a link")
            path.rename(_free(folder / path.name))
        except OSError as error:
            where = f"could not be set aside ({error.strerror})"
        self._warn(f"{path.name} is unreadable ({reason}): {where}; run again to redo it")

    def _warn(self, line: str) -> None:
        self.warnings.append(printable(line))


def _free(path: Path) -> Path:
    """Return the path, or one beside it that nothing has yet: what was set aside earlier stays."""
    names = (path, *(path.with_name(f"{path.stem}-{count}{path.suffix}") for count in range(2, 1000)))
    return next((one for one in names if not os.path.lexists(one)), path)


def _file_name(cell_id: str) -> str:
    if not cell_id or cell_id.startswith(".") or any(sign in cell_id for sign in "/\\\0"):
        raise RunError(f"{printable(cell_id)!r} is no id of a cell")
    return cell_id


def _state(entry: os.DirEntry[str]) -> State | None:
    try:
        return state_of(entry.stat(follow_symlinks=False))
    except OSError:
        return None


def _is_record(name: str) -> bool:
    """Whether a file is a record, and not one that is being written, which has a dot before its name."""
    return name.endswith(".json") and not name.startswith(".")


def _names_in(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 -- half a million paths are made slowly
    except OSError:
        return []
