"""What studies with looks at growing numbers of seeds decided, as a board reads it.

A plain test of such rows would see other seeds of each, would not know how often was looked, and could contradict what
the study said; so it is not made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from genharness.board.rows import Row

if TYPE_CHECKING:  # few studies have any
    from genharness.results.decisions import KeptDecisions

__all__ = ["decided_pairs", "plan_notes"]


def decided_pairs(rows: Sequence[Row], decisions: Iterable[KeptDecisions]) -> dict[str, dict[tuple[str, str], float]]:
    """Return, by column key, the error over all looks at which pairs of rows are called different, the better first.

    Args:
        rows: Those of a board.
        decisions: All that were kept, the latest plan last: of a pair that is in several it counts.
    """
    several = list(decisions)
    labels = _labels(rows) if several else {}
    found: dict[str, dict[tuple[str, str], float]] = {}
    for kept in several:
        named = _named(kept, labels)
        overall = {frozenset(pair): (pair, p) for pair, p in kept.decisions.overall.items()}
        mine = found.setdefault(kept.metric, {}) if len(named) > 1 else {}
        for a, b in combinations(named, 2):
            (better, worse), p = overall.get(frozenset((a, b)), ((a, b), 1.0))
            pair = named[better], named[worse]
            mine.pop(pair[::-1], None)
            mine[pair] = p
    return found


def plan_notes(rows: Sequence[Row], decisions: Iterable[KeptDecisions], key: str, title: str) -> list[str]:
    """Return a line for each study whose decisions a column's marks are read from."""
    labels = _labels(rows)
    return [
        f"{', '.join(named.values())}: compared in {title} at the looks at {_looks(kept)} seeds of a study until "
        f"decided ({kept.decisions.plan.goal} of {len(kept.cells)} rows), error 5 % over all looks"
        for kept in decisions
        if kept.metric == key and len(named := _named(kept, labels)) > 1
    ]


def _labels(rows: Iterable[Row]) -> dict[str, str]:
    """Return the names of rows by the ids of their cells."""
    return {cell: row.label for row in rows for cell in row.members.ids}


def _looks(kept: KeptDecisions) -> str:
    return ", ".join(map(str, kept.decisions.plan.looks[: kept.decisions.reached]))


def _named(kept: KeptDecisions, labels: dict[str, str]) -> dict[str, str]:
    """Return the board's names of a plan's rows; of rows that the board shows as one, only one."""
    found = {row: next((labels[cell] for cell in cells if cell in labels), None) for row, cells in kept.cells.items()}
    first: dict[str, str] = {}
    for row, label in found.items():
        if label is not None and kept.decisions.reached and label not in first.values():
            first[row] = label
    return first
