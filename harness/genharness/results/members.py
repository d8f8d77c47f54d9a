"""Records column by column: a table of ten thousand needs their numbers, and hardly one of them as an object."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast, overload

from genharness.spec.cell import KNOWN_ID, Cell
from genharness.spec.history import History
from genharness.spec.record import Record

__all__ = ["NUMBERS", "OWN", "Alike", "Members", "Moments", "RecordTable", "members_of", "summed"]

T = TypeVar("T")

Kind = Literal["measurements", "scores", "errors", "facts"]

NUMBERS: tuple[Kind, ...] = ("measurements", "scores", "errors", "facts")
"""Fields of a record that are numbers by key."""
OWN = ("started_at", "finished_at", "training")
"""Other fields that every record has for itself."""

Summed = tuple[tuple[float, ...], float, float | None]
Moments = tuple[Sequence[float | None], Sequence[float | None]]
"""Means and standard deviations of some keys' numbers, in their order; None where not all are finite."""

_NO_CURVES = History()
_NO_MOMENTS: Moments = (), ()
_NO_PLACES: Mapping[str, int] = {}


def summed(numbers: Iterable[float | None]) -> Summed | None:
    """Return those numbers that are finite, their mean, and their standard deviation; None where there are none."""
    from genharness.stats.values import LARGEST, moments  # a table that was shown before needs no statistics

    values = [value for value in numbers if value is not None and abs(value) < LARGEST]
    return (tuple(values), *moments(values)) if values else None


class Members(Sequence[Record]):
    """Some records, and their numbers column by column.

    Args:
        records: The records.
        places: What they are sorted by among all of a table; where they stand in `records` when None.

    Attributes:
        places: Likewise.
    """

    def __init__(self, records: Iterable[Record], places: Sequence[Any] | None = None) -> None:
        self._records = list(records)
        self.places: Sequence[Any] = range(len(self._records)) if places is None else places

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return repr(list(self))

    @overload
    def __getitem__(self, place: int) -> Record: ...

    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...

    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        return self._records[place]

    @property
    def kinds(self) -> Sequence[Record]:
        """Some of them: every other has but other numbers, and another seed, than one of these."""
        return self._records

    @property
    def seeds(self) -> list[int]:
        """Training seeds."""
        return [record.cell.seed for record in self._records]

    @property
    def ids(self) -> list[str]:
        """Ids of the cells."""
        return [record.cell.id for record in self._records]

    def shared(self, value: Callable[[Record], T]) -> list[T]:
        """Return for each of them a value that hangs on none of its numbers, and not on its seed."""
        return [value(record) for record in self._records]

    def keys(self, kind: Kind) -> Collection[str]:
        """Return the keys of which some of them have a number, or say that it is undefined."""
        return {key for record in self._records for key in getattr(record, kind)}

    def column(self, kind: Kind, key: str) -> Sequence[float | None]:
        """Return a number of each of them; None where it is undefined, or there is none."""
        return [getattr(record, kind).get(key) for record in self._records]

    def numbers(self, key: str) -> Sequence[float | None]:
        """Return a score of each of them, or else a measurement."""
        return [
            record.scores[key] if key in record.scores else record.measurements.get(key) for record in self._records
        ]

    def errors(self, key: str) -> Sequence[float]:
        """Return the standard errors of a score that are known."""
        return [error for error in self.column("errors", key) if error is not None]

    def summed(self, key: str) -> Summed | None:
        """Return of a score, or else a measurement, those that are finite, their mean and their standard deviation."""
        return summed(self.numbers(key))

    def apart(self) -> Iterator[Members]:
        """Yield them one by one."""
        return (Members([record], [place]) for record, place in zip(self, self.places, strict=True))


