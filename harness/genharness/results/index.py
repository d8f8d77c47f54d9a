"""What many records say, kept in one file of the user's own: a table of ten thousand is read in a tenth of the time.

The index lies under `$GENHARNESS_HOME`, never in the results folder, which may be somebody else's to write, or may have
come with an index that says something else. An entry counts only while its record's size, times and inode are those
that it was read with; every other record is read itself. Records that were written just now are not
entered: a file system's clock may be too coarse to show that they change again.

Records that have all in common but seeds, numbers and times stand together, their numbers column by column, so that a
table of rows is made without an object for each; means and deviations of whole columns are beside them. What else many
records have in common, such as their protocol, is kept once, and read records share it: they are for reading. Curves
over training are not kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
import operator
import os
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

import orjson

from genharness.files.home import home
from genharness.results.configuration import configuration_of
from genharness.results.kept_file import FOLDER, read_kept, write_kept
from genharness.results.members import NUMBERS, OWN, Alike, Moments, summed
from genharness.spec.cell import KNOWN_ROW, Cell
from genharness.spec.protocol import Protocol
from genharness.spec.record import SCHEMA_VERSION, Record
from genharness.version import VERSION

__all__ = ["RecordIndex", "are_settled", "digest_of", "state_of"]

State = list[int]
_WORTHWHILE = 200
"""Of fewer records, or of fewer new ones, an index saves nothing."""
_COARSE_SECONDS, _FINE_SECONDS = 3.0, 0.1
"""Of a file system that counts whole seconds, some by twos; of one that counts by the kernel's ticks."""
_REST = ("classes", "confusion", "artefacts", "notes")
"""Fields in which the seeds of a row may well differ, and that no table reads."""
_FIELDS = tuple(item.name for item in dataclasses.fields(Record))
_SHARED = tuple(name for name in _FIELDS if name not in ("cell", "history", *NUMBERS, *OWN, *_REST))
_CELL = tuple(item.name for item in dataclasses.fields(Cell) if item.name != "seed")


def _sources() -> int:
    """Return a sum over the code that says what a record is: an index of other code does not count."""
    folder = Path(Record.from_plain.__code__.co_filename).parent
    modules = [*(folder / f"{name}.py" for name in _MODULES), folder.parent / "stats" / "values.py"]
    return zlib.crc32(b"".join(path.read_bytes() for path in modules))


_MODULES = ("cell", "history", "protocol", "record", "typed")
_FORMAT = [3, SCHEMA_VERSION, VERSION, _sources(), _FIELDS, _CELL]


def state_of(found: os.stat_result) -> State:
    """Return what changes of a file when its content does: size, times in nanoseconds, inode."""
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def are_settled(states: Iterable[State]) -> bool:
    """Whether the times of files would show a change from now on: they are older than their clock is coarse."""
    now = time.time()
    coarse, fine = (int((now - seconds) * 1e9) for seconds in (_COARSE_SECONDS, _FINE_SECONDS))
    young = [(written, moved) for _, written, moved, _ in states if written >= coarse or moved >= coarse]
    return all(written % 10**9 and max(written, moved) < fine for written, moved in young)


def digest_of(states: Mapping[str, State | None]) -> str:
    """Return a digest that is equal for equal states of equally many files under the same names."""
    names = sorted(states)
    told = orjson.dumps([states[name] for name in names])
    return hashlib.sha256(told + os.fsencode("\0".join(names))).hexdigest()


_NAMES, _STATES, _SEEDS, _RESTS, _OWNS = range(5)
_FIRST_NUMBER = _OWNS + len(OWN)
"""Places of a kind's columns."""


