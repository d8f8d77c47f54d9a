"""What the rows of a board are compared by: one family of comparisons for the column that ranks, one for all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from genharness.board.rows import BoardColumn, Group, Row
from genharness.stats import Family, ScoreTable, Standing

__all__ = ["LEAST_SEEDS", "Contest", "contestants", "listed", "score_table"]

Decided = Mapping[str, Mapping[tuple[str, str], float]]
_NONE: Decided = {}

LEAST_SEEDS = 3
"""Seeds that every row that may be the best must have before any of them is singled out."""


@dataclass(frozen=True)
class Contest:
    """Rows compared by columns of which the first is the primary one.

    The primary column's comparisons are corrected by themselves; those of all other columns together: of studies of
    equal models at most 5 % hold a false verdict by the one, and at most 5 % by any of the others.

    Attributes:
        columns: The primary one first; each has a better end.
        primary: The family of the first column.
        others: The family of the rest; its tables are in their order.
    """

    columns: Sequence[BoardColumn]
    primary: Family
    others: Family

    @classmethod
    def of(cls, rows: Iterable[Row], columns: Sequence[BoardColumn], decided: Decided = _NONE) -> Contest:
        """Return the contest of some rows, each with the values that it has.

        Args:
            rows: The rows.
            columns: The primary one first.
            decided: What studies that looked at growing numbers of seeds say of pairs, by column key.
        """
        tables = [score_table(rows, column, decided) for column in columns]
        return cls(columns, Family(tables[:1]), Family(tables[1:]))

    def family(self, place: int) -> tuple[Family, int]:
        """Return the family of a column by its place among the columns, and its place in the family."""
        return (self.primary, 0) if place == 0 else (self.others, place - 1)

    def table(self, place: int) -> ScoreTable:
        """Return the scores of a column."""
        family, at = self.family(place)
        return family.tables[at]

    def standings(self, place: int) -> dict[str, Standing]:
        """Return the interval of every row's rank by a column."""
        family, at = self.family(place)
        return family.standings(at)

    def singled_out(self, place: int) -> list[str]:
        """Return the rows that no other row beats, where they are few: the best is among them. Else return none.

        They are told from the rest together or not at all (Hsu's comparisons with the best): at most half of the rows,
        with at least three seeds each.
        """
        standings = self.standings(place)
        best = self._unbeaten(standings)
        few = self._few(place, best)
        return [] if few or len(best) > max(1, len(standings) // 2) or len(best) == len(standings) else best

    def why_nobody(self, place: int) -> str:
        """Return why no row is singled out by a column; empty where some are, or fewer than two have a value."""
        standings = self.standings(place)
        if len(standings) < 2 or self.singled_out(place):
            return ""
        best = self._unbeaten(standings)
        if few := self._few(place, best):
            return f"{listed(few)} {'has' if len(few) == 1 else 'have'} fewer than {LEAST_SEEDS} seeds"
        return f"too close to call, {len(best)} of {len(standings)} rows may be the best"

    @staticmethod
    def _unbeaten(standings: Mapping[str, Standing]) -> list[str]:
        return [label for label, one in standings.items() if one.unbeaten]

    def _few(self, place: int, labels: Iterable[str]) -> list[str]:
        groups = self.table(place).groups
        return [label for label in labels if len(groups[label]) < LEAST_SEEDS]


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
        lost={row.label: row.lost for row, _ in having},
        decided={pair: p for pair, p in decided.get(column.key, {}).items() if groups.keys() >= {*pair}},
    )


def _resolution(row: Row, column: BoardColumn) -> float:
    """Return the smallest step between two values of a score."""
    step = column.column.resolution
    if not isinstance(step, str):
        return step
    planned = row.members.shared(lambda record: record.cell.protocol.sample_count)
    return 1 / min(count or most for count, most in zip(row.members.column("facts", step), planned, strict=True))


def listed(labels: Sequence[str], most: int = 4) -> str:
    """Return labels as one line, and how many more there are."""
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more
