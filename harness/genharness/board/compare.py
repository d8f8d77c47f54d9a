"""Records -> comparison: chosen rows of the leaderboard against each other, metric by metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from genharness.board.build import build
from genharness.board.contest import Contest, contestants, score_table
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.errors import ConfigError, did_you_mean, shown
from genharness.plugin.registry import Registry
from genharness.results.members import RecordTable
from genharness.results.store import Store
from genharness.spec.naming import setting_words
from genharness.spec.protocol import Protocol, protocol_difference
from genharness.spec.record import Record
from genharness.stats import Comparison, Family, ScoreTable, compare_many

if TYPE_CHECKING:
    from genharness.results.decisions import KeptDecisions

__all__ = ["MetricComparison", "RowComparison", "compare_rows"]


@dataclass(frozen=True, kw_only=True)
class MetricComparison:
    """Rows compared by one score or measurement.

    Attributes:
        column: What is compared.
        scores: Values by training seed, for each row that has any.
        missing: Rows without a value, with the reason.
        comparisons: One for each pair of rows with a value.
        corrected: What their p values are corrected for, in words.
    """

    column: BoardColumn
    scores: dict[str, dict[int, float]]
    missing: dict[str, str] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    corrected: str = ""


@dataclass(frozen=True, kw_only=True)
class RowComparison:
    """Rows of one dataset and protocol compared by several metrics.

    Attributes:
        dataset: Dataset reference.
        protocol: How their scores were measured.
        protocol_hash: Its hash.
        rows: Labels of the rows, in the order asked for.
        metrics: A comparison for each metric, the primary one first.
    """

    dataset: str
    protocol: Protocol
    protocol_hash: str
    rows: list[str]
    metrics: list[MetricComparison]


def compare_rows(
    store: Store,
    registry: Registry,
    names: Sequence[str],
    *,
    datasets: Sequence[str] = (),
    metrics: Sequence[str] = (),
    alone: bool = False,
) -> list[RowComparison]:
    """Compare rows of the leaderboard wherever all of them stand under one protocol.

    Verdicts are those of the leaderboard: corrected over every pair of its rows, since who is compared is mostly chosen
    by looking at it; by the primary metric on its own, by all other metrics together.

    Args:
        store: The results folder.
        registry: Gives columns and their directions.
        names: Rows: a model, a model with settings (`vae lr=0.1`), or the beginning of a cell id.
        datasets: Only these datasets; all that the rows have in common when empty.
        metrics: Column keys or metrics, the primary one first; those that the leaderboard compares by when empty.
        alone: Correct for the named rows only: for rows that were chosen before any score was seen.

    Returns:
        A comparison for each dataset and protocol.

    Raises:
        ConfigError: If there are fewer than two rows, one is unknown, ambiguous or named twice, or they were measured
            under different protocols; the message names the difference.
    """
    if len(set(names)) < 2:
        named = f"only {shown(names[0])!r}" if names else "none"
        raise ConfigError(f"comparing takes two rows, and {named} was named: name another")
    records = _records(store, names, alone)  # refuses a folder that cannot be one
    board = build(records, registry, numbers=False, decisions=_decisions(store.folder))
    found = {name: _find(board, name, datasets) for name in names}
    for name, places in found.items():
        if not places:
            raise ConfigError(_unknown(name, board, store, registry, datasets))
    common = [group for group in board.groups if all(_in_group(places, group) for places in found.values())]
    if not common:
        raise ConfigError(_apart(found))
    return [
        _compare(group, [_in_group(places, group)[0] for places in found.values()], registry, metrics, alone)
        for group in common
    ]


_Found = tuple[Group, Row]


def _decisions(folder: Path) -> list[KeptDecisions]:
    if not (folder / "decisions").is_dir():  # few studies have any
        return []
    from genharness.results.decisions import kept_decisions

    return list(kept_decisions(folder))


def _records(store: Store, names: Sequence[str], alone: bool) -> RecordTable:
    """Return all records; those of the models that a name may mean, reading no other file, to compare them alone."""
    if not alone:
        return store.table()
    words = tuple(dict.fromkeys(name.split()[0] if name.split() else name for name in names))
    table = store.table(words)
    models = {record.cell.model for record in table if _meant(record, words)}
    if models - set(words):  # a cell was named: its row has more seeds
        table = store.table(tuple(f"{model}-" for model in models))
    return table.only(lambda record: record.cell.model in models)


def _meant(record: Record, words: Sequence[str]) -> bool:
    model = record.cell.model
    return model in words or any(word.startswith(f"{model}-") and record.cell.id.startswith(word) for word in words)


def _find(board: Board, name: str, datasets: Sequence[str]) -> list[_Found]:
    """Return the row that a name means in each group that has one, on some datasets or, when empty, on all."""
    groups = [group for group in board.groups if not datasets or {group.dataset, *group.names} & set(datasets)]
    return [(group, row) for group in groups for row in _matches(group, name)]


def _matches(group: Group, name: str) -> list[Row]:
    """Return the row of a group that a name means: by its label, its settings, or the id of a cell.

    Raises:
        ConfigError: If it could be several.
    """
    by_label = [row for row in group.rows if row.label == name]
    rows = by_label or [row for row in group.rows if _has_settings(row, name)]
    rows = rows or [row for row in group.rows if any(cell.startswith(name) for cell in row.members.ids)]
    if len(rows) > 1:
        labels = ", ".join(repr(row.label) for row in rows[:4])
        raise ConfigError(f"{name!r} could be {labels} on {group.dataset}: write the settings or a cell id")
    return rows


def _has_settings(row: Row, name: str) -> bool:
    model, *settings = name.split() or [""]
    known = set(setting_words(row.settings))
    return row.model == model and all(setting in known for setting in settings)


def _in_group(places: list[_Found], group: Group) -> list[Row]:
    return [row for place, row in places if place is group]


def _unknown(name: str, board: Board, store: Store, registry: Registry, datasets: Sequence[str]) -> str:
    """Return why a name means no row: its cells failed, it is elsewhere, or it is misspelt."""
    elsewhere = sorted({group.dataset for group, _ in _find(board, name, ())})
    if elsewhere:
        return f"no row {shown(name)!r} on {', '.join(datasets)}; it has results on {', '.join(elsewhere)}"
    lost = [record for group in board.groups for record in group.failures if _meant(record, name.split()[:1])]
    if lost:
        return f"no cell of {name!r} finished, so there is nothing to compare: {lost[0].cell} {lost[0].status}"
    everything = build(store.table(), registry, numbers=False)
    labels = {row.label for group in everything.groups for row in group.rows}
    return f"no row {shown(name)!r} in {store.folder}{did_you_mean(name, labels)}"


def _apart(found: dict[str, list[_Found]]) -> str:
    """Return why rows that all exist cannot be compared."""
    where = {name: sorted({group.dataset for group, _ in places}) for name, places in found.items()}
    if not set.intersection(*map(set, where.values())):
        each = "; ".join(f"{name} on {', '.join(datasets)}" for name, datasets in where.items())
        return f"the rows have no dataset in common: {each}"
    for (first, a), (second, b) in combinations(found.items(), 2):
        pairs = [(x, y) for x, _ in a for y, _ in b if x.dataset == y.dataset]
        if pairs and not any(x is y for x, y in pairs):
            x, y = pairs[0]
            difference = protocol_difference(x.protocol, y.protocol) if x.protocol and y.protocol else "unknown"
            return (
                f"{first} and {second} were measured under different protocols on {x.dataset}, so their scores cannot "
                f"be compared: {difference}; run both with the same settings"
            )
    return "the rows have no dataset and protocol that all of them share: compare fewer of them at a time"


def _compare(group: Group, rows: list[Row], registry: Registry, metrics: Sequence[str], alone: bool) -> RowComparison:
    if len({row.label for row in rows}) < len(rows):
        raise ConfigError(f"{rows[0].label!r} was named twice: name two different rows")
    assert group.protocol is not None  # only a group of failures has none, and it has no rows
    columns = _chosen(group, registry, metrics)
    competing = [row for row in rows if not row.reference] if alone else contestants(group)
    contest = Contest(competing, columns, group.decided)
    return RowComparison(
        dataset=group.dataset,
        protocol=group.protocol,
        protocol_hash=group.protocol.hash,
        rows=[row.label for row in rows],
        metrics=[_by_metric(place, rows, contest, registry) for place in range(len(columns))],
    )


def _chosen(group: Group, registry: Registry, wanted: Sequence[str]) -> list[BoardColumn]:
    """Return the columns to compare by, the primary one first; each has a better end."""
    known = {column.key: column for column in group.columns}
    if not wanted:
        return group.compared
    keys = [key for word in wanted for key in _keys(word, known, registry)]
    for key in keys:
        if known[key].column.higher_is_better is None:
            raise ConfigError(f"metric {key!r} has no better end, so no row can be better by it: name another")
    return [known[key] for key in dict.fromkeys(keys)]


def _keys(word: str, known: dict[str, BoardColumn], registry: Registry) -> list[str]:
    if word in known:
        return [word]
    spec = registry.metrics.get(word)
    keys = [column.key for column in spec.columns if column.higher_is_better is not None] if spec else []
    if not [key for key in keys if key in known]:
        raise ConfigError(f"no metric {word!r} among these results{did_you_mean(word, known)}")
    return [key for key in keys if key in known]


def _by_metric(place: int, rows: list[Row], contest: Contest, registry: Registry) -> MetricComparison:
    column = contest.columns[place]
    named = score_table(rows, column)
    missing = {row.label: _why_missing(row, column.key, registry) for row in rows if row.label not in named.groups}
    competing = contest.table(place).groups
    pairs = list(combinations(named.groups, 2))
    inside = [pair for pair in pairs if set(pair) <= competing.keys()]
    family, at = contest.family(place)
    found = dict(zip(inside, _compared(contest.table(place), inside, family, at), strict=True))
    outside = [pair for pair in pairs if pair not in found]  # with a reference row, which competes with nobody
    beside = _compared(named, outside)
    found |= dict(zip(outside, beside, strict=True))
    said = [_corrected(place, contest) if inside else "", _corrected_beside(beside)]
    return MetricComparison(
        column=column,
        scores={label: dict(seeds) for label, seeds in named.groups.items()},
        missing=missing,
        comparisons=[found[pair] for pair in pairs],
        corrected="; ".join(filter(None, said)),
    )


def _compared(
    table: ScoreTable, pairs: Sequence[tuple[str, str]], family: Family | None = None, place: int = 0
) -> list[Comparison]:
    return compare_many(table, pairs, family=family, place=place) if pairs else []


def _corrected(place: int, contest: Contest) -> str:
    """Return what the p values of a column's comparisons are corrected for."""
    rows, size = len(contest.table(place).groups), contest.family(place)[0].size
    if size < 2:
        return ""
    others = len(contest.columns) - 1
    if place == 0 or others == 1:
        return f"corrected for the {size:,} pairs of {rows} rows"
    return (
        f"corrected together with the other columns but {contest.columns[0].title}: {size:,} pairs by {others} columns"
    )


def _corrected_beside(pairs: Sequence[Comparison]) -> str:
    """Return what the p values of pairs with a reference row are corrected for."""
    if not pairs:
        return ""
    size = pairs[0].comparisons
    if size < 2:
        return "pairs with a reference row are not corrected for"
    return f"pairs with a reference row are corrected for the {size:,} pairs of the rows named"


def _why_missing(row: Row, key: str, registry: Registry) -> str:
    owner = next((spec.name for spec in registry.metrics.values() if key in {c.key for c in spec.columns}), key)
    for record in row.members.kinds:
        if why := {**record.failed, **record.skipped}.get(owner):
            return why
    if any(value is not None for value in row.members.numbers(key)):
        return "it is not finite or beyond 1e150 on every seed"
    return "it is undefined on every seed" if key in row.members.keys("scores") else "it was not measured"
