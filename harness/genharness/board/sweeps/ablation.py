"""What single changes from a base do: every row of a model that differs from one in one setting, metric by metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from genharness.board.columns import find_column
from genharness.board.contest import score_table
from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.board.sheets import Entry, Sheet
from genharness.board.sweeps.untrained import Untrained, untrained
from genharness.errors import ConfigError, did_you_mean
from genharness.spec.naming import changed_settings, differing_settings, setting_text, setting_words, single_differences
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
        own = [row for row in rows if row.model == model]
        failed = untrained(group, model)
        found = _base(group, own, failed, wanted)
        if found is not None:
            names_of_all = differing_settings([row.settings for row in own])
            changed = [(row, changed_settings(names_of_all, found.settings, row.settings)) for row in own]
            variants = [(row, which[0]) for row, which in changed if len(which) == 1]
            lost = _failed_changes(found, own, failed)
            sheets += [_sheet(group, found, variants, column, lost) for column in _columns(group, metrics)]
    if not sheets:
        hint = did_you_mean(model, names) if model not in names else ""
        raise ConfigError(f"--ablation: no row {base!r} with others that differ from it in one setting{hint}")
    return sheets


def _base(group: Group, rows: Sequence[Row], failed: Sequence[Untrained], wanted: Sequence[str]) -> Row | None:
    """Return the row that is meant, or None where it has no variants here."""
    differing = single_differences([*(row.settings for row in rows), *(one.settings for one in failed)])
    counted = zip(rows, differing, strict=False)
    fitting = [(row, count) for row, count in counted if set(setting_words(row.settings)) >= set(wanted)]
    most = max((count for _, count in fitting), default=0)
    if not most:
        return None
    hubs = [row for row, count in fitting if count == most]
    if len(hubs) > 1:
        labels = ", ".join(repr(row.label) for row in hubs[:4])
        raise ConfigError(f"--ablation: the base on {group.dataset} could be {labels}: write its settings")
    return hubs[0]


def _failed_changes(base: Row, rows: Sequence[Row], failed: Sequence[Untrained]) -> list[str]:
    """Return a line for every change of one setting of which no seed ended well."""
    names = differing_settings([*(row.settings for row in rows), *(one.settings for one in failed)])
    changed = [(one, changed_settings(names, base.settings, one.settings)) for one in failed]
    return [
        f"{_step(which[0], base.settings, one.settings)}: {one.reason}" for one, which in changed if len(which) == 1
    ]


def _columns(group: Group, metrics: Sequence[str]) -> list[BoardColumn]:
    known = {column.key: column for column in group.columns}
    columns = [find_column(known, key) for key in metrics] or group.compared
    for column in columns:
        if column.column.higher_is_better is None:
            raise ConfigError(
                f"metric {column.key!r} has no better end, so no change can be better by it: name another"
            )
    return columns


def _sheet(
    group: Group, base: Row, variants: Sequence[tuple[Row, str]], column: BoardColumn, lost: Sequence[str]
) -> Sheet:
    table = score_table([base, *(row for row, _ in variants)], column)
    protocol = group.protocol.hash if group.protocol else ""
    title = f"{base.label} on {group.dataset}, protocol {protocol}: single changes by {column.heading}"
    about = {"dataset": group.dataset, "protocol_hash": protocol, "column": column.key, "base": base.label}
    if base.label not in table.groups:
        return Sheet(title, ["change"], [], ["the base has no value"], about)
    changes = {one.name: one for one in changes_from(table, base.label)}
    named = [(_step(setting, base.settings, row.settings), changes.get(row.label)) for row, setting in variants]
    having = [(name, change) for name, change in named if change is not None]
    relative = "relative to the base" if table.log else "minus the base"
    heads = ["change", "seeds", f"difference {relative}", "low", "high", "p", "at most", "verdict"]
    rows = [_entries(name, change) for name, change in having]
    notes = [f"{name}: {change.sentence}" for name, change in having]
    family = (
        f"p: Holm over {len(having)} changes from one base; low, high: 95 %; at most: no difference is larger (95 %)"
    )
    blank = [f"{name}: no value" for name, change in named if change is None]
    return Sheet(title, heads, rows, [*notes, *blank, *lost, *([family] if having else [])], about)


def _step(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    return f"{name}: {_value(before, name)} -> {_value(after, name)}"


def _value(settings: Mapping[str, Any], name: str) -> str:
    return setting_text(settings[name]) or "not there" if name in settings else "not there"


def _entries(name: str, change: Change) -> list[Entry]:
    seeds = f"{change.n[0]} paired" if change.paired else f"{change.n[0]}, {change.n[1]}"
    numbers = (change.difference, change.low, change.high, change.p, change.within)
    return [name, seeds, *numbers, change.verdict or None]
