"""Results as a table: one flat dictionary a cell, ready for pandas."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genharness.files.paths import read_path
from genharness.plugin.registry import load_registry
from genharness.results.stability import stability_of
from genharness.results.store import Store
from genharness.spec.cell import Cell
from genharness.spec.options import Option, check_value
from genharness.spec.record import Record

__all__ = ["flat_record", "load_results", "setting_columns"]

_SETTINGS = ("batch_size", "ema", "mirror", "balanced", "device", "precision", "compiled")
_CELL = ("model", "dataset", "seed", "budget", "length")
_ABOUT = ("status", "reason", "source", "protocol_hash")
_TIMES = ("started_at", "finished_at")
_TAKEN = {"cell_id", "training", *_CELL, *_ABOUT, *_TIMES, "nan_events"}
"""Keys that say what a row is; a score of such a name is `score.NAME`."""

_STABILITY = Option(name="stability", type=bool, optional=False, default=False, help="Whether curves are read")
_PATH = Option(name="path", type=Path, optional=False, default=None, help="Results folder", read=read_path)

_ENVIRONMENT = ("python", "cpu", "gpu", "threads", "git_commit", "hostname")


def load_results(path: str | os.PathLike[str] = "results", *, stability: bool = False) -> list[dict[str, Any]]:
    """Return every record of a results folder as a flat dictionary; imports no torch.

    Scores and measurements have the keys that the leaderboard's columns have. What could clash with them has a prefix:
    `error.fid`, `option.lr`, `setting.precision` (the arithmetic; `precision` is the score), `protocol.extractor`,
    `fact.…`, `environment.cpu`; a score that is called as what tells rows apart, such as `seed`, is `score.seed`.
    Cells that failed are there too: look at `status`. Records that cannot be read are left out, with a Python warning
    that names them.

    Args:
        path: The results folder.
        stability: Add `loss_variance.LOSS`, `last_minus_best.SCORE` and `nan_events`, from the curves over
            training; reading those takes longer.

    Returns:
        One dictionary a cell, in the order of the cells' ids. A key that a cell has no value for is left out, so
        that a table has NaN there.

    Raises:
        ConfigError: If it is no path.
        RunError: If there is no such folder, or a record was written by a newer genharness.

    Example:
        ```python
        import genharness, pandas
        table = pandas.DataFrame(genharness.load_results("results"))
        table.groupby(["dataset", "protocol_hash", "model"]).fid.agg(["mean", "std", "count"])
        ```
    """
    directions = _directions() if check_value("stability", _STABILITY, stability) else None
    store = Store(check_value("path", _PATH, path))
    flat = [flat_record(record, directions) for record in store.records(history=stability)]
    if store.warnings:
        more = f"; and {len(store.warnings) - 1:,} more" if len(store.warnings) > 1 else ""
        warnings.warn(f"{store.warnings[0]}{more}", stacklevel=2)
    return flat


def _directions() -> dict[str, bool | None]:
    columns = (column for spec in load_registry().metrics.values() for column in spec.columns)
    return {column.key: column.higher_is_better for column in columns}


def flat_record(record: Record, directions: Mapping[str, bool | None] | None = None) -> dict[str, Any]:
    """Return a record as `load_results` does.

    Args:
        record: The record.
        directions: Of every score by key, for what is said of stability; None leaves that out.
    """
    cell = record.cell
    numbers = {**record.measurements, **{key: value for key, value in record.scores.items() if value is not None}}
    return {
        "cell_id": cell.id,
        "training": record.training,
        **{name: getattr(cell, name) for name in _CELL},
        **{name: getattr(record, name) for name in _ABOUT},
        **{f"score.{key}" if key in _TAKEN else key: value for key, value in numbers.items()},
        **_prefixed("error", record.errors),
        **setting_columns(cell),
        **_prefixed("protocol", record.protocol or cell.protocol.as_plain()),
        **_prefixed("fact", record.facts),
        **_prefixed("environment", {name: record.environment.get(name) for name in _ENVIRONMENT}),
        **({} if directions is None else _steadiness(record, directions)),
        **{name: getattr(record, name) for name in _TIMES},
    }


def setting_columns(cell: Cell) -> dict[str, Any]:
    """Return what was set for a cell, by column: `setting.batch_size`, `option.lr`."""
    shared = _prefixed("setting", {name: getattr(cell, name) for name in _SETTINGS})
    return {**shared, **_prefixed("option", cell.every_option)}


def _steadiness(record: Record, directions: Mapping[str, bool | None]) -> dict[str, Any]:
    stability = stability_of(record, directions)
    return {
        **_prefixed("loss_variance", stability.loss_variance),
        **_prefixed("last_minus_best", stability.last_minus_best),
        "nan_events": stability.nan_events,
    }


def _prefixed(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{prefix}.{key}": value for key, value in values.items() if value is not None}
