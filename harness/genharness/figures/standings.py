"""Who is told from whom by the column that ranks: the one table of corrected comparisons, read for every figure.

Verdict, intervals of ranks, group rules and the matrix of pairs come from it, so none can contradict another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from genharness.board.contest import Contest, contestants
from genharness.board.marks import MOST_ROWS
from genharness.board.rows import BoardColumn, Group, Row
from genharness.stats import Comparison, Standing, compare_many

__all__ = ["Standings"]


@dataclass(frozen=True, eq=False)
class Standings:
    """The rows of a group that compete, best first, and what tells them apart.

    Attributes:
        group: Of one dataset and protocol.
    """

    group: Group

    @property
    def column(self) -> BoardColumn | None:
        """What ranks, or None where nothing does."""
        return self.group.compared[0] if self.group.compared else None

    @cached_property
    def rows(self) -> list[Row]:
        """Competing rows with a value in that column, best first."""
        column = self.column
        if column is None:
            return []
        return [row for row in contestants(self.group) if row.estimates[column.key].mean is not None]

    @cached_property
    def ranks(self) -> dict[str, Standing]:
        """Interval of every row's rank by its label; empty where nothing was tested."""
        return {row.label: row.ranks for row in self.rows if row.ranks is not None}

    @property
    def pairs(self) -> int:
        """Pairs of rows."""
        return len(self.rows) * (len(self.rows) - 1) // 2

    @property
    def told_apart(self) -> int:
        """Pairs of which one row is significantly better."""
        return sum(one.low - 1 for one in self.ranks.values())

    @property
    def first(self) -> list[Row]:
        """Rows that no other beats; empty where nothing was tested."""
        return [row for row in self.rows if row.label in self.ranks and self.ranks[row.label].unbeaten]

    @property
    def seeds(self) -> tuple[int, int]:
        """Fewest and most seeds of a row."""
        counts = [len(row.seeds) for row in self.rows] or [0]
        return min(counts), max(counts)

    def separated_after(self, place: int) -> bool:
        """Whether all rows up to a place (0 is the first) are told from all that follow."""
        above = [self.ranks.get(row.label) for row in self.rows[: place + 1]]
        below = [self.ranks.get(row.label) for row in self.rows[place + 1 :]]
        ends = [one.high for one in above if one], [one.low for one in below if one]
        return bool(below) and None not in (*above, *below) and max(ends[0]) < min(ends[1])

    def comparisons(self, most: int) -> dict[tuple[str, str], Comparison]:
        """Return what is known of every two of the first rows, by their labels.

        Args:
            most: Rows at most, from the best.
        """
        if self.column is None or not 1 < len(self.rows) <= MOST_ROWS:
            return {}
        contest = Contest(contestants(self.group), [self.column])
        known = contest.table(0).groups
        labels = [row.label for row in self.rows[:most] if row.label in known]
        pairs = list(combinations(labels, 2))
        found: Sequence[Comparison] = compare_many(contest.table(0), pairs, family=contest.primary) if pairs else []
        return dict(zip(pairs, found, strict=True))
