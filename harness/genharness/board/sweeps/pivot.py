"""A score over two settings: one row a value of the first, one column a value of the second."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from genharness.board.columns import find_column
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.board.sheets import Entry, Sheet
from genharness.board.sweeps.untrained import untrained_notes
from genharness.errors import ConfigError, did_you_mean, shown
from genharness.spec.naming import differing_settings, setting_text
from genharness.spec.protocol import canonical_json

__all__ = ["pivot_sheets"]


def pivot_sheets(board: Board, axes: Sequence[str], value: str) -> list[Sheet]:
    """Return a table for each group and model that has both settings.

    Args:
        board: With all columns.
        axes: Two settings: down, and across.
        value: Key of the column whose mean over seeds is shown.

    Raises:
        ConfigError: If there are not two settings, or no row has both, or the column is unknown.
    """
    if len(set(axes)) != 2:
        raise ConfigError("--pivot takes two different settings, such as --pivot lr,latent")
    sheets = [sheet for group in board.groups for sheet in _of_group(group, axes, value)]
    if not sheets:
        known = {name for group in board.groups for row in group.rows if not row.external for name in row.settings}
        unknown = next((name for name in axes if name not in known), None)
        why = f"no row has a setting {shown(unknown)!r}{did_you_mean(unknown, known)}" if unknown else "no row has both"
        raise ConfigError(f"--pivot: {why}")
    return sheets


def _of_group(group: Group, axes: Sequence[str], value: str) -> list[Sheet]:
    rows = [
        row for row in group.rows if not row.external and not row.reference and all(one in row.settings for one in axes)
    ]
    if not rows:
        return []
    column = find_column({one.key: one for one in group.columns}, value)
    rows.sort(key=lambda row: row.model)
    return [
        _sheet(group, model, list(same), axes, column) for model, same in itertools.groupby(rows, lambda row: row.model)
    ]


def _sheet(group: Group, model: str, rows: Sequence[Row], axes: Sequence[str], column: BoardColumn) -> Sheet:
    cells: dict[tuple[str, str], list[Row]] = defaultdict(list)
    names: dict[str, Any] = {}
    for row in rows:
        keys = tuple(canonical_json(row.settings[one]) for one in axes)
        names |= dict(zip(keys, (row.settings[one] for one in axes), strict=True))
        cells[keys[0], keys[1]].append(row)
    down, across = (sorted({key[place] for key in cells}, key=lambda text: _order(names[text])) for place in (0, 1))
    made: list[list[Entry]] = [
        [setting_text(names[one]), *(_mean(cells.get((one, other), []), column) for other in across)] for one in down
    ]
    heads = [f"{axes[0]} \\ {axes[1]}", *(setting_text(names[one]) for one in across)]
    protocol = group.protocol.hash if group.protocol else ""
    title = f"{model} on {group.dataset}, protocol {protocol}: {column.heading}"
    about = {"dataset": group.dataset, "protocol_hash": protocol, "column": column.key, "model": model}
    about |= {"down": axes[0], "across": axes[1]}
    notes = [*_notes(cells.values(), axes), *untrained_notes(group, model, rows, column.key)]
    return Sheet(title, heads, made, notes, about)


def _notes(cells: Any, axes: Sequence[str]) -> list[str]:
    most = max(cells, key=len)
    if len(most) < 2:
        return []
    others = [name for name in differing_settings([row.settings for row in most]) if name not in axes]
    return [
        f"an entry is the mean over up to {len(most)} rows, which differ in {', '.join(others)}: choose with --where"
    ]


def _mean(rows: Sequence[Row], column: BoardColumn) -> float | None:
    values = [mean for row in rows if (mean := row.estimates[column.key].mean) is not None]
    return sum(values) / len(values) if values else None


def _order(value: Any) -> tuple[bool, float, str]:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return not numeric, float(value) if numeric else 0.0, str(value)
