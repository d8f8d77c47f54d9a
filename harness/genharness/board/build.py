"""Records -> leaderboard: grouped by dataset and protocol, seeds summarised, ranked by one column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from genharness.board.agreement import note_agreement
from genharness.board.bands import bands_of
from genharness.board.choosing import keep_best, refuse_unknown
from genharness.board.columns import columns_of, compared_columns, find_column
from genharness.board.contest import contestants, listed
from genharness.board.data_names import DataNames
from genharness.board.decided import decided_pairs, plan_notes
from genharness.board.estimates import estimate_of, with_intervals
from genharness.board.grouping import by_protocol, one_a_seed, outstanding, row_members
from genharness.board.machines import note_machines
from genharness.board.marks import mark
from genharness.board.published import note_published
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.errors import ConfigError, did_you_mean
from genharness.plugin.registry import Registry
from genharness.results.configuration import configuration, settings
from genharness.results.members import Members, RecordTable
from genharness.results.provenance import Provenance
from genharness.spec.dataset_name import recorded_name
from genharness.spec.naming import differing_settings, setting_word
from genharness.spec.protocol import Protocol
from genharness.spec.record import Band, Record
from genharness.stats import diverged_rate

if TYPE_CHECKING:
    from genharness.results.decisions import KeptDecisions
    from genharness.stats.intervals import Interval

__all__ = ["build"]

Seeds = Literal["mean", "each"]

_ACCURACY = "_accuracy"
"""How the fact ends that an extractor which is trained on labels states of itself."""


def build(
    records: Iterable[Record],
    registry: Registry,
    *,
    datasets: Sequence[str] = (),
    sort: str | None = None,
    columns: Sequence[str] = (),
    seeds: Seeds = "mean",
    interval: bool = False,
    numbers: bool = True,
    decisions: Iterable[KeptDecisions] = (),
    known: dict[bytes, Interval] | None = None,
    standings: dict[str, Any] | None = None,
    best_of: Sequence[str] = (),
) -> Board:
    """Return the leaderboard of some records.

    Args:
        records: What was measured.
        registry: Gives titles, directions and which models are reference rows.
        datasets: Only these datasets; all when empty.
        sort: Column to rank by; the first that has a better end when None.
        columns: Only these columns, in this order, behind the one that ranks where it is none of them; all when empty.
        seeds: Summarise seeds by their mean, or show each.
        interval: Add 95 % confidence intervals of the means.
        numbers: Without, rows hold their records alone: no means, no order, no marks.
        decisions: What studies with looks at growing numbers of seeds decided, the earliest first.
        known: Intervals that need not be computed again; see `genharness.results.kept_intervals`.
        standings: Standings of rows likewise; see `genharness.results.kept_standings`.
        best_of: Models of which the best row alone stays; ranks and marks are those among all rows.

    Raises:
        ConfigError: If a dataset, a column or a model of `best_of` is unknown; the message gives the nearest.
    """
    pieces = RecordTable.of(records).pieces
    names = DataNames.of(piece[0] for piece in pieces)
    finished: dict[tuple[str, str], list[Members]] = defaultdict(list)
    failures: dict[str, list[Members]] = defaultdict(list)
    for piece in pieces:
        first = piece[0]
        dataset = names.home(first.cell.dataset)
        if first.finished:
            finished[dataset, first.protocol_hash].append(piece)
        else:
            failures[dataset].append(piece)
    wanted = [names.home(name) for word in datasets for name in _known_datasets(word, names.all)]
    wanted = wanted or sorted({dataset for dataset, _ in finished} | set(failures))
    groups: list[Group] = []
    look = _Look(
        registry,
        sort,
        columns,
        seeds,
        interval,
        numbers,
        Provenance(registry),
        list(decisions),
        known,
        standings,
        best_of,
    )
    for dataset in dict.fromkeys(wanted):
        measured = [finished[key] for key in sorted(key for key in finished if key[0] == dataset)]
        lost, others = by_protocol(RecordTable(failures[dataset]), measured)
        groups += [_group(dataset, few, failed, look) for few, failed in zip(measured, lost, strict=True)]
        if others or not measured:
            groups.append(Group(dataset, None, failures=others))
    refuse_unknown(best_of, groups)
    if numbers:
        note_agreement(groups)
        note_published(groups)
        note_machines(groups)
    return Board(groups)


def _known_datasets(name: str, known: Collection[str]) -> list[str]:
    """Return the datasets that a name means: itself, or its variants."""
    meant = {name, recorded_name(name)}
    variants = tuple(f"{one}{mark}" for one in meant for mark in "@#")
    matches = [dataset for dataset in sorted(known) if dataset in meant or dataset.startswith(variants)]
    if not matches:
        raise ConfigError(f"no results for the dataset {name!r}{did_you_mean(name, known)}")
    return matches


@dataclass(frozen=True, slots=True)
class _Look:
    """How the board was asked for."""

    registry: Registry
    sort: str | None
    columns: Sequence[str]
    seeds: Seeds
    interval: bool
    numbers: bool
    provenance: Provenance
    decisions: Sequence[KeptDecisions]
    known: dict[bytes, Interval] | None
    standings: dict[str, Any] | None
    best_of: Sequence[str]


def _group(dataset: str, measured: list[Members], failures: list[Record], look: _Look) -> Group:
    pieces, failures = one_a_seed(measured, look.provenance), outstanding(failures, measured, look.provenance)
    kinds = [record for piece in pieces for record in piece.kinds]
    first = kinds[0]
    protocol = Protocol.from_plain(first.protocol) if first.protocol else first.cell.protocol
    group = Group(dataset, protocol, failures=failures)
    group.names = tuple(
        sorted({dataset, *(one.cell.dataset for one in (*(piece[0] for piece in measured), *failures))})
    )
    available = columns_of(pieces, look.registry, protocol)
    group.bands = bands_of(kinds, {key: one.column for key, one in available.items()})
    group.accuracies = _accuracies(pieces)
    group.settings = _asked_settings(look.columns, available, kinds)
    numbers = [key for key in look.columns if key not in group.settings]
    group.columns = [find_column(available, key) for key in numbers] or list(available.values())
    default = [column for column in group.columns if not column.column.wide]
    group.shown = default if default and not numbers else group.columns
    group.asked = bool(numbers)
    rank = _ranking(group.columns, available, look.sort)
    _show_first(group, rank)
    group.compared = compared_columns(available, rank)
    if not look.numbers:
        group.rows = _rows(pieces, failures, (), group.bands, look)
        group.decided = decided_pairs(group.rows, look.decisions)
        return group
    group.rows = _rows(pieces, failures, group.columns, group.bands, look)
    if look.interval:
        with_intervals(group.rows, look.known)
    if rank is not None:
        group.rows.sort(key=lambda row: _rank(row, rank))
    group.decided = decided_pairs(group.rows, look.decisions)
    competing = contestants(group)
    chosen = keep_best(group, look.best_of)
    mark(group, competing, look.registry.metrics.values(), look.provenance, look.standings)
    if rank is not None and group.decided:
        group.notes += plan_notes(group.rows, look.decisions, rank.key, rank.title)
    if len(group.names) > 1:
        group.notes.append(f"{listed(list(group.names))} hold the same data, and stand in one table")
    left_out = sum(map(len, measured)) - sum(map(len, pieces))
    if left_out:
        why = "by other code" if len(group.names) == 1 else "by other code, or under another name of the data"
        group.notes.append(f"left out: {left_out} earlier results of the same cells {why}")
    group.notes += chosen
    return group


def _show_first(group: Group, rank: BoardColumn | None) -> None:
    """Show what rows are ordered by before all other columns, where it is none of them."""
    group.ranked_by = rank
    if rank is not None and rank not in group.columns:
        group.columns = [rank, *group.columns]
    if rank is not None and rank not in group.shown:
        group.shown = [rank, *group.shown]


def _asked_settings(
    keys: Sequence[str], available: Mapping[str, BoardColumn], records: Sequence[Record]
) -> tuple[str, ...]:
    """Return the columns asked for that are settings of rows.

    Raises:
        ConfigError: If one is neither a column nor a setting; the message gives the nearest.
    """
    if all(key in available for key in keys):
        return ()
    known = {name for record in records if record.source == "trained" for name in settings(record)}
    found = tuple(dict.fromkeys(key for key in keys if key not in available and key in known))
    for key in keys:
        if key not in available and key not in known:
            raise ConfigError(f"no column {key!r}{did_you_mean(key, {*available, *known} if known else available)}")
    return found


def _accuracies(pieces: Iterable[Members]) -> dict[str, float]:
    """Return the held-out accuracies that records state, by the name of what was trained on the labels."""
    found: dict[str, list[tuple[Any, float]]] = defaultdict(list)
    for piece in pieces:
        for fact in piece.keys("facts"):
            if fact.endswith(_ACCURACY):
                placed = zip(piece.places, piece.column("facts", fact), strict=True)
                found[fact.removesuffix(_ACCURACY)] += [(place, value) for place, value in placed if value is not None]
    ordered = {name: [value for _, value in sorted(values)] for name, values in sorted(found.items())}
    return {name: sum(values) / len(values) for name, values in ordered.items()}


def _ranking(
    shown: Sequence[BoardColumn], available: Mapping[str, BoardColumn], sort: str | None
) -> BoardColumn | None:
    """Return the column that ranks: the one asked for, else the first shown that has a better end."""
    if sort:
        return find_column(available, sort)
    return next((column for column in shown if column.column.higher_is_better is not None), None)


def _rows(
    pieces: list[Members],
    failures: list[Record],
    columns: Sequence[BoardColumn],
    bands: Mapping[str, Band],
    look: _Look,
) -> list[Row]:
    each = look.seeds == "each"
    if each:
        pieces = RecordTable(one for piece in pieces for one in piece.apart()).pieces
    grouped: dict[tuple[bytes, int | None], list[Members]] = defaultdict(list)
    for piece in pieces:
        grouped[configuration(piece[0]), piece.seeds[0] if each else None].append(piece)
    lost: dict[bytes, list[Record]] = defaultdict(list)
    for record in failures:
        lost[configuration(record)].append(record)
    rows = [_row(row_members(few), lost[name], columns, bands, look) for (name, _), few in grouped.items()]
    _tell_apart(rows)
    return rows


def _row(
    members: Members, lost: list[Record], columns: Sequence[BoardColumn], bands: Mapping[str, Band], look: _Look
) -> Row:
    first = members[0]
    cell, external, single = first.cell, first.source == "external", look.seeds == "each"
    spec = None if external else look.registry.models.get(cell.model)
    ended = [first.status] * len(members)  # what did not finish is in no row
    return Row(
        model=cell.model,
        variation="",  # what tells it apart hangs on the others
        reference=spec is not None and not spec.trained and not spec.argument,  # trained, but elsewhere
        seeds=members.seeds,
        estimates={column.key: estimate_of(members, column, bands) for column in columns},
        failed=sum(record.went_wrong for record in lost),
        records=members,
        external=external,
        real=spec is not None and spec.finite and not spec.trained,
        single=single,
        diverged=None if single else diverged_rate([*ended, *(record.status for record in lost)]),
    )


def _tell_apart(rows: list[Row]) -> None:
    """Give rows of one name the settings in which they differ, and a row of one seed the seed.

    Those of samples made elsewhere have no settings to compare. Settings are compared over all seeds together: else a
    seed that only one of several variants has would be of none that a reader could name.
    """
    trained = {row.label for row in rows if not row.external}
    for row in rows:
        if row.external and row.label in trained:
            row.variation = " ".join([*filter(None, [row.variation]), "external"])
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[row.label].append(row)
    for same in by_label.values():
        variants: dict[bytes, list[Row]] = defaultdict(list)
        for row in same:
            variants[configuration(row.records[0])].append(row)
        if len(variants) < 2:
            continue
        flat = [seeds[0].settings for seeds in variants.values()]
        differing = differing_settings(flat)
        for seeds, own in zip(variants.values(), flat, strict=True):
            files = own["inputs"].keys() & set(differing)  # their names tell more than digests do
            told = [key for key in differing if key in own and not (key == "inputs" and files)]
            words = [f"{key}={_word(own[key], [one.get(key) for one in flat])}" for key in told]
            for row in seeds:
                row.variation = " ".join([*filter(None, [row.variation]), *words])
    for row in rows:
        if row.single:
            row.variation = f"{row.variation} seed {row.seeds[0]}".strip()


def _word(value: object, others: Sequence[object]) -> object:
    """Return a value of a setting as a row shows it: of a path only the name, where that tells it from the others."""
    paths = {one for one in others if isinstance(one, str) and PurePath(one).is_absolute()}
    if not isinstance(value, str) or value not in paths or len({PurePath(one).name for one in paths}) < len(paths):
        return setting_word(value)
    return PurePath(value).name


def _rank(row: Row, column: BoardColumn) -> tuple[bool, float]:
    mean = row.estimates[column.key].mean
    if mean is None:
        return True, 0.0
    return False, -mean if column.column.higher_is_better else mean
