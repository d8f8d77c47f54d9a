"""Records -> leaderboard: grouped by dataset and protocol, seeds summarised, ranked by one column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

import orjson

from genharness.board.marks import COLLAPSED, TIED, mark
from genharness.errors import ConfigError, did_you_mean
from genharness.plugin.registry import Registry
from genharness.spec.cell import Cell as RecordCell
from genharness.spec.plugins import Column
from genharness.spec.protocol import Protocol, canonical_json
from genharness.spec.record import MEASUREMENTS, Record
from genharness.stats import diverged_rate, interquartile_mean, mean_and_deviation, summarise
from genharness.stats.values import LARGEST

__all__ = ["Board", "BoardColumn", "Cell", "Group", "Row", "build"]

Seeds = Literal["mean", "each"]

_MEASURED = (
    Column(key="train_seconds", title="Train", unit="s", higher_is_better=False, format=",.1f", ratio=True),
    Column(
        key="train_images_per_second", title="Train", unit="img/s", higher_is_better=True, format=",.0f", ratio=True
    ),
    Column(key="latency_p50_ms", title="Latency", unit="ms", higher_is_better=False, format=",.2f", ratio=True),
    Column(
        key="sample_images_per_second", title="Sampling", unit="img/s", higher_is_better=True, format=",.0f", ratio=True
    ),
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
        values: Values of the seeds that have one, in the order of the seeds.
        interval: 95 % confidence interval of the mean over training seeds; None unless asked for, or with one seed.
    """

    mean: float | None
    deviation: float | None
    count: int
    values: tuple[float, ...] = ()
    interval: tuple[float, float] | None = None

    @property
    def interquartile_mean(self) -> float | None:
        """Mean of the middle half of the seeds, or None where no seed has a value."""
        return interquartile_mean(self.values) if self.values else None


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
        external: Whether its samples were made elsewhere.
        real: Whether it is held-out real data: what a perfect generator would score.
        single: Whether it is one seed of a model, by the user's wish.
        diverged: Share of its seeds that diverged among those that ended by themselves; see `diverged_rate`.
        tied: Whether it cannot be told from the best trained row; None for that row and where it was not tested.
        collapse: Why its samples count as collapsed, or empty.
    """

    model: str
    variation: str
    reference: bool
    seeds: list[int]
    cells: dict[str, Cell]
    failed: int
    records: list[Record]
    external: bool = False
    real: bool = False
    single: bool = False
    diverged: float | None = None
    tied: bool | None = None
    collapse: str = ""

    @property
    def label(self) -> str:
        """Model and variation."""
        return f"{self.model} {self.variation}".strip()

    @property
    def settings(self) -> dict[str, Any]:
        """Every option of the model, and every other setting that can tell rows of one model apart."""
        cell = self.records[0].cell
        return {**cell.options, **{name: getattr(cell, name) for name in _SETTINGS if name not in _NAMED}}

    @property
    def marks(self) -> str:
        """Signs that stand beside the row; the group's notes explain them."""
        return f"{TIED if self.tied else ''}{COLLAPSED if self.collapse else ''}"


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
        notes: What the marks of the rows mean, and what could not be tested, a line each.
    """

    dataset: str
    protocol: Protocol | None
    columns: list[BoardColumn] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    failures: list[Record] = field(default_factory=list)
    best: dict[str, Row] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


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
    interval: bool = False,
    numbers: bool = True,
) -> Board:
    """Return the leaderboard of some records.

    Args:
        records: What was measured.
        registry: Gives titles, directions and which models are reference rows.
        datasets: Only these datasets; all when empty.
        sort: Column to rank by; the first that has a better end when None.
        columns: Only these columns, in this order; all when empty.
        seeds: Summarise seeds by their mean, or show each.
        interval: Add 95 % confidence intervals of the means.
        numbers: Without, rows hold their records alone: no means, no order, no marks.

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
    look = _Look(registry, sort, columns, seeds, interval, numbers)
    for dataset in dict.fromkeys(wanted):
        measured = [finished[key] for key in sorted(key for key in finished if key[0] == dataset)]
        lost, others = _by_protocol(failures[dataset], measured)
        groups += [_group(records, failed, look) for records, failed in zip(measured, lost, strict=True)]
        if others or not measured:
            groups.append(Group(dataset, None, failures=others))
    return Board(groups)


def _by_protocol(failures: list[Record], groups: list[list[Record]]) -> tuple[list[list[Record]], list[Record]]:
    """Return the failures that belong to each group, and those that belong to none.

    A cell that failed was not measured: what it shares with others is the protocol as it was planned. Where groups
    share that too, because the data or a classifier changed, it belongs to the first that has other seeds of it.
    """
    lost: list[list[Record]] = [[] for _ in groups]
    if not failures:
        return lost, []
    planned = [{_planned(record) for record in group} for group in groups]
    rows = [{_configuration(record) for record in group} for group in groups]
    others: list[Record] = []
    for record in failures:
        places = [place for place, known in enumerate(planned) if _planned(record) in known]
        same = [place for place in places if _configuration(record) in rows[place]]
        home = lost[(same or places)[0]] if places else others
        home.append(record)
    return lost, others


