"""What single changes from a base do: every row of a model that differs from one in one setting, metric by metric."""

from __future__ import annotations

from collections.abc import Sequence

from genharness.board.columns import find_column
from genharness.board.contest import score_table
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.board.sheets import Entry, Sheet
from genharness.errors import ConfigError, did_you_mean
from genharness.spec.naming import differing_settings, setting_words, single_differences
from genharness.stats.changes import Change, changes_from

__all__ = ["ablation_sheets"]


def ablation_sheets(board: Board, base: str, metrics: Sequence[str] = ()) -> list[Sheet]:
    """Return a table for each group and metric: every single change from the base, with what may be said of it.

    Args:
        board: With all columns.
        base: A model, with the settings that tell it from others (`dcgan lr=0.0002`); where several rows fit, the one
            that most others differ from in one setting.
        metrics: Keys of columns; those that rows are compared by when empty.

    Raises:
        ConfigError: If no row fits, several fit equally well, or none differs from it in one setting alone.
    """
    model, *wanted = base.split() or [""]
    sheets: list[Sheet] = []
    names: set[str] = set()
    for group in board.groups:
        rows = [row for row in group.rows if not row.external and not row.single]
        names |= {row.model for row in rows}
        found = _base(group, [row for row in rows if row.model == model], wanted)
        if found is not None:
            changed = {id(row): _changed(found, row) for row in rows if row.model == model and row is not found}
            variants = [row for row in rows if len(changed.get(id(row), ())) == 1]
            columns = _columns(group, metrics)
            sheets += [_sheet(group, found, variants, column) for column in columns]
    if not sheets:
        hint = did_you_mean(model, names) if model not in names else ""
        raise ConfigError(f"--ablation: no row {base!r} with others that differ from it in one setting{hint}")
    return sheets


def _base(group: Group, rows: Sequence[Row], wanted: Sequence[str]) -> Row | None:
    """Return the row that is meant, or None where it has no variants here."""
    counted = zip(rows, single_differences([row.settings for row in rows]), strict=True)
    fitting = [(row, count) for row, count in counted if set(setting_words(row.settings)) >= set(wanted)]
    most = max((count for _, count in fitting), default=0)
    if not most:
        return None
    hubs = [row for row, count in fitting if count == most]
    if len(hubs) > 1:
        labels = ", ".join(repr(row.label) for row in hubs[:4])
        raise ConfigError(f"--ablation: the base on {group.dataset} could be {labels}: write its settings")
    return hubs[0]


def _changed(base: Row, row: Row) -> list[str]:
    return differing_settings([base.settings, row.settings])


def _columns(group: Group, metrics: Sequence[str]) -> list[BoardColumn]:
    known = {column.key: column for column in group.columns}
    columns = [find_column(known, key) for key in metrics] or group.compared
    for column in columns:
        if column.column.higher_is_better is None:
            raise ConfigError(
                f"metric {column.key!r} has no better end, so no change can be better by it: name another"
            )
    return columns


def _sheet(group: Group, base: Row, variants: Sequence[Row], column: BoardColumn) -> Sheet:
    table = score_table([base, *variants], column)
    protocol = group.protocol.hash if group.protocol else ""
    title = f"{base.label} on {group.dataset}, protocol {protocol}: single changes by {column.heading}"
    about = {"dataset": group.dataset, "protocol_hash": protocol, "column": column.key, "base": base.label}
    if base.label not in table.groups:
        return Sheet(title, ["change"], [], ["the base has no value"], about)
    changes = {one.name: one for one in changes_from(table, base.label)}
    having = [row for row in variants if row.label in changes]
    relative = "relative to the base" if table.log else "minus the base"
    heads = ["change", "seeds", f"difference {relative}", "low", "high", "p", "at most", "verdict"]
    rows = [_entries(base, row, changes[row.label]) for row in having]
    notes = [f"{_named(base, row)}: {changes[row.label].sentence}" for row in having]
    family = (
        f"p: Holm over {len(having)} changes from one base; low, high: 95 %; at most: no difference is larger (95 %)"
    )
    return Sheet(title, heads, rows, [*notes, family], about)


def _named(base: Row, row: Row) -> str:
    (name,) = _changed(base, row)
    return f"{name}: {base.setting(name) or 'not there'} -> {row.setting(name) or 'not there'}"


def _entries(base: Row, row: Row, change: Change) -> list[Entry]:
    seeds = f"{change.n[0]} paired" if change.paired else f"{change.n[0]}, {change.n[1]}"
    numbers = (change.difference, change.low, change.high, change.p, change.within)
    return [_named(base, row), seeds, *numbers, change.verdict or None]