class Alike(Members):
    """Records that have all in common but seeds, numbers and times; a record is made where it is asked for.

    Args:
        cell: Fields of their cells, without the seed.
        shared: Fields of the records that they have in common.
        rests: Of each record other fields.
        own: The rest of the fields: of each name a list with one value a record.
        numbers: Of every kind of numbers the columns by key.
        names: Names of the records' files.
        seeds: Their training seeds.
        moments: Of scores and measurements, as far as they are known.
        moment_places: Where they stand among the moments, by key.
    """

    def __init__(
        self,
        *,
        cell: Mapping[str, Any],
        shared: Mapping[str, Any],
        rests: Sequence[Mapping[str, Any]],
        own: Mapping[str, Sequence[Any]],
        numbers: Mapping[Kind, Mapping[str, Sequence[float | None]]],
        names: Sequence[str],
        seeds: list[int],
        moments: Moments = _NO_MOMENTS,
        moment_places: Mapping[str, int] = _NO_PLACES,
    ) -> None:
        self.places = names
        self._cell, self._shared, self._rests, self._own = cell, shared, rests, own
        self._numbers, self._seeds = numbers, seeds
        self._moments, self._moment_places = moments, moment_places
        self._made: dict[int, Record] = {}

    def __len__(self) -> int:
        return len(self._seeds)

    @overload
    def __getitem__(self, place: int) -> Record: ...

    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...

    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        if isinstance(place, slice):
            return [self[one] for one in range(len(self))[place]]
        found = self._made.get(place)
        if found is None:
            at = range(len(self))[place]
            found = self._made[place] = self._made.get(at) or self._record(at)
        return found

    @property
    def kinds(self) -> Sequence[Record]:
        """One of them."""
        return [self[0]]

    @property
    def seeds(self) -> list[int]:
        """Training seeds."""
        return self._seeds

    @property
    def ids(self) -> list[str]:
        """Ids of the cells."""
        return [name.removesuffix(".json") for name in self.places]

    def shared(self, value: Callable[[Record], T]) -> list[T]:
        """Return for each of them a value that hangs on none of its numbers, and not on its seed."""
        return [value(self[0])] * len(self)

    def keys(self, kind: Kind) -> Collection[str]:
        """Return the keys of which all of them have a number, or say that it is undefined."""
        return self._numbers[kind].keys()

    def column(self, kind: Kind, key: str) -> Sequence[float | None]:
        """Return a number of each of them; None where it is undefined, or there is none."""
        return self._numbers[kind].get(key) or [None] * len(self)

    def numbers(self, key: str) -> Sequence[float | None]:
        """Return a score of each of them, or else a measurement."""
        return self._numbers["scores"].get(key) or self.column("measurements", key)

    def errors(self, key: str) -> Sequence[float]:
        """Return the standard errors of a score that are known."""
        return super().errors(key) if key in self._numbers["errors"] else ()

    def summed(self, key: str) -> Summed | None:
        """Return of a score, or else a measurement, those that are finite, their mean and their standard deviation."""
        place = self._moment_places.get(key)
        mean = None if place is None else self._moments[0][place]
        if place is None or mean is None:
            return super().summed(key)
        return cast("tuple[float, ...]", tuple(self.numbers(key))), mean, self._moments[1][place]

    def _record(self, at: int) -> Record:
        cell = object.__new__(Cell)
        cell.__dict__.update(self._cell, seed=self._seeds[at], **{KNOWN_ID: self.places[at].removesuffix(".json")})
        record = object.__new__(Record)
        state = record.__dict__
        state.update(self._shared, cell=cell, history=_NO_CURVES)
        state.update(self._rests[at])
        state.update({name: values[at] for name, values in self._own.items()})
        for kind, columns in self._numbers.items():
            state[kind] = {key: values[at] for key, values in columns.items()}
        return record


def members_of(records: Sequence[Record]) -> Members:
    """Return records as members."""
    return records if isinstance(records, Members) else Members(records)


class RecordTable(Iterable[Record]):
    """Records in order, where some that are alike stand together.

    Args:
        pieces: All of them, each record in one.

    Attributes:
        pieces: In the order of their first records.
    """

    def __init__(self, pieces: Iterable[Members]) -> None:
        self.pieces = sorted(pieces, key=lambda piece: min(piece.places))

    @classmethod
    def of(cls, records: Iterable[Record]) -> RecordTable:
        """Return the table of some records, in their order."""
        if isinstance(records, RecordTable):
            return records
        return cls(Members([one], [place]) for place, one in enumerate(records))

    def __len__(self) -> int:
        return sum(map(len, self.pieces))

    def __iter__(self) -> Iterator[Record]:
        if len(self.pieces) == len(self):
            return (piece[0] for piece in self.pieces)
        placed = [pair for piece in self.pieces for pair in zip(piece.places, piece, strict=True)]
        return (record for _, record in sorted(placed, key=lambda pair: pair[0]))

    def only(self, wanted: Callable[[Record], bool]) -> RecordTable:
        """Return the table of those that are wanted, whatever their seeds, numbers and times."""
        return RecordTable(piece for piece in self.pieces if wanted(piece[0]))
