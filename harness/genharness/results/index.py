"""What many records say, kept in one file of the user's own: a table of ten thousand is read in a tenth of the time.

The index lies under `$GENHARNESS_HOME`, never in the results folder, which may be somebody else's to write, or may have
come with an index that says something else. An entry counts only while its record's size, times and inode are those
that it was read with; every other record is read itself. Records that were written just now are not
entered: a file system's clock may be too coarse to show that they change again.

What many records have in common, such as protocol, options and environment, is kept once, and read records share it:
they are for reading. Curves over training are not kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from genharness.files.atomic import write_bytes
from genharness.files.home import home
from genharness.files.paths import printable
from genharness.files.regular import read_regular
from genharness.results.configuration import configuration_of
from genharness.spec.cell import KNOWN_ID, KNOWN_ROW, Cell
from genharness.spec.history import History
from genharness.spec.protocol import Protocol
from genharness.spec.record import SCHEMA_VERSION, Record
from genharness.version import VERSION

__all__ = ["FOLDER", "Entry", "RecordIndex", "is_settled", "state_of"]

FOLDER = "tables"
"""Name of the folder of `$GENHARNESS_HOME`."""

Entry = os.DirEntry[str]

_WORTHWHILE = 200
"""Of fewer records, or of fewer new ones, an index saves nothing."""
_COARSE_SECONDS, _FINE_SECONDS = 3.0, 0.1
"""Of a file system that counts whole seconds, some by twos; of one that counts by the kernel's ticks."""
_MOST_BYTES = 1 << 31
_NUMBERS = ("measurements", "scores", "errors", "facts")
_OWN = ("started_at", "finished_at", "training")
_FIELDS = tuple(item.name for item in dataclasses.fields(Record))
_SHARED = tuple(name for name in _FIELDS if name not in ("cell", "history", *_NUMBERS, *_OWN))
_CELL = tuple(item.name for item in dataclasses.fields(Cell) if item.name != "seed")


def _sources() -> int:
    """Return a sum over the code that says what a record is: an index of other code does not count."""
    folder = Path(Record.from_plain.__code__.co_filename).parent
    return zlib.crc32(b"".join((folder / f"{name}.py").read_bytes() for name in _MODULES))


_MODULES = ("cell", "history", "protocol", "record", "typed")
_FORMAT = [1, SCHEMA_VERSION, VERSION, _sources(), _FIELDS, _CELL]


def state_of(found: os.stat_result) -> list[int]:
    """Return what changes of a file when its content does: size, times in nanoseconds, inode."""
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def is_settled(found: os.stat_result) -> bool:
    """Whether a file's times would show a change from now on: they are older than the file system's clock is coarse."""
    coarse = _COARSE_SECONDS if found.st_mtime_ns % 10**9 == 0 else _FINE_SECONDS
    return max(found.st_mtime, found.st_ctime) < time.time() - coarse


class RecordIndex:
    """The records of one folder, as far as they are known.

    Args:
        folder: The folder of records.
    """

    def __init__(self, folder: Path) -> None:
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
        self._path = home() / FOLDER / f"{name}.json"
        self._folder = folder
        self._rows: dict[str, list[Any]] = {}
        self._common = _Common([])
        self._built: dict[int, Mapping[str, Any]] = {}
        self._new = 0
        self._empty = History()
        self._load()

    @staticmethod
    def is_worthwhile(count: int) -> bool:
        """Whether so many records are worth an index."""
        return count >= _WORTHWHILE

    def find(self, entry: Entry) -> Record | None:
        """Return the record of a file without its curves, None where the file has to be read."""
        row = self._rows.get(entry.name)
        if row is None:
            return None
        try:
            state = entry.stat(follow_symlinks=False)
        except OSError:
            return None
        return self._record(entry.name, row) if row[0] == state_of(state) else None

    def add(self, name: str, state: os.stat_result, record: Record) -> Record:
        """Take up a record that was read, and return it as the index will give it.

        Args:
            name: Of its file.
            state: Of its file before it was read: if it is another by now, the entry will not count.
            record: What was read.
        """
        row = self._common.row(state, record)
        self._rows[name] = row
        self._new += 1
        if not is_settled(state):
            row[0] = []
        return self._record(name, row)

    def save(self, names: Mapping[str, Entry]) -> None:
        """Write the index where enough of it is new; a full disk or another's home costs time, not a table.

        Args:
            names: Every record that there is now; others are left out.
        """
        kept = {name: row for name, row in self._rows.items() if name in names and row[0]}
        if max(len(self._rows) - len(kept), self._new) < max(_WORTHWHILE, len(names) // 20):
            return
        body = orjson.dumps({"format": _FORMAT, "common": self._common.values, "rows": kept})
        try:
            write_bytes(self._path, b"%08x of %s\n" % (zlib.crc32(body), printable(self._folder).encode()) + body)
        except OSError:
            return

    def _load(self) -> None:
        try:
            head, _, body = read_regular(self._path, _MOST_BYTES).partition(b"\n")
            if int(head[:8], 16) != zlib.crc32(body):
                return
            content = orjson.loads(body)
            if content["format"] == orjson.loads(orjson.dumps(_FORMAT)):
                self._rows, self._common = content["rows"], _Common(content["common"])
        except (OSError, ValueError, KeyError, TypeError):  # none, or a damaged one: records are read themselves
            return

    def _record(self, name: str, row: list[Any]) -> Record:
        _, base, seed, shared, numbers, own = row
        cell = object.__new__(Cell)
        cell.__dict__.update(self._cell(base), seed=seed, **{KNOWN_ID: name.removesuffix(".json")})
        record = object.__new__(Record)
        state = record.__dict__
        state.update(self._common.values[shared], cell=cell, history=self._empty)
        for key, (keys, values) in zip(_NUMBERS, numbers, strict=True):
            state[key] = dict(zip(self._common.values[keys], values, strict=True))
        state.update(zip(_OWN, own, strict=True))
        return record

    def _cell(self, place: int) -> Mapping[str, Any]:
        if place not in self._built:
            plain = self._common.values[place]
            cell = object.__new__(Cell)
            cell.__dict__.update(plain, protocol=Protocol.from_plain(plain["protocol"]))
            self._built[place] = {**vars(cell), KNOWN_ROW: configuration_of(cell)}
        return self._built[place]


class _Common:
    """What records have in common, each value once.

    Args:
        values: Those that there are.
    """

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self._places: dict[bytes, int] | None = None

    def row(self, state: os.stat_result, record: Record) -> list[Any]:
        """Return a record's row: state of its file, cell without its seed, seed, what is shared, numbers, its own."""
        cell, values = vars(record.cell), vars(record)
        base = {name: cell[name] for name in _CELL}
        numbers = [(self._place(list(values[key])), list(values[key].values())) for key in _NUMBERS]
        return [
            state_of(state),
            self._place({**base, "protocol": vars(record.cell.protocol)}),
            record.cell.seed,
            self._place({name: values[name] for name in _SHARED}),
            numbers,
            [values[name] for name in _OWN],
        ]

    def _place(self, value: Any) -> int:
        if self._places is None:
            self._places = {orjson.dumps(one): place for place, one in enumerate(self.values)}
        key = orjson.dumps(value)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self.values)
            self.values.append(orjson.loads(key))
        return place
