"""Rankings of one dataset by different extractors, held against each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from genharness.board.contest import contestants, listed
from genharness.board.rows import Group, Row
from genharness.results.configuration import configuration

if TYPE_CHECKING:
    from genharness.stats.agreement import RankAgreement

__all__ = ["note_agreement"]

_LEAST_ROWS = 3
_WEAK = 0.6
"""Kendall's tau below which two rankings are said to disagree."""


def note_agreement(groups: Sequence[Group]) -> None:
    """Note in every two groups that differ by their extractor alone whether what ranks both ranks rows alike."""
    for first, second in combinations(groups, 2):
        if _differ_by_extractor(first, second) and first.compared[0].key == second.compared[0].key:
            from genharness.stats.agreement import agreement  # most boards have no two such groups

            found = agreement(*(_scores(group) for group in (first, second)))
            if found.models >= _LEAST_ROWS:
                for group, other in ((first, second), (second, first)):
                    group.notes.append(_note(group, other, found))


def _differ_by_extractor(first: Group, second: Group) -> bool:
    if first.dataset != second.dataset or not first.protocol or not second.protocol:
        return False
    if not first.compared or not second.compared:
        return False
    a, b = (
        replace(protocol, extractor="", extractor_options={}, extractor_identity="", resize="", inputs={})
        for protocol in (first.protocol, second.protocol)
    )
    return a == b and first.protocol.extractor != second.protocol.extractor


def _scores(group: Group) -> dict[str, tuple[float, float]]:
    """Return the scores of the rows that compete, smaller is better, with the errors of their means."""
    column = group.compared[0]
    sign = -1 if column.column.higher_is_better else 1
    return {
        configuration(row.records[0]).decode(): (sign * mean, _error(row, column.key))
        for row in contestants(group)
        if (mean := row.estimates[column.key].mean) is not None
    }


def _error(row: Row, key: str) -> float:
    """Return the standard error of a mean over seeds, or of the one seed's score."""
    one = row.estimates[key]
    return one.deviation / math.sqrt(one.count) if one.deviation else one.error or 0.0


def _note(group: Group, other: Group, found: RankAgreement) -> str:
    assert other.protocol is not None
    labels = {configuration(row.records[0]).decode(): row.label for row in group.rows}
    where = f"over {other.protocol.extractor} (protocol {other.protocol.hash})"
    if found.tau is None:
        return f"the ranking {where} tells none of these {found.models} rows apart that this one does, or the reverse"
    how = f"Kendall's tau {found.tau:.2f} over {found.models} rows"
    pairs = listed([" and ".join(labels[name] for name in pair) for pair in found.reversed])
    if not pairs and found.tau >= _WEAK:
        return f"the ranking {where} agrees: {how}"
    return f"the ranking {where} disagrees: {how}{f'; the other way round: {pairs}' if pairs else ''}"
