"""Records -> leaderboard: grouped by dataset and protocol, seeds summarised, ranked by one column."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from genharness.errors import ConfigError, did_you_mean
from genharness.protocol import Protocol, canonical_json
from genharness.records import MEASUREMENTS, Record
from genharness.registry import Registry
from genharness.specs import Column

__all__ = ["Board", "BoardColumn", "Cell", "Group", "Row", "build"]

Seeds = Literal["mean", "each"]

_MEASURED = (
    Column(key="train_seconds", title="Train", unit="s", higher_is_better=False, format=",.1f"),
    Column(key="train_images_per_second", title="Train", unit="img/s", higher_is_better=True, format=",.0f"),
    Column(key="latency_p50_ms", title="Latency", unit="ms", higher_is_better=False, format=",.2f"),
    Column(key="sample_images_per_second", title="Sampling", unit="img/s", higher_is_better=True, format=",.0f"),
    Column(key="peak_memory_mib", title="Memory", unit="MiB", higher_is_better=False, format=",.0f"),
    Column(key="peak_accelerator_mib", title="GPU memory", unit="MiB", higher_is_better=False, format=",.0f"),
    Column(key="parameters", title="Parameters", higher_is_better=None, format=",.0f"),
    Column(key="sample_flops", title="FLOPs/sample", higher_is_better=False, format=".3g"),
)
_OTHER_MEASUREMENTS = tuple(
    Column(key=key, title=key.replace("_", " "), higher_is_better=None, format=",.4g")
    for key in MEASUREMENTS
    if key not in {column.key for column in _MEASURED}
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One number of the board: the mean over seeds, and how far they spread.

    Attributes:
        mean: Mean, or None where no seed has a value.
        deviation: Standard deviation over seeds (n - 1), or None with fewer than two.
        count: Seeds with a value.
    """

    mean: float | None
    deviation: float | None
    count: int


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column of the board: where its numbers are and how they are shown."""

    column: Column
    title: str

    @property
    def key(self) -> str:
        """Key of the score or measurement."""
        return self.column.key

    @property
    def arrow(self) -> str:
        """The direction that is better."""
        return {True: "↑", False: "↓", None: ""}[self.column.higher_is_better]

    @property
    def heading(self) -> str:
        """Title, unit and arrow."""
        unit = f"({self.column.unit})" if self.column.unit else ""
        return " ".join(part for part in (self.title, unit, self.arrow) if part)


@dataclass
class Row:
    """One model under one configuration.

    Attributes:
        model: Name of the model.
        variation: What tells it from other rows of the same model, or empty.
        reference: Whether it is a reference row, not a trained model.
        seeds: Seeds behind the numbers.
        cells: Numbers by column key.
        failed: How many of its seeds did not end well.
        records: The records behind it.
    """

    model: str
    variation: str
    reference: bool
    seeds: list[int]
    cells: dict[str, Cell]
    failed: int
    records: list[Record]

    @property
    def label(self) -> str:
        """Model and variation."""
        return f"{self.model} {self.variation}".strip()


@dataclass
class Group:
    """Rows that can be ranked together: one dataset, one protocol.

    Attributes:
        dataset: Dataset reference.
        protocol: How scores were measured, None in a group of failures alone.
        columns: Columns that have a number somewhere, most telling first.
        rows: Best first.
        failures: Records that did not end well.
        best: Row of the best trained model by column key.
    """

    dataset: str
    protocol: Protocol | None
    columns: list[BoardColumn] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    failures: list[Record] = field(default_factory=list)
    best: dict[str, Row] = field(default_factory=dict)


@dataclass
class Board:
    """A leaderboard."""

    groups: list[Group]


def build(
    records: Iterable[Record],
    registry: Registry,
    *,
    datasets: Sequence[str] = (),
    sort: str | None = None,
    columns: Sequence[str] = (),
    seeds: Seeds = "mean",
) -> Board:
    """Return the leaderboard of some records.

    Args:
        records: What was measured.
        registry: Gives titles, directions and which models are reference rows.
        datasets: Only these datasets; all when empty.
        sort: Column to rank by; the first that has a better end when None.
        columns: Only these columns, in this order; all when empty.
        seeds: Summarise seeds by their mean, or show each.

    Raises:
        ConfigError: If a dataset or column is unknown; the message gives the nearest.
    """
    finished: dict[tuple[str, str], list[Record]] = defaultdict(list)
    failures: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.finished:
            finished[record.cell.dataset, record.protocol_hash].append(record)
        else:
            failures[record.cell.dataset].append(record)
    known = {dataset for dataset, _ in finished} | set(failures)
    wanted = [name for word in datasets for name in _known_datasets(word, known)] or sorted(known)
    groups: list[Group] = []
    for dataset in dict.fromkeys(wanted):
        keys = sorted(key for key in finished if key[0] == dataset)
        for place, key in enumerate(keys):
            failed = failures[dataset] if place == 0 else []
            groups.append(_group(finished[key], failed, registry, sort, columns, seeds))
        if not keys:
            groups.append(Group(dataset, None, failures=failures[dataset]))
    return Board(groups)


def _known_datasets(name: str, known: set[str]) -> list[str]:
    """Return the datasets that a name means: itself, or its variants."""
    matches = [dataset for dataset in sorted(known) if dataset == name or dataset.startswith((f"{name}@", f"{name}#"))]
    if not matches:
        raise ConfigError(f"no results for the dataset {name!r}{did_you_mean(name, known)}")
    return matches


def _group(
    records: list[Record],
    failures: list[Record],
    registry: Registry,
    sort: str | None,
    wanted: Sequence[str],
    seeds: Seeds,
) -> Group:
    protocol = Protocol.from_plain(records[0].protocol)
    group = Group(records[0].cell.dataset, protocol, failures=failures)
    available = _columns(records, registry, protocol)
    group.columns = [_find(available, key) for key in wanted] or list(available.values())
    rank = _find(available, sort) if sort else next(
        (column for column in group.columns if column.column.higher_is_better is not None), None
    )
    needed = list({column.key: column for column in (*group.columns, *([rank] if rank else []))})
    failed = _failed_by_configuration(failures)
    group.rows = _rows(records, failed, registry, needed, seeds)
    if rank is not None:
        group.rows.sort(key=lambda row: _rank(row, rank))
    group.best = _best(group)
    return group


def _find(available: Mapping[str, BoardColumn], key: str) -> BoardColumn:
    if key not in available:
        raise ConfigError(f"no column {key!r}{did_you_mean(key, available)}")
    return available[key]


def _columns(records: list[Record], registry: Registry, protocol: Protocol) -> dict[str, BoardColumn]:
    """Return every column with a number: the main scores, training time, other headline scores, then the rest."""
    have = {key for record in records for key, value in record.scores.items() if value is not None}
    measured = {key for record in records for key in record.measurements}
    metrics = sorted(registry.metrics.values(), key=lambda metric: metric.place)
    specs = [column for metric in metrics for column in metric.columns]
    heads = [metric.columns[0].key for metric in metrics]
    unknown = [Column(key=key, title=key) for key in sorted(have - {column.key for column in specs})]
    first = [column for column in specs if column.key in have and column.key in heads]
    later = [column for column in (*specs, *unknown) if column.key in have and column.key not in heads]
    cost = [column for column in _MEASURED if column.key in measured]
    rest = [column for column in _OTHER_MEASUREMENTS if column.key in measured]
    ordered = (*first[:3], *cost[:1], *first[3:], *later, *cost[1:], *rest)
    return {column.key: BoardColumn(column, _title(column, protocol)) for column in ordered}


def _title(column: Column, protocol: Protocol) -> str:
    return column.titles.get(protocol.extractor, column.title)


def _configuration(record: Record) -> str:
    """Return what makes two records the same row: everything of the cell but seed and protocol."""
    plain = record.cell.as_plain()
    return canonical_json({key: plain[key] for key in plain if key not in ("seed", "protocol", "plugins")})


def _failed_by_configuration(failures: list[Record]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for record in failures:
        counts[_configuration(record)] += 1
    return counts


def _rows(
    records: list[Record], failed: Mapping[str, int], registry: Registry, keys: Sequence[str], seeds: Seeds
) -> list[Row]:
    grouped: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        name = _configuration(record)
        grouped[name if seeds == "mean" else f"{name} {record.cell.seed}"].append(record)
    rows = []
    for members in grouped.values():
        cell = members[0].cell
        spec = registry.models.get(cell.model)
        members.sort(key=lambda record: record.cell.seed)
        rows.append(
            Row(
                model=cell.model,
                variation=f"seed {cell.seed}" if seeds == "each" else "",
                reference=spec is not None and not spec.trained,
                seeds=[record.cell.seed for record in members],
                cells={key: _summary(members, key) for key in keys},
                failed=failed.get(_configuration(members[0]), 0),
                records=members,
            )
        )
    _tell_apart(rows)
    return rows


def _summary(records: list[Record], key: str) -> Cell:
    found = [record.scores.get(key, record.measurements.get(key)) for record in records]
    values = [value for value in found if value is not None and math.isfinite(value)]
    if not values:
        return Cell(None, None, 0)
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Cell(statistics.fmean(values), deviation, len(values))


def _tell_apart(rows: list[Row]) -> None:
    """Give rows of one model the settings in which they differ."""
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[row.label].append(row)
    for same in by_label.values():
        if len(same) < 2:
            continue
        flat = [_flat(row.records[0]) for row in same]
        differing = [key for key in flat[0] if len({canonical_json(one.get(key)) for one in flat}) > 1]
        for row, settings in zip(same, flat, strict=True):
            words = [f"{key}={settings.get(key)}" for key in differing if key != "budget" or "length" not in differing]
            row.variation = " ".join([*filter(None, [row.variation]), *words])


def _flat(record: Record) -> dict[str, Any]:
    plain = record.cell.as_plain()
    plain = {key: plain[key] for key in plain if key not in ("seed", "protocol", "plugins", "dataset", "model")}
    return {**plain.pop("options"), **plain}


def _rank(row: Row, column: BoardColumn) -> tuple[bool, float]:
    mean = row.cells[column.key].mean
    if mean is None:
        return True, 0.0
    return False, -mean if column.column.higher_is_better else mean


def _best(group: Group) -> dict[str, Row]:
    """Return the best trained row of every column that has a better end."""
    best: dict[str, Row] = {}
    for column in group.columns:
        rows = [row for row in group.rows if not row.reference and row.cells[column.key].mean is not None]
        if rows and column.column.higher_is_better is not None:
            best[column.key] = min(rows, key=lambda row: _rank(row, column))
    return best
