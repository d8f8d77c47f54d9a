"""How `genharness selfcheck` shows which columns see which faults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from genharness.spec.columns import Column

if TYPE_CHECKING:
    from genharness.selfcheck.check import Checked, Sight, Tried

__all__ = ["checked_notes", "checked_tables", "checked_title"]

_SIGNS: Mapping[Sight, tuple[str, str]] = {
    "seen": ("x", "green"),
    "better than real": ("!", "yellow"),
    "missed": ("·", "dim"),
    "undefined": ("?", "dim"),
}
"""A sign and its colour."""

_FAULT = 20
"""Characters of the name of a fault and of what stands beside it."""


def checked_tables(found: Checked, width: int, *, wide: bool) -> list[Table]:
    """Return what every column says of every fault, in as many tables as the width takes.

    Args:
        found: What a check found.
        width: Of the terminal.
        wide: Show every column, not only those that a leaderboard shows.
    """
    shown = _columns(found, wide=wide)
    tables: list[list[Column]] = [[]]
    left = width - _FAULT
    for column in shown:
        needed = max(len(word) for word in column.title.split()) + 1
        if needed > left and tables[-1]:
            tables.append([])
            left = width - _FAULT
        tables[-1].append(column)
        left -= needed
    return [_table(found, columns) for columns in tables]


def checked_title(found: Checked) -> str:
    """Return what was checked, in a line."""
    return f"{found.dataset}: {found.count} samples, features {found.features}, {found.draws} draws of real samples"


def _columns(found: Checked, *, wide: bool) -> list[Column]:
    default = {column.key for spec in found.metrics if spec.default for column in spec.columns if not column.wide}
    return [column for column in found.columns if wide or column.key in default]


def _table(found: Checked, columns: Sequence[Column]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("fault", no_wrap=True, min_width=_FAULT - 1)
    for column in columns:
        table.add_column(Text("\n".join(column.title.split())), vertical="bottom", justify="center")
    for tried in (found.control, *found.faults):
        name = Text(tried.fault.name if tried.fault else "(real samples)", "" if tried.fault else "dim")
        table.add_row(name, *(_sign(tried, column.key) for column in columns))
    return table


def _sign(tried: Tried, key: str) -> Text:
    return Text(*_SIGNS[tried.columns[key].sight])


def checked_notes(found: Checked) -> list[str]:
    """Return what is to be said below the tables, a line each."""
    notes = [
        f"{fault.name}: no column that a leaderboard shows sees it ({fault.summary})" for fault in found.undetected
    ]
    failed = {name: why for tried in found.faults for name, why in tried.failed.items()}
    notes += [f"metric {name} failed: {why}" for name, why in failed.items()]
    cheaper = [f"{name}.{key}={value}" for name, some in found.cheaper.items() for key, value in some.items()]
    notes += [f"computed with fewer steps than a leaderboard's, unless --set says others: {' '.join(cheaper)}"] * bool(
        cheaper
    )
    reasons: dict[str, list[str]] = {}
    for name, why in found.absent.items():
        reasons.setdefault(why, []).append(name)
    return notes + [f"not tried: {', '.join(names)}: {why}" for why, names in reasons.items()]