def _planned(record: Record) -> bytes:
    return orjson.dumps(vars(record.cell.protocol), option=orjson.OPT_SORT_KEYS)


def _known_datasets(name: str, known: set[str]) -> list[str]:
    """Return the datasets that a name means: itself, or its variants."""
    matches = [dataset for dataset in sorted(known) if dataset == name or dataset.startswith((f"{name}@", f"{name}#"))]
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


def _group(records: list[Record], failures: list[Record], look: _Look) -> Group:
    protocol = Protocol.from_plain(records[0].protocol)
    group = Group(records[0].cell.dataset, protocol, failures=failures)
    available = _columns(records, look.registry, protocol)
    group.columns = [_find(available, key) for key in look.columns] or list(available.values())
    if not look.numbers:
        group.rows = _rows(records, failures, (), look)
        return group
    rank = (
        _find(available, look.sort)
        if look.sort
        else next((column for column in group.columns if column.column.higher_is_better is not None), None)
    )
    needed = list({column.key: column for column in (*group.columns, *([rank] if rank else []))})
    group.rows = _rows(records, failures, needed, look)
    if rank is not None:
        group.rows.sort(key=lambda row: _rank(row, rank))
    group.best = _best(group)
    mark(group, rank, look.registry.metrics.values())
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


_NOT_CONFIGURATION = frozenset({"seed", "protocol", "plugins"})
_SETTINGS = tuple(item.name for item in fields(RecordCell) if item.name not in _NOT_CONFIGURATION)
_NAMED = frozenset({"dataset", "model", "options"})


def _configuration(record: Record) -> bytes:
    """Return what makes two records the same row: everything of the cell but seed, protocol and versions."""
    return orjson.dumps([getattr(record.cell, name) for name in _SETTINGS], option=orjson.OPT_SORT_KEYS)


def _rows(records: list[Record], failures: list[Record], keys: Sequence[str], look: _Look) -> list[Row]:
    grouped: dict[tuple[bytes, int | None], list[Record]] = defaultdict(list)
    for record in records:
        grouped[_configuration(record), record.cell.seed if look.seeds == "each" else None].append(record)
    lost: dict[bytes, list[Record]] = defaultdict(list)
    for record in failures:
        lost[_configuration(record)].append(record)
    rows = [_row(members, lost[name], keys, look) for (name, _), members in grouped.items()]
    _tell_apart(rows)
    return rows


def _row(members: list[Record], lost: list[Record], keys: Sequence[str], look: _Look) -> Row:
    cell = members[0].cell
    external = members[0].source == "external"
    spec = None if external else look.registry.models.get(cell.model)
    single = look.seeds == "each"
    members.sort(key=lambda record: record.cell.seed)
    numbers = [{**record.measurements, **record.scores} for record in members]
    return Row(
        model=cell.model,
        variation=f"seed {cell.seed}" if single else "",
        reference=spec is not None and not spec.trained,
        seeds=[record.cell.seed for record in members],
        cells={key: _summary([found.get(key) for found in numbers], look.interval) for key in keys},
        failed=len(lost),
        records=members,
        external=external,
        real=spec is not None and spec.finite and not spec.trained,
        single=single,
        diverged=None if single else diverged_rate(record.status for record in (*members, *lost)),
    )


def _summary(found: list[float | None], interval: bool) -> Cell:
    values = [value for value in found if value is not None and abs(value) < LARGEST]
    if not values:
        return Cell(None, None, 0)
    mean, deviation = mean_and_deviation(values)
    return Cell(mean, deviation, len(values), tuple(values), _interval(values) if interval else None)


def _interval(values: list[float]) -> tuple[float, float] | None:
    summary = summarise(values)
    if summary.interval_low is None or summary.interval_high is None:
        return None
    return summary.interval_low, summary.interval_high


def _tell_apart(rows: list[Row]) -> None:
    """Give rows of one name the settings in which they differ; those of samples made elsewhere have none to compare."""
    trained = {row.label for row in rows if not row.external}
    for row in rows:
        if row.external and row.label in trained:
            row.variation = " ".join([*filter(None, [row.variation]), "external"])
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[row.label].append(row)
    for same in by_label.values():
        if len(same) < 2:
            continue
        flat = [row.settings for row in same]
        differing = [key for key in flat[0] if len({canonical_json(one.get(key)) for one in flat}) > 1]
        for row, settings in zip(same, flat, strict=True):
            words = [f"{key}={settings.get(key)}" for key in differing if key != "budget" or "length" not in differing]
            row.variation = " ".join([*filter(None, [row.variation]), *words])


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
