"""The columns of a leaderboard: which numbers there are, under which titles, in which order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genharness.board.rows import BoardColumn
from genharness.errors import ConfigError, did_you_mean
from genharness.plugin.registry import Registry
from genharness.spec.plugins import Column
from genharness.spec.protocol import Protocol
from genharness.spec.record import MEASUREMENTS, Record

__all__ = ["columns_of", "find_column"]

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


def columns_of(records: Sequence[Record], registry: Registry, protocol: Protocol) -> dict[str, BoardColumn]:
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


def find_column(available: Mapping[str, BoardColumn], key: str) -> BoardColumn:
    """Return a column by its key.

    Raises:
        ConfigError: If it is not available; the message gives the nearest.
    """
    if key not in available:
        raise ConfigError(f"no column {key!r}{did_you_mean(key, available)}")
    return available[key]
