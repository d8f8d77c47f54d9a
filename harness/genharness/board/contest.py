"""What the rows of a board are compared by: one family of comparisons for the column that ranks, one for all others."""

from __future__ import annotations

import hashlib
import importlib.metadata
import sys
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import orjson

from genharness.board.rows import BoardColumn, Group, Row
from genharness.stats.family import Family, ScoreTable, Standing
from genharness.version import VERSION

__all__ = ["LEAST_SEEDS", "Contest", "contestants", "listed", "score_table"]

Decided = Mapping[str, Mapping[tuple[str, str], float]]
_NONE: Decided = {}

LEAST_SEEDS = 3
"""Seeds that every row that may be the best must have before any of them is singled out."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is read of a family, without its tests.

    Attributes:
        size: How many comparisons are corrected together.
        planned: Whether a plan of looks decides any pair.
        counts: Seeds of every row, by its label, of each table.
        standings: Intervals of their ranks, likewise.
        still: Of the rows that no other row beats, those whose scores do not vary over seeds.
        withheld: Of them, those that score significantly better than another of them, and lost more of their seeds.
    """

    size: int
    planned: bool
    counts: list[dict[str, int]]
    standings: list[dict[str, Standing]]
    still: list[list[str]]
    withheld: list[list[str]]

    @classmethod
    def of(cls, family: Family) -> _Outcome:
        standings = [family.standings(place) for place in range(len(family.tables))]
        best = [{label for label, one in table.items() if one.unbeaten} for table in standings]
        ahead = [[a for a, b in family.withheld(place) if {a, b} <= few] for place, few in enumerate(best)]
        return cls(
            family.size,
            any(table.decided for table in family.tables),
            [{label: len(seeds) for label, seeds in table.groups.items()} for table in family.tables],
            standings,
            [[label for label in family.still(place) if label in few] for place, few in enumerate(best)],
            [[*dict.fromkeys(several)] for several in ahead],
        )

    @classmethod
    def from_plain(cls, plain: Any) -> _Outcome:
        size, planned, tables, still, withheld = plain
        counts = [dict(zip(labels, numbers, strict=True)) for labels, numbers, _, _ in tables]
        ranks = [
            {label: Standing(*ends) for label, *ends in zip(one, low, high, strict=True)}
            for one, _, low, high in tables
        ]
        return cls(size, planned, counts, ranks, still, withheld)

    def as_plain(self) -> list[Any]:
        tables = [
            [[*ranks], [*counts.values()], [one.low for one in ranks.values()], [one.high for one in ranks.values()]]
            for counts, ranks in zip(self.counts, self.standings, strict=True)
        ]
        return [self.size, self.planned, tables, self.still, self.withheld]


