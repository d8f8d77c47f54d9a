"""The columns of a leaderboard: which numbers there are, under which titles, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from genharness.board.rows import BoardColumn
from genharness.errors import ConfigError, did_you_mean
from genharness.plugin.registry import Registry
from genharness.results.members import Members
from genharness.spec.columns import Column
from genharness.spec.protocol import Protocol
from genharness.spec.record import MEASUREMENTS

__all__ = ["columns_of", "compared_columns", "find_column"]

_MEASURED = (
    Column(key="train_seconds", title="Train", unit="s", higher_is_better=False, format=",.1f", ratio=True),
    Column(key="latency_p50_ms", title="Latency", unit="ms", higher_is_better=False, format=",.2f", ratio=True),
    Column(
        key="train_images_per_second",
        title="Train",
        unit="img/s",
        higher_is_better=True,
        format=",.0f",
        ratio=True,
        wide=True,
    ),
    Column(
        key="sample_images_per_second",
        title="Sampling",
        unit="img/s",
        higher_is_better=True,
        format=",.0f",
        ratio=True,
        wide=True,
    ),
    Column(key="peak_memory_mib", title="Memory", unit="MiB", higher_is_better=False, format=",.0f", wide=True),
    Column(
        key="peak_accelerator_mib", title="GPU memory", unit="MiB", higher_is_better=False, format=",.0f", wide=True
    ),
    Column(key="parameters", title="Parameters", format=",.0f", wide=True),
    Column(
        key="function_evaluations", title="Evaluations", higher_is_better=False, format=",.0f", ratio=True, wide=True
    ),
    Column(key="sample_flops", title="FLOPs/sample", higher_is_better=False, format=".3g", wide=True),
)
_OTHER_MEASUREMENTS = tuple(
    Column(key=key, title=key.replace("_", " "), format=",.4g", wide=True)
    for key in MEASUREMENTS
    if key not in {column.key for column in _MEASURED}
)


def columns_of(pieces: Sequence[Members], registry: Registry, protocol: Protocol) -> dict[str, BoardColumn]:
    """Return every column with a number: default scores, training time after the first three, then the rest."""
    have: set[str] = set()
    measured: set[str] = set()
    for piece in pieces:
        have.update(key for key in piece.keys("scores") if key not in have and _any_known(piece.column("scores", key)))
        measured.update(piece.keys("measurements"))
    metrics = sorted(registry.metrics.values(), key=lambda metric: metric.place)
    known = [column for metric in metrics for column in metric.columns]
    unknown = [Column(key=key, title=key, wide=True) for key in sorted(have - {column.key for column in known})]
    scores = [column for column in (*known, *unknown) if column.key in have]
    costs = [column for column in (*_MEASURED, *_OTHER_MEASUREMENTS) if column.key in measured]
    default, rest = _apart(scores)
    default_costs, rest_costs = _apart(costs)
    ordered = (*default[:3], *default_costs[:1], *default[3:], *default_costs[1:], *rest, *rest_costs)
    measurements = {column.key for column in costs}
    return {one.key: BoardColumn(one, _title(one, protocol), one.key not in measurements) for one in ordered}


def _any_known(values: Iterable[float | None]) -> bool:
    return any(value is not None for value in values)


def _apart(columns: Iterable[Column]) -> tuple[list[Column], list[Column]]:
    """Return the columns that are shown without being asked for, and the others."""
    several = list(columns)
    return [one for one in several if not one.wide], [one for one in several if one.wide]


def compared_columns(available: Mapping[str, BoardColumn], rank: BoardColumn | None) -> list[BoardColumn]:
    """Return the columns that rows are compared by: the one that ranks, then other default scores with a better end.

    What is compared must not hang on what is shown, or a verdict would change with the width of the terminal.
    """
    if rank is None or rank.column.higher_is_better is None:
        return []
    scores = [one for one in available.values() if one.score and not one.column.wide]
    others = [one for one in scores if one.column.higher_is_better is not None]
    return [rank, *(one for one in others if one.key != rank.key)]


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
