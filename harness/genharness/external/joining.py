"""What keeps samples made elsewhere from a ranking: their count, or another name of the same samples."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from genharness.spec.protocol import Protocol
from genharness.spec.record import Record

__all__ = ["told_of_others"]


def told_of_others(record: Record, others: Iterable[Record]) -> list[str]:
    """Return lines on how a set of samples stands to what is in a results folder.

    Args:
        record: Of the set.
        others: All records of the folder; the set's own may be among them.
    """
    beside = [
        one
        for one in others
        if one.finished and one.protocol and one.cell.dataset == record.cell.dataset and one.cell.id != record.cell.id
    ]
    return [*_twins(record, beside), *_counts(record, beside)]


def _twins(record: Record, beside: Iterable[Record]) -> list[str]:
    names = {
        one.cell.model: None for one in beside if one.source == "external" and one.cell.options == record.cell.options
    }
    names.pop(record.cell.model, None)
    return [f"{record.cell.model} holds the same samples as {', '.join(names)}"] if names else []


def _counts(record: Record, beside: Iterable[Record]) -> list[str]:
    """Return which `--count` joins it to rows from which only the count keeps it apart."""
    own = Protocol.from_plain(record.protocol)
    rows: dict[int, int] = {}
    for one in beside:
        other = Protocol.from_plain(one.protocol)
        if other.hash == own.hash:
            return []
        if replace(other, sample_count=own.sample_count).hash == own.hash:
            rows[other.sample_count] = rows.get(other.sample_count, 0) + 1
    reachable = {count: number for count, number in rows.items() if count < own.sample_count}
    if not reachable:
        return [
            f"{record.cell.model} has {own.sample_count:,} samples and the other rows {count:,}: it joins their "
            "ranking with as many"
            for count in sorted(rows)[:1]
        ]
    count = max(reachable, key=lambda one: (reachable[one], one))
    many = "rows" if reachable[count] > 1 else "row"
    return [
        f"{record.cell.model} stands in no ranking, by its count alone: --count {count} joins it to {reachable[count]} "
        f"{many} of {record.cell.dataset}"
    ]