class Contest:
    """Rows compared by columns of which the first is the primary one.

    The primary column's comparisons are corrected by themselves; those of all other columns together: of studies of
    equal models at most 5 % hold a false verdict by the one, and at most 5 % by any of the others.

    Args:
        rows: The rows.
        columns: The primary one first; each has a better end.
        decided: What studies that looked at growing numbers of seeds say of pairs, by column key.
        known: Standings that need not be computed; see `genharness.results.kept_standings`. New ones are added to it.

    Attributes:
        columns: Likewise.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        columns: Sequence[BoardColumn],
        decided: Decided = _NONE,
        known: dict[str, Any] | None = None,
    ) -> None:
        self.columns = columns
        self._rows = list(rows)
        self._decided = decided
        self._known = known
        self._outcomes: dict[int, _Outcome] = {}

    @cached_property
    def primary(self) -> Family:
        """The family of the first column."""
        return self._family(self.columns[:1])

    @cached_property
    def others(self) -> Family:
        """The family of the rest; its tables are in their order."""
        return self._family(self.columns[1:])

    def _family(self, columns: Sequence[BoardColumn]) -> Family:
        return Family([score_table(self._rows, column, self._decided) for column in columns])

    def family(self, place: int) -> tuple[Family, int]:
        """Return the family of a column by its place among the columns, and its place in the family."""
        return (self.primary, 0) if place == 0 else (self.others, place - 1)

    def table(self, place: int) -> ScoreTable:
        """Return the scores of a column."""
        family, at = self.family(place)
        return family.tables[at]

    @property
    def comparisons(self) -> int:
        """How many comparisons by the first column are corrected together."""
        return self._outcome(0)[0].size

    @property
    def planned(self) -> bool:
        """Whether a plan of looks decides any pair by the first column."""
        return self._outcome(0)[0].planned

    def standings(self, place: int) -> dict[str, Standing]:
        """Return the interval of every row's rank by a column."""
        outcome, at = self._outcome(place)
        return outcome.standings[at]

    def _outcome(self, place: int) -> tuple[_Outcome, int]:
        """Return what came of the family of a column, and the column's place in it."""
        part, columns = (0, self.columns[:1]) if place == 0 else (1, self.columns[1:])
        if part not in self._outcomes:
            self._outcomes[part] = self._known_outcome(columns) or self._made_outcome(part, columns)
        return self._outcomes[part], max(0, place - 1)

    def _known_outcome(self, columns: Sequence[BoardColumn]) -> _Outcome | None:
        plain = self._known.get(self._key(columns)) if self._known else None
        return None if plain is None else _Outcome.from_plain(plain)

    def _made_outcome(self, part: int, columns: Sequence[BoardColumn]) -> _Outcome:
        outcome = _Outcome.of(self.others if part else self.primary)
        if self._known is not None:
            self._known[self._key(columns)] = outcome.as_plain()
        return outcome

    def _key(self, columns: Sequence[BoardColumn]) -> str:
        """Return a digest of all that the standings by some columns hang on."""
        read: list[list[Any]] = [
            [[row.label, row.members.seeds, row.design, row.failed] for row in self._rows],
            [_read(self._rows, one) for one in columns],
        ]
        asked = [
            [one.column.higher_is_better, one.column.ratio, [*self._decided.get(one.key, {}).items()]]
            for one in columns
        ]
        return hashlib.sha256(orjson.dumps([_code(), read, asked])).hexdigest()

    def singled_out(self, place: int) -> list[str]:
        """Return the rows that no other row beats, where they are few: the best is among them. Else return none.

        They are told from the rest together or not at all (Hsu's comparisons with the best): at most half of the rows,
        with at least three seeds each.
        """
        standings = self.standings(place)
        best = self._unbeaten(standings)
        few = self._few(place, best)
        return [] if few or len(best) > max(1, len(standings) // 2) or len(best) == len(standings) else best

    def why_nobody(self, place: int, named: Callable[[Sequence[str]], str] | None = None) -> str:
        """Return why no row is singled out by a column; empty where some are, or fewer than two have a value.

        Args:
            place: Of the column.
            named: Makes one line of labels; `listed` when None.
        """
        standings = self.standings(place)
        if len(standings) < 2 or self.singled_out(place):
            return ""
        best, told = self._unbeaten(standings), named or listed
        if few := self._few(place, best):
            return f"{told(few)} {'has' if len(few) == 1 else 'have'} fewer than {LEAST_SEEDS} seeds"
        outcome, at = self._outcome(place)
        if len(still := outcome.still[at]) > 1:
            return f"no score of {told(still)} varies over seeds, so nothing tells them apart"
        if ahead := outcome.withheld[at]:
            alone = len(ahead) == 1
            return f"{told(ahead)} score{'s'[:alone]} better, but lost more of {'its' if alone else 'their'} seeds"
        return f"too close to call, {len(best)} of {len(standings)} rows may be the best"

    @staticmethod
    def _unbeaten(standings: Mapping[str, Standing]) -> list[str]:
        return [label for label, one in standings.items() if one.unbeaten]

    def _few(self, place: int, labels: Iterable[str]) -> list[str]:
        outcome, at = self._outcome(place)
        return [label for label in labels if outcome.counts[at][label] < LEAST_SEEDS]


@cache
def _code() -> list[object]:
    """Return what standings hang on beside the scores; importing numpy for its version costs a tenth of a second."""
    names = (__name__, *(f"genharness.{name}" for name in _CODE))
    sources = b"".join(Path(str(sys.modules[name].__file__)).read_bytes() for name in names)
    return [VERSION, importlib.metadata.version("numpy"), zlib.crc32(sources)]


_CODE = ("board.rows", "stats.family", "stats.sample", "stats.student", "stats.ttests", "stats.values")


def contestants(group: Group) -> list[Row]:
    """Return the rows of a group that compete: models, not the reference rows, nor seeds shown one by one."""
    return [row for row in group.rows if not row.reference and not row.single]


def score_table(rows: Iterable[Row], column: BoardColumn, decided: Decided = _NONE) -> ScoreTable:
    """Return the scores of those rows that have any, as tests read them."""
    having = [(row, seeds) for row in rows if (seeds := row.by_seed(column.key))]
    groups = {row.label: seeds for row, seeds in having}
    return ScoreTable(
        groups=groups,
        higher_is_better=bool(column.column.higher_is_better),
        log=column.by_ratio(groups),
        resolution=max((_resolution(row, column) for row, _ in having), default=0.0),
        designs={row.label: row.design for row, _ in having if row.design is not None},
        lost={row.label: row.lost(column.key) for row, _ in having},
        decided={pair: p for pair, p in decided.get(column.key, {}).items() if groups.keys() >= {*pair}},
    )


def _read(rows: Sequence[Row], column: BoardColumn) -> list[Any]:
    """Return what the places of rows by a column hang on: their numbers, and the steps between two of them."""
    key, step = column.key, column.column.resolution
    numbers = [row.members.numbers(key) for row in rows]
    if not isinstance(step, str):
        return [numbers, step]
    return [numbers, [row.members.column("facts", step) for row in rows], [_planned(row) for row in rows]]


def _planned(row: Row) -> list[int]:
    return row.members.shared(lambda record: record.cell.protocol.sample_count)


def _resolution(row: Row, column: BoardColumn) -> float:
    """Return the smallest step between two values of a score."""
    step = column.column.resolution
    if not isinstance(step, str):
        return step
    return 1 / min(count or most for count, most in zip(row.members.column("facts", step), _planned(row), strict=True))


def listed(labels: Sequence[str], most: int = 4) -> str:
    """Return labels as one line, and how many more there are."""
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more
