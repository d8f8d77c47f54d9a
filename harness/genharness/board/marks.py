"""What a leaderboard says beside its numbers: rows as good as the best, collapsed ones, and ones to read with care."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from genharness.board.rows import COLLAPSED, TIED, BoardColumn, Group, Row
from genharness.results.stability import collapse
from genharness.spec.plugins import MetricSpec
from genharness.stats import tied_with_best

__all__ = ["LEAST_SEEDS", "mark"]

LEAST_SEEDS = 3
"""Seeds on both sides below which no row is called equal to the best: anything would be."""

_MOST_FOR_HOLM = 30
"""Rows of which every pair is tested; the pairs of more would take seconds."""


def mark(group: Group, rank: BoardColumn | None, metrics: Collection[MetricSpec]) -> None:
    """Set `tied` and `collapse` of the rows of a group, and write its `notes`.

    Args:
        group: Rows of one dataset and protocol, ranked.
        rank: The column they are ranked by.
        metrics: Say which of their numbers stand for a caveat, and which tell collapse.
    """
    trained = [row for row in group.rows if not row.reference]
    if rank is not None and rank.column.higher_is_better is not None and len(trained) > 1:
        _mark_ties(group, rank, [row for row in trained if row.estimates[rank.key].count])
    placed = [one for spec in sorted(metrics, key=lambda spec: spec.place) for one in spec.columns]
    below = {one.key: one.collapse_below for one in placed if one.collapse_below is not None}
    _mark_collapse(group, trained, below)
    _note_caveats(group, metrics)
    _note_failed(group)


def _mark_ties(group: Group, rank: BoardColumn, rows: list[Row]) -> None:
    best = group.best.get(rank.key)
    if best is None or len(rows) < 2 or any(row.single for row in rows):
        return
    scores = {row.label: row.by_seed(rank.key) for row in rows}
    ready = {label: seeds for label, seeds in scores.items() if len(seeds) >= LEAST_SEEDS}
    few = [label for label in scores if label not in ready]
    if best.label in ready and len(ready) > 1:
        tied = _tied(best.label, ready, rank)
        for row in rows:
            row.tied = row.label in tied if row.label in ready and row is not best else None
        if tied != {best.label}:
            group.notes.append(f"{TIED} cannot be told from the best in {rank.title} over training seeds (5 %, Holm)")
        if few:
            group.notes.append(f"not tested against the best: {_listed(few)} ({LEAST_SEEDS} seeds needed)")
    else:
        group.notes.append(
            f"no row is marked as equal to the best: that takes {LEAST_SEEDS} seeds on both sides, "
            f"and {_listed(few)} {'has' if len(few) == 1 else 'have'} fewer"
        )


def _tied(best: str, scores: Mapping[str, Mapping[int, float]], rank: BoardColumn) -> frozenset[str]:
    """Return the rows that cannot be told from the best, corrected over all pairs."""
    log, higher = rank.by_ratio(scores), bool(rank.column.higher_is_better)
    if len(scores) <= _MOST_FOR_HOLM:
        return tied_with_best(scores, higher_is_better=higher, log=log)
    pairs = len(scores) * (len(scores) - 1) // 2
    return frozenset(name for name in scores if name == best or not _apart(scores[best], scores[name], log, pairs))


def _apart(best: Mapping[int, float], other: Mapping[int, float], log: bool, pairs: int) -> bool:
    """Whether two rows differ at 5 % after Bonferroni over so many pairs: stricter than Holm, and one test a row."""
    from genharness.stats.ttests import ALPHA, deciding_test

    a, b = ([math.log(row[seed]) if log else row[seed] for seed in sorted(row)] for row in (best, other))
    return deciding_test(a, b, paired=best.keys() == other.keys()).p * pairs < ALPHA


def _mark_collapse(group: Group, trained: list[Row], below: Mapping[str, float]) -> None:
    real = next((row for row in group.rows if row.real), None)
    if real is None:
        return
    ceiling = {key: real.by_seed(key) for key in below}
    means = {key: math.fsum(seeds.values()) / len(seeds) for key, seeds in ceiling.items() if seeds}
    for row in trained:
        found = [signs for record in row.records if (signs := collapse(record.scores, means, below))]
        if found:
            seeds = f" ({len(found)} of {len(row.records)} seeds)" if len(row.records) > 1 else ""
            row.collapse = f"{', '.join(str(sign) for sign in found[0])}{seeds}"
            group.notes.append(f"{COLLAPSED} {row.label} collapsed: {row.collapse}")


def _note_caveats(group: Group, metrics: Iterable[MetricSpec]) -> None:
    shown = {column.key: column.title for column in group.columns}
    for spec in metrics:
        head = spec.columns[0].key
        for column in spec.columns:
            rows = [row.label for row in group.rows if column.caveat and row.by_seed(column.key)]
            if rows and head in shown:
                of = "" if len(rows) == len(group.rows) else f" (of {_listed(rows)})"
                group.notes.append(f"{shown[head]}{of} {column.caveat}")


def _note_failed(group: Group) -> None:
    """Say which metrics broke, of which rows and why: a blank cell alone would not tell that it is to be filled."""
    broken: dict[tuple[str, str], list[str]] = {}
    for row in group.rows:
        for metric, reason in {fault for record in row.records for fault in record.failed.items()}:
            broken.setdefault((metric, reason), []).append(row.label)
    for (metric, reason), labels in sorted(broken.items()):
        group.notes.append(f"metric {metric} failed for {_listed(labels)} and is tried again by the next run: {reason}")


def _listed(labels: list[str], most: int = 4) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more