class RecordIndex:
    """The records of one folder, as far as they are known.

    Args:
        folder: The folder of records.
    """

    def __init__(self, folder: Path) -> None:
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
        self._path = home() / FOLDER / f"{name}.json"
        self._folder = folder
        self._kinds: dict[tuple[int, ...], list[list[Any]]] = {}
        self._moments: dict[tuple[int, ...], Moments] = {}
        self._moment_places: dict[tuple[int, ...], dict[str, int]] = {}
        self._whole, self._states = "", memoryview(b"")
        self._common = _Common([])
        self._cells: dict[int, Mapping[str, Any]] = {}
        self._gone = self._new = 0
        self._load()

    @staticmethod
    def is_worthwhile(count: int) -> bool:
        """Whether so many records are worth an index."""
        return count >= _WORTHWHILE

    def drop_changed(self, states: Mapping[str, State | None], digest: str) -> set[str]:
        """Forget the records that are gone, or are others by now, and return the names of all that are left.

        Args:
            states: Of every file that there is.
            digest: What `digest_of` says of them: where nothing changed, they are not held against each other one by
                one.
        """
        if self._whole and self._whole == digest:
            return set(states)
        self._read_states()
        left: set[str] = set()
        for key, columns in list(self._kinds.items()):
            names = columns[_NAMES]
            now = [states.get(name) for name in names]
            if now != columns[_STATES]:
                same = [one == other for one, other in zip(now, columns[_STATES], strict=True)]
                self._kinds[key] = [list(compress(column, same)) for column in columns]
                self._moments.pop(key, None)
                self._gone += same.count(False)
                names = self._kinds[key][_NAMES]
            left.update(names)
        return left

    def add(self, name: str, state: State, record: Record) -> None:
        """Take up a record that was read.

        Args:
            name: Of its file.
            state: Of its file before it was read: if it is another by now, the entry will not count.
            record: What was read.
        """
        # Without a state it is read again: JSON holds no name that is no text.
        known = are_settled([state]) and _is_text(name)
        key, row = self._common.row(name, state if known else [], record)
        columns = self._kinds.setdefault(key, [[] for _ in row])
        self._moments.pop(key, None)
        for column, value in zip(columns, row, strict=True):
            column.append(value)
        self._new += 1

    def save(self) -> None:
        """Write the index where enough of it is new; a full disk or another's home costs time, not a table."""
        count = sum(len(columns[_NAMES]) for columns in self._kinds.values())
        if max(self._gone, self._new) < max(_WORTHWHILE, count // 20):
            return
        kept, states = [], []
        whole: dict[str, State | None] = {}
        for key, columns in self._kinds.items():
            settled = _where(columns, columns[_STATES])
            if settled[_NAMES]:
                states.append(settled[_STATES])
                whole |= zip(settled[_NAMES], settled[_STATES], strict=True)
                settled[_STATES] = []  # they stand behind all else, since few looks read them
                kept.append([key, settled, self._moments_of(key, settled)])
        head = {"format": _FORMAT, "whole": digest_of(whole), "common": self._common.values, "kinds": kept}
        write_kept(self._path, orjson.dumps(head) + b"\n" + orjson.dumps(states), str(self._folder))

    def pieces(self, prefixes: tuple[str, ...]) -> Iterator[Alike]:
        """Yield the records whose names begin with one of some prefixes, those together that are alike."""
        for (base, shared, *keys), columns in self._kinds.items():
            wanted = (
                columns if prefixes == ("",) else _where(columns, [n.startswith(prefixes) for n in columns[_NAMES]])
            )
            if wanted[_NAMES]:
                moments = self._moments.get((base, shared, *keys)) if wanted is columns else None
                yield self._alike(base, shared, keys, _by_seed(wanted), moments)

    def _load(self) -> None:
        try:
            kept = read_kept(self._path)
            end = kept.index(b"\n")
            content = orjson.loads(memoryview(kept)[:end])  # it may have a hundred MiB, which are not copied
            if content["format"] == orjson.loads(orjson.dumps(_FORMAT)):
                self._kinds = {tuple(key): columns for key, columns, _ in content["kinds"]}
                self._moments = {tuple(key): moments for key, _, moments in content["kinds"]}
                self._common = _Common(content["common"])
                self._whole, self._states = content["whole"], memoryview(kept)[end + 1 :]
        except (OSError, ValueError, KeyError, TypeError):  # none, or a damaged one: records are read themselves
            return

    def _read_states(self) -> None:
        if self._states:
            for columns, states in zip(self._kinds.values(), orjson.loads(self._states), strict=True):
                columns[_STATES] = states

    def _numbered(self, key: Sequence[int]) -> list[str]:
        """Return the names of the numbers that stand in tables, in the order of their columns."""
        return [name for place in key[2:4] for name in self._common.values[place]]

    def _moments_of(self, key: tuple[int, ...], columns: Sequence[list[Any]]) -> Moments:
        means: list[float | None] = []
        deviations: list[float | None] = []
        for column in columns[_FIRST_NUMBER : _FIRST_NUMBER + len(self._numbered(key))]:
            found = summed(column)
            every = found if found and len(found[0]) == len(column) else None
            means.append(every and every[1])
            deviations.append(every and every[2])
        return means, deviations

    def _alike(
        self,
        base: int,
        shared: int,
        keys: Sequence[int],
        columns: Sequence[list[Any]],
        moments: Moments | None,
    ) -> Alike:
        common, numbers, start = self._common.values, {}, _FIRST_NUMBER
        for kind, own in zip(NUMBERS, keys, strict=True):
            end = start + len(common[own])
            numbers[kind] = dict(zip(common[own], columns[start:end], strict=True))
            start = end
        return Alike(
            cell=self._cell(base),
            shared=common[shared],
            rests=[common[place] for place in columns[_RESTS]],
            own=dict(zip(OWN, columns[_OWNS:_FIRST_NUMBER], strict=True)),
            numbers=numbers,
            names=columns[_NAMES],
            seeds=columns[_SEEDS],
            **self._known(keys, moments),
        )

    def _known(self, keys: Sequence[int], moments: Moments | None) -> dict[str, Any]:
        """Return what an `Alike` is told of moments; hundreds of kinds have the same keys."""
        if moments is None:
            return {}
        kinds = tuple(keys[:2])
        if kinds not in self._moment_places:
            self._moment_places[kinds] = {name: place for place, name in enumerate(self._numbered((0, 0, *kinds)))}
        return {"moments": moments, "moment_places": self._moment_places[kinds]}

    def _cell(self, place: int) -> Mapping[str, Any]:
        if place not in self._cells:
            plain = self._common.values[place]
            cell = object.__new__(Cell)
            cell.__dict__.update(plain, protocol=Protocol.from_plain(plain["protocol"]))
            self._cells[place] = {**vars(cell), KNOWN_ROW: configuration_of(cell)}
        return self._cells[place]


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _where(columns: Sequence[list[Any]], wanted: Sequence[object]) -> list[list[Any]]:
    """Return of every column the values of those records for which something is true."""
    return [list(compress(column, wanted)) for column in columns]


def _by_seed(columns: Sequence[list[Any]]) -> Sequence[list[Any]]:
    """Return the columns in the order of the seeds, of one seed in that of the names."""
    seeds = columns[_SEEDS]
    if all(map(operator.lt, seeds, seeds[1:])):
        return columns
    order = sorted(range(len(seeds)), key=lambda place: (seeds[place], columns[_NAMES][place]))
    return [[column[place] for place in order] if column else [] for column in columns]  # states may not be read


class _Common:
    """What records have in common, each value once.

    Args:
        values: Those that there are.
    """

    def __init__(self, values: list[Any]) -> None:
        self.values = values
        self._places: dict[bytes, int] | None = None

    def row(self, name: str, state: State, record: Record) -> tuple[tuple[int, ...], list[Any]]:
        """Return which kind a record is of, and its values, one of each column."""
        cell, values = vars(record.cell), vars(record)
        base = {name: cell[name] for name in _CELL}
        numbers = [values[kind] for kind in NUMBERS]
        key = (
            self._place({**base, "protocol": vars(record.cell.protocol)}),
            self._place({name: values[name] for name in _SHARED}),
            *(self._place(list(one)) for one in numbers),
        )
        rest = self._place({name: values[name] for name in _REST})
        own = [values[name] for name in OWN]
        return key, [name, state, record.cell.seed, rest, *own, *(one for each in numbers for one in each.values())]

    def _place(self, value: Any) -> int:
        if self._places is None:
            self._places = {orjson.dumps(one): place for place, one in enumerate(self.values)}
        key = orjson.dumps(value)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self.values)
            self.values.append(orjson.loads(key))
        return place
