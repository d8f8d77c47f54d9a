"""What a leaderboard says beside its numbers: ranks, the best rows, collapsed ones, and ones to read with care."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from genharness.board.contest import Contest, contestants, listed
from genharness.board.estimates import sampling_share
from genharness.board.rows import COLLAPSED, OTHER_CODE, UNSCORED, Group, Row
from genharness.results.provenance import UNKNOWN_CODE, Provenance
from genharness.results.stability import collapse
from genharness.spec.columns import Column
from genharness.spec.plugins import MetricSpec

__all__ = ["MOST_ROWS", "mark"]

MOST_ROWS = 1000
"""Rows of which every pair is tested; the pairs of more would take seconds, and tell nothing apart."""

_MUCH = 0.25
"""Share of the variance over seeds from which it is worth a line that drawing samples makes it."""


def mark(
    group: Group,
    competing: Sequence[Row],
    metrics: Collection[MetricSpec],
    provenance: Provenance,
    standings: dict[str, Any] | None = None,
) -> None:
    """Set `ranks`, `bold`, `collapse`, `other_code` and `unscored` of the rows of a group, and write its `notes`.

    Args:
        group: Rows of one dataset and protocol, ranked; notes tell of them and of no others.
        competing: All rows that are ranked together, of which the group may show some alone.
        metrics: Say which of their numbers stand for a caveat, and which tell collapse.
        provenance: Says which records were made by other code than is installed.
        standings: Those that need not be computed; see `genharness.results.kept_standings`.
    """
    if group.compared and len(competing) > 1:
        _mark_standings(group, competing, standings)
    rows = contestants(group)
    trained = [row for row in group.rows if not row.reference]
    placed = [one for spec in sorted(metrics, key=lambda spec: spec.place) for one in spec.columns]
    _mark_collapse(group, trained, placed)
    _mark_other_code(group, provenance)
    _mark_unscored(group)
    _note_caveats(group, metrics)
    _note_fewer(group)
    _note_lost(group, rows)
    if group.compared:
        _note_sampling(group, rows)
    _note_failed(group)
    _note_tuned(group)


def _mark_standings(group: Group, rows: Sequence[Row], known: dict[str, Any] | None) -> None:
    """Read the intervals of ranks and the bold rows from the one table of corrected comparisons."""
    if len(rows) > MOST_ROWS:
        group.notes.append(f"rows are not told apart: there are more than {MOST_ROWS:,}")
        return
    contest = Contest(rows, group.compared, group.decided, known)
    by_label = {row.label: row for row in rows}
    for place, column in enumerate(contest.columns):
        if column.key not in rows[0].estimates:
            continue  # not among the columns that were asked for, and compared all the same
        best = contest.singled_out(place)
        beyond = [label for label in best if by_label[label].estimates[column.key].reading == "better than real"]
        if beyond:
            are = "is" if len(beyond) == 1 else "are"
            group.notes.append(
                f"nothing is bold in {column.title}: {_named(beyond, group)} {are} better than real samples, as copies "
                "and collapsed samples can be"
            )
            continue
        for label in best:
            by_label[label].bold.add(column.key)
    comparisons = contest.comparisons
    if comparisons or contest.planned:
        for label, standing in contest.standings(0).items():
            by_label[label].ranks = standing
        tested = f"{comparisons:,} comparison{'s' if comparisons > 1 else ''}, corrected"
        group.notes.append(
            f"rank (95 %): where the rank in {group.compared[0].title} lies over training seeds, of all rows together "
            f"({tested if comparisons else 'as the study decided'})"
        )
    if any(row.bold for row in group.rows):
        group.notes.append("bold: rows that no other row beats over training seeds; the best is among them (95 %)")
    if why := contest.why_nobody(0, lambda labels: _named(labels, group)):
        group.notes.append(f"nothing is bold in {group.compared[0].title}: {why}")


def _named(labels: Sequence[str], group: Group) -> str:
    """Return labels as one line; of rows that the group does not show only how many they are."""
    shown = {row.label for row in group.rows}
    told = [label for label in labels if label in shown]
    others = len(labels) - len(told)
    more = f"{others} {'row' if others == 1 else 'rows'} not shown" if others else ""
    return " and ".join(filter(None, [listed(told), more]))


def _mark_collapse(group: Group, trained: list[Row], columns: Sequence[Column]) -> None:
    real = next((row for row in group.rows if row.real), None)
    if real is None:
        return
    ceiling = {column.key: real.by_seed(column.key) for column in columns}
    means = {key: math.fsum(seeds.values()) / len(seeds) for key, seeds in ceiling.items() if seeds}
    telling = [column for column in columns if column.alike or column.collapse_below is not None]
    keys = {key for column in telling for key in (column.key, column.collapse_beside) if key}
    for row in trained:
        scores = {key: row.members.column("scores", key) for key in keys}
        own = ({key: values[at] for key, values in scores.items()} for at in range(len(row.records)))
        found = [signs for one in own if (signs := collapse(one, means, telling))]
        if found:
            seeds = f" ({len(found)} of {len(row.records)} seeds)" if len(row.records) > 1 else ""
            row.collapse = f"{', '.join(str(sign) for sign in found[0])}{seeds}"
            group.notes.append(f"{COLLAPSED} {row.label} collapsed: {row.collapse}")


def _mark_other_code(group: Group, provenance: Provenance) -> None:
    """Mark the rows of other code than is installed; where nothing is known of any row, there is nothing to tell."""
    found = [[provenance.of_record(record) for record in row.members.kinds] for row in group.rows]
    if all(lines == [UNKNOWN_CODE] for several in found for lines in several):
        return
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row, several in zip(group.rows, found, strict=True):
        row.other_code = tuple(dict.fromkeys(line for lines in several for line in lines))
        if row.other_code:
            alike[row.other_code].append(row.label)
    for lines, labels in alike.items():
        group.notes.append(f"{OTHER_CODE} {listed(labels)}: {', '.join(lines)}")


def _mark_unscored(group: Group) -> None:
    """Mark the rows of which a column holds fewer seeds than ended well: their means are of the others alone."""
    for column in {one.key: one for one in (*group.shown, *group.compared)}.values():
        told = []
        for row in group.rows:
            one = row.estimates.get(column.key)
            if one is not None and 0 < one.count < len(row.records):
                row.unscored = True
                told.append(f"{row.label} ({one.count} of {len(row.records)})")
        if told:
            group.notes.append(
                f"{UNSCORED} {column.title} of a part of the seeds: {listed(told)}; no row is called better than one "
                "that lost fewer of its seeds"
            )


def _note_caveats(group: Group, metrics: Iterable[MetricSpec]) -> None:
    """Say of columns what their metrics say of them, of some rows or of all."""
    shown = {column.key: column for column in group.columns}
    extractor = group.protocol.extractor if group.protocol else ""
    scored = set().union(*(row.members.keys("scores") for row in group.rows))
    for spec in metrics:
        known = [column for column in spec.columns if column.key in shown and not column.caveat]
        for column in known:
            if column.note and extractor not in column.titles:
                group.column_notes.setdefault(column.key, []).append(f"{shown[column.key].title} {column.note}")
        for column in spec.columns:
            told = column.caveat and column.key in scored
            rows = [row.label for row in group.rows if row.by_seed(column.key)] if told else []
            head = column.caveat_on or (known[0].key if known else "")
            if rows and head in shown:  # what is said of a number that is not shown would be read of another
                of = "" if len(rows) == len(group.rows) else f" (of {listed(rows)})"
                group.column_notes.setdefault(head, []).append(f"{shown[head].title}{of} {column.caveat}")


def _note_fewer(group: Group) -> None:
    """Say which rows have fewer samples than the protocol: distances of fewer samples are larger."""
    counts = {row.label: row.records[0].facts.get("sample_count") for row in group.rows}
    fewer = [f"{label} ({count:,.0f})" for label, count in counts.items() if count]
    if fewer and group.protocol:
        group.notes.append(
            f"fewer samples than {group.protocol.sample_count:,}, all that there are: {listed(fewer)}; distances of "
            "fewer samples are larger"
        )


def _note_sampling(group: Group, rows: Sequence[Row]) -> None:
    """Say how much of the spread over seeds is that of drawing samples, in the column that ranks."""
    column = group.compared[0]
    if not column.column.ratio:  # half-samples and jackknifes of neighbour counts are too wide to be taken off
        return
    scores = {row.label: row.by_seed(column.key) for row in rows}
    found = sampling_share([row.estimates[column.key] for row in rows], log=column.by_ratio(scores))
    if found is not None and group.protocol and found >= _MUCH:
        group.notes.append(
            f"about {found:.0%} of the variance of {column.title} over seeds comes from drawing "
            f"{group.protocol.sample_count:,} samples: more samples would help"
        )


def _note_lost(group: Group, rows: Iterable[Row]) -> None:
    """Say which rows lost seeds: their scores are of the seeds that trained."""
    lost = [f"{row.label} ({row.failed} of {row.failed + len(row.records)})" for row in rows if row.failed]
    if lost:
        group.notes.append(
            f"seeds that failed: {listed(lost)}; no row is called better than one that lost fewer of its seeds"
        )


def _note_tuned(group: Group) -> None:
    """Say which rows were chosen by a search, of how many tries, at which cost, and what it had promised of them."""
    for row in group.rows:
        facts = row.records[0].facts
        if "tuning_tries" in facts:
            group.notes.append(
                f"tuned: {row.label} is of the best of {facts['tuning_tries']:.0f} tries, "
                f"{facts.get('tuning_seconds', 0.0):,.0f} s of tuning; its search score was "
                f"{facts.get('tuning_score', 0.0):.4g}, on the validation split with one seed"
            )


def _note_failed(group: Group) -> None:
    """Say which metrics broke, of which rows and why: a blank cell alone would not tell that it is to be filled."""
    broken: dict[tuple[str, str], list[str]] = {}
    for row in group.rows:
        for metric, reason in {fault for record in row.members.kinds for fault in record.failed.items()}:
            broken.setdefault((metric, reason), []).append(row.label)
    for (metric, reason), labels in sorted(broken.items()):
        group.notes.append(f"metric {metric} failed for {listed(labels)} and is tried again by the next run: {reason}")
