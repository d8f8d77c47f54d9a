"""Records -> comparison: chosen rows of the leaderboard against each other, metric by metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from genharness.board.build import build
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.errors import ConfigError, did_you_mean
from genharness.plugin.registry import Registry
from genharness.results.store import Store
from genharness.spec.protocol import Protocol, protocol_difference
from genharness.spec.record import Record
from genharness.stats import Comparison, compare_many

__all__ = ["MetricComparison", "RowComparison", "compare_rows"]


@dataclass(frozen=True, kw_only=True)
class MetricComparison:
    """Rows compared by one score or measurement.

    Attributes:
        column: What is compared.
        scores: Values by training seed, for each row that has any.
        missing: Rows without a value, with the reason.
        comparisons: One for each pair of rows with a value, Holm-corrected over these pairs.
    """

    column: BoardColumn
    scores: dict[str, dict[int, float]]
    missing: dict[str, str] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class RowComparison:
    """Rows of one dataset and protocol compared by several metrics.

    Attributes:
        dataset: Dataset reference.
        protocol: How their scores were measured.
        protocol_hash: Its hash.
        rows: Labels of the rows, in the order asked for.
        metrics: A comparison for each metric.
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
) -> list[RowComparison]:
    """Compare rows of the leaderboard wherever all of them stand under one protocol.

    Args:
        store: The results folder.
        registry: Gives columns and their directions.
        names: Rows: a model, a model with settings (`vae lr=0.1`), or the beginning of a cell id.
        datasets: Only these datasets; all that the rows have in common when empty.
        metrics: Column keys or metrics; the headline column of every metric when empty.

    Returns:
        A comparison for each dataset and protocol.

    Raises:
        ConfigError: If there are fewer than two rows, one is unknown, ambiguous or named twice, or they were measured
            under different protocols; the message names the difference.
    """
    if len(set(names)) < 2:
        raise ConfigError(f"comparing takes two rows, and only {names[0]!r} was named: name another")
    board = build(_records(store, names), registry, numbers=False)
    found = {name: _find(board, name, datasets) for name in names}
    for name, places in found.items():
        if not places:
            raise ConfigError(_unknown(name, board, store, registry, datasets))
    common = [group for group in board.groups if all(_in_group(places, group) for places in found.values())]
    if not common:
        raise ConfigError(_apart(found))
    return [
        _compare(group, [_in_group(places, group)[0] for places in found.values()], registry, metrics)
        for group in common
    ]


_Found = tuple[Group, Row]


def _records(store: Store, names: Sequence[str]) -> list[Record]:
    """Return the records of every model that a name may mean, reading no other file."""
    words = tuple(dict.fromkeys(name.split()[0] if name.split() else name for name in names))
    records = list(store.records(history=False, prefixes=words))
    models = {record.cell.model for record in records if _meant(record, words)}
    if models - set(words):  # a cell was named: its row has more seeds
        records = list(store.records(history=False, prefixes=tuple(f"{model}-" for model in models)))
    return [record for record in records if record.cell.model in models]


def _meant(record: Record, words: Sequence[str]) -> bool:
    model = record.cell.model
    return model in words or any(word.startswith(f"{model}-") and record.cell.id.startswith(word) for word in words)


def _find(board: Board, name: str, datasets: Sequence[str]) -> list[_Found]:
    """Return the row that a name means in each group that has one, on some datasets or, when empty, on all."""
    groups = [group for group in board.groups if not datasets or group.dataset in datasets]
    return [(group, row) for group in groups for row in _matches(group, name)]


def _matches(group: Group, name: str) -> list[Row]:
    """Return the row of a group that a name means: by its label, its settings, or the id of a cell.

    Raises:
        ConfigError: If it could be several.
    """
    by_label = [row for row in group.rows if row.label == name]
    rows = by_label or [row for row in group.rows if _has_settings(row, name)]
    rows = rows or [row for row in group.rows if any(record.cell.id.startswith(name) for record in row.records)]
    if len(rows) > 1:
        labels = ", ".join(repr(row.label) for row in rows[:4])
        raise ConfigError(f"{name!r} could be {labels} on {group.dataset}: write the settings or a cell id")
    return rows


def _has_settings(row: Row, name: str) -> bool:
    model, *settings = name.split() or [""]
    known = {f"{key}={value}" for key, value in row.settings.items()}
    return row.model == model and all(setting in known for setting in settings)


def _in_group(places: list[_Found], group: Group) -> list[Row]:
    return [row for place, row in places if place is group]


def _unknown(name: str, board: Board, store: Store, registry: Registry, datasets: Sequence[str]) -> str:
    """Return why a name means no row: its cells failed, it is elsewhere, or it is misspelt."""
    elsewhere = sorted({group.dataset for group, _ in _find(board, name, ())})
    if elsewhere:
        return f"no row {name!r} on {', '.join(datasets)}; it has results on {', '.join(elsewhere)}"
    lost = [record for group in board.groups for record in group.failures if _meant(record, name.split()[:1])]
    if lost:
        return f"no cell of {name!r} finished, so there is nothing to compare: {lost[0].cell} {lost[0].status}"
    everything = build(store.records(history=False), registry, numbers=False)
    labels = {row.label for group in everything.groups for row in group.rows}
    return f"no row {name!r} in {store.folder}{did_you_mean(name, labels)}"


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


def _compare(group: Group, rows: list[Row], registry: Registry, metrics: Sequence[str]) -> RowComparison:
    if len({row.label for row in rows}) < len(rows):
        raise ConfigError(f"{rows[0].label!r} was named twice: name two different rows")
    assert group.protocol is not None  # only a group of failures has none, and it has no rows
    return RowComparison(
        dataset=group.dataset,
        protocol=group.protocol,
        protocol_hash=group.protocol.hash,
        rows=[row.label for row in rows],
        metrics=[_by_metric(column, rows, registry) for column in _chosen(group, registry, metrics)],
    )


def _chosen(group: Group, registry: Registry, wanted: Sequence[str]) -> list[BoardColumn]:
    """Return the columns to compare by; each has a better end."""
    known = {column.key: column for column in group.columns}
    if not wanted:
        heads = {spec.columns[0].key for spec in registry.metrics.values()}
        return [column for key, column in known.items() if key in heads and column.column.higher_is_better is not None]
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


def _by_metric(column: BoardColumn, rows: list[Row], registry: Registry) -> MetricComparison:
    all_scores = {row.label: row.by_seed(column.key) for row in rows}
    scores = {label: seeds for label, seeds in all_scores.items() if seeds}
    missing = {row.label: _why_missing(row, column.key, registry) for row in rows if row.label not in scores}
    if len(scores) < 2:
        return MetricComparison(column=column, scores=scores, missing=missing)
    higher = bool(column.column.higher_is_better)
    comparisons = compare_many(scores, higher_is_better=higher, log=column.by_ratio(scores))
    return MetricComparison(column=column, scores=scores, missing=missing, comparisons=comparisons)


def _why_missing(row: Row, key: str, registry: Registry) -> str:
    owner = next((spec.name for spec in registry.metrics.values() if key in {c.key for c in spec.columns}), key)
    return next((record.skipped[owner] for record in row.records if owner in record.skipped), "it was not measured")
