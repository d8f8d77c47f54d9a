"""The results folder: records that are whole or absent, and a folder of artefacts for each cell.

RESULTS/records/CELL.json     one record a cell, written atomically
RESULTS/cells/CELL/           checkpoint, samples, pictures
RESULTS/set-aside/            records and checkpoints that could not be read
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson

from genharness.errors import ConfigError, RunError, did_you_mean
from genharness.files.atomic import remove_temporaries, write_bytes
from genharness.files.gc_pause import no_collection
from genharness.results.cell_folder import CellFolder
from genharness.spec.record import Record

__all__ = ["Store"]


class Store:
    """A results folder.

    Args:
        folder: Where results are; created by `open_for_writing`, not by reading.

    Attributes:
        warnings: One line for each file that could not be read and was set aside.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warnings: list[str] = []

    @property
    def records_folder(self) -> Path:
        """Where the records are."""
        return self.folder / "records"

    def cell(self, cell_id: str) -> CellFolder:
        """Return the folder of a cell (not created)."""
        return CellFolder(self.folder / "cells" / cell_id)

    def record_path(self, cell_id: str) -> Path:
        """Return where the record of a cell is."""
        return self.records_folder / f"{cell_id}.json"

    def open_for_writing(self) -> None:
        """Create the folders.

        Raises:
            RunError: If the path is a file, or cannot be written.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise RunError(f"results path {self.folder} is a file: name a folder with --results")
        try:
            self.records_folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "cells").mkdir(exist_ok=True)
            self._try_writing()
        except OSError as error:
            raise RunError(
                f"cannot write to the results folder {self.folder} ({error.strerror}): name another with --results"
            ) from error

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
        content = orjson.dumps(record.as_plain(), option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY)
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
        if not record.finished:
            earlier = self.load(record.cell.id)
            if earlier is not None and earlier.finished:
                return record
        try:
            self.save(record)
        except RunError as error:
            before = "" if record.finished else f"{record.reason}; "
            record.status, record.reason = "failed", f"{before}{error}"
        return record

    def remove_leftovers(self, cell_id: str) -> None:
        """Delete what killed writers left of a cell; its lock is held, so none of them is alive."""
        path = self.record_path(cell_id)
        remove_temporaries(path.parent, path.name)
        for folder in (self.cell(cell_id).path, self.cell(cell_id).features):
            remove_temporaries(folder)

    def load(self, cell_id: str) -> Record | None:
        """Return the record of a cell, or None where there is none (or a corrupt one, which is set aside)."""
        path = self.record_path(cell_id)
        return self._read(str(path.parent), path.name) if path.is_file() else None

    def records(self, *, history: bool = True, prefixes: tuple[str, ...] = ("",)) -> Iterator[Record]:
        """Yield every readable record, in the order of their names; corrupt ones are set aside.

        Args:
            history: Whether the curves over training are wanted; without them ten thousand records take a third
                of the time and a tenth of the memory.
            prefixes: Only cells whose id begins with one of these.

        Raises:
            RunError: If the folder does not exist, or a record has a newer schema.
        """
        if not self.records_folder.is_dir():
            if self.folder.exists() and not self.folder.is_dir():
                raise RunError(f"results path {self.folder} is a file: name a folder of results")
            raise RunError(f"there are no results in {self.folder}: run `genharness run` first, or name the folder")
        with os.scandir(self.records_folder) as entries:  # sorting ten thousand Path objects costs half a second
            found = [entry.name for entry in entries]
        names = sorted(name for name in found if _is_record(name) and name.startswith(prefixes))
        with no_collection():
            folder = str(self.records_folder)
            for name in names:
                record = self._read(folder, name, history=history)
                if record is not None:
                    yield record

    def find(self, name: str) -> Record:
        """Return the record whose cell id is `name` or begins with it.

        Raises:
            ConfigError: If none does, or several do.
        """
        if not self.records_folder.is_dir():
            raise RunError(f"there are no results in {self.folder}: run `genharness run` first, or name the folder")
        ids = sorted(path.stem for path in self.records_folder.iterdir() if _is_record(path.name))
        matches = [name] if name in ids else [cell_id for cell_id in ids if cell_id.startswith(name)]
        if len(matches) > 1:
            raise ConfigError(f"{name!r} could be {', '.join(matches[:4])}: write more of it")
        record = self.load(matches[0]) if matches else None
        if record is None:
            raise ConfigError(f"no cell {name!r} in {self.folder}{did_you_mean(name, ids)}")
        return record

    def _read(self, folder: str, name: str, *, history: bool = True) -> Record | None:
        try:
            with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123  # ten thousand Paths cost .2 s
                content = file.readall()
            return Record.from_plain(orjson.loads(content if history else _without_history(content)), name=name)
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            self.set_aside(Path(folder, name), str(error))
            return None

    def set_aside(self, path: Path, reason: str) -> None:
        """Move an unreadable file out of the way and note it in `warnings`."""
        target = self.folder / "set-aside" / path.name
        where = f"set aside in {target.parent}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
        except OSError as error:
            where = f"could not be set aside ({error.strerror})"
        self.warnings.append(f"{path.name} is unreadable ({reason.splitlines()[0]}): {where}; run again to redo it")


def _is_record(name: str) -> bool:
    """Whether a file is a record, and not one that is being written, which has a dot before its name."""
    return name.endswith(".json") and not name.startswith(".")


def _without_history(content: bytes) -> bytes:
    """Return a record's JSON with an empty history, where it is laid out as `Store.save` lays it out.

    A JSON string holds no line break, so a line that starts so is the record's own key and nothing else.
    """
    start, end = content.find(b'\n  "history": {'), content.rfind(b'\n  "artefacts": {')
    if not 0 < start < end:
        return content
    return content[:start] + b'\n  "history": {},' + content[end:]
