"""Quality against cost: where every row stands, and which none other beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from genharness.board.rows import BoardColumn, Estimate, Group, Row

__all__ = ["Point", "TradeOff", "pareto_front", "trade_off"]


@dataclass(frozen=True, slots=True)
class Point:
    """A row in the plane of two columns.

    Attributes:
        row: The row.
        x: Its number in the column across, such as a cost.
        y: Its number in the other.
    """

    row: Row
    x: Estimate
    y: Estimate

    @property
    def at(self) -> tuple[float, float]:
        """Both means."""
        return self.x.mean or 0.0, self.y.mean or 0.0


@dataclass(frozen=True, slots=True)
class TradeOff:
    """Rows in the plane of two columns.

    Attributes:
        across: The column across.
        up: The other.
        points: Rows that have both numbers.
        front: Those that no other beats in both, from the best `across` on; empty where a column has no better end.
    """

    across: BoardColumn
    up: BoardColumn
    points: Sequence[Point]
    front: Sequence[Point]


def trade_off(group: Group, across: str, up: str, *, references: bool = False) -> TradeOff | None:
    """Return the rows of a group in the plane of two columns, None where fewer than two have both numbers.

    Args:
        group: Rows of one dataset and protocol.
        across: Column key of the axis across.
        up: Column key of the other.
        references: Whether reference rows are shown too; they are never on the front.
    """
    columns = {column.key: column for column in (*group.columns, *group.compared)}
    if across not in columns or up not in columns:
        return None
    known = [row for row in group.rows if references or not row.reference]
    points = [Point(row, row.estimates[across], row.estimates[up]) for row in known if _has(row, across, up)]
    if sum(not point.row.reference for point in points) < 2:
        return None
    return TradeOff(columns[across], columns[up], points, _front(columns[across], columns[up], points))


def _has(row: Row, *keys: str) -> bool:
    return all(key in row.estimates and row.estimates[key].mean is not None for key in keys)


def _front(across: BoardColumn, up: BoardColumn, points: Sequence[Point]) -> list[Point]:
    ends = across.column.higher_is_better, up.column.higher_is_better
    if None in ends:
        return []
    trained = [point for point in points if not point.row.reference]
    signs = [-1.0 if end else 1.0 for end in ends]
    places = pareto_front([(signs[0] * point.at[0], signs[1] * point.at[1]) for point in trained])
    return [trained[place] for place in places]


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Return the places of the points that no other is at most as large as in both and smaller in one, by their first.

    Example:
        >>> pareto_front([(3.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.5, 1.5)])
        [1, 3, 0]
    """
    found: list[int] = []
    lowest = float("inf")
    for place in sorted(range(len(points)), key=lambda one: points[one]):
        if points[place][1] < lowest:
            lowest = points[place][1]
            found.append(place)
    return found
