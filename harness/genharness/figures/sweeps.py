"""What a sweep shows: a score over each setting, over two of them at once, what each is worth, and single changes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from genharness.board.rows import Board, BoardColumn, Group, Row
from genharness.board.sheets import Sheet
from genharness.board.sweeps.ablation import ablation_sheets
from genharness.board.sweeps.importance import FEWEST_POINTS, importance_sheets
from genharness.errors import ConfigError
from genharness.spec.naming import differing_settings, setting_text
from genharness.spec.protocol import canonical_json

__all__ = ["HeatMap", "Slice", "Sweep", "sweeps"]

_FEWEST_ROWS = 3
_MOST_VALUES = 16
"""Values of a setting that are drawn; a search has a new one in every try."""

_FILLED = 0.6
"""Share of a heat map's places that have a row, at least; and more than a cross, as single changes are."""

_FOLLOWS = ("length",)
"""Settings that follow from others."""


@dataclass(frozen=True)
class Slice:
    """A score over the values of one setting.

    Attributes:
        setting: Its name.
        values: In words, numbers rising.
        scores: At each value those of all rows that have it: means over seeds.
        means: Over these rows, geometric where scores are compared by ratios.
    """

    setting: str
    values: Sequence[str]
    scores: Sequence[Sequence[float]]
    means: Sequence[float]


@dataclass(frozen=True)
class HeatMap:
    """A score over two settings.

    Attributes:
        down: The setting of the rows, and their values.
        across: The setting of the columns, and their values.
        means: By row and column, over all other settings; None where nothing is.
    """

    down: tuple[str, Sequence[str]]
    across: tuple[str, Sequence[str]]
    means: Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class Sweep:
    """The rows of one model that differ in settings.

    Attributes:
        model: Its name.
        group: Where they stand.
        column: What they are compared by.
        rows: Those that have a value of it.
    """

    model: str
    group: Group
    column: BoardColumn
    rows: Sequence[Row]

    @cached_property
    def log(self) -> bool:
        """Whether scores are compared by ratios."""
        return self.column.column.ratio and all(score > 0 for score in self._scores)

    def worth(self, score: float) -> float:
        """Return a number that grows with how good a score is: its logarithm where scores are compared by ratios."""
        value = math.log(score) if self.log else score
        return value if self.column.column.higher_is_better else -value

    @cached_property
    def _scores(self) -> list[float]:
        return [row.estimates[self.column.key].mean or 0.0 for row in self.rows]

    @cached_property
    def settings(self) -> list[str]:
        """Names of the settings in which rows differ."""
        return [one for one in differing_settings([row.settings for row in self.rows]) if one not in _FOLLOWS]

    @property
    def slices(self) -> list[Slice]:
        """The score over each setting that can be drawn."""
        return [self._slice(name) for name in self.settings if len(self._values(name)) <= _MOST_VALUES]

    def _slice(self, name: str) -> Slice:
        values = self._values(name)
        found: dict[str, list[float]] = defaultdict(list)
        for row, score in zip(self.rows, self._scores, strict=True):
            found[canonical_json(row.settings.get(name))].append(score)
        return Slice(
            name, list(values.values()), [found[key] for key in values], [self._mean(found[key]) for key in values]
        )

    def _values(self, name: str) -> dict[str, str]:
        """Return the values of a setting in their order, in words by what tells them apart."""
        own = {canonical_json(row.settings.get(name)): row.settings.get(name) for row in self.rows}
        return {key: _words(own[key]) for key in sorted(own, key=lambda key: _order(own[key]))}

    def _mean(self, scores: Sequence[float]) -> float:
        if len(scores) == 1 or not self.log:
            return math.fsum(scores) / len(scores)
        return math.exp(math.fsum(map(math.log, scores)) / len(scores))

    @property
    def heat_map(self) -> HeatMap | None:
        """The score over the two settings of most values that make a map; None where none do."""
        known = {name: self._values(name) for name in self.settings}
        names = sorted(
            (name for name in known if 2 <= len(known[name]) <= _MOST_VALUES), key=lambda one: -len(known[one])
        )
        pairs = ((a, b) for place, a in enumerate(names) for b in names[place + 1 :])
        return next((found for pair in pairs if (found := self._map(*pair, known)) is not None), None)

    def _map(self, down: str, across: str, known: Mapping[str, Mapping[str, str]]) -> HeatMap | None:
        cells: dict[tuple[str, str], list[float]] = defaultdict(list)
        for row, score in zip(self.rows, self._scores, strict=True):
            cells[canonical_json(row.settings.get(down)), canonical_json(row.settings.get(across))].append(score)
        rows, columns = known[down], known[across]
        if len(cells) < max(_FILLED * len(rows) * len(columns), len(rows) + len(columns)):
            return None
        means = [[self._mean(cells[a, b]) if (a, b) in cells else None for b in columns] for a in rows]
        return HeatMap((down, list(rows.values())), (across, list(columns.values())), means)

    @property
    def importance(self) -> Sheet | None:
        """How much of the score each setting moves; None with too few rows."""
        if len(self.rows) < FEWEST_POINTS:
            return None
        return _only(lambda board: importance_sheets(board, self.model, self.column.key), self.group)

    @property
    def ablation(self) -> Sheet | None:
        """Single changes from one base; None where rows are no such changes, or of several bases."""
        return _only(lambda board: ablation_sheets(board, self.model, [self.column.key]), self.group)


def sweeps(group: Group) -> list[Sweep]:
    """Return the sweeps and ablations of a group, by the column that ranks, those of most rows first."""
    if not group.compared:
        return []
    column = group.compared[0]
    of_model: dict[str, list[Row]] = defaultdict(list)
    for row in group.rows:
        if not (row.reference or row.external or row.single) and row.estimates[column.key].mean is not None:
            of_model[row.model].append(row)
    found = (Sweep(model, group, column, rows) for model, rows in of_model.items() if len(rows) >= _FEWEST_ROWS)
    return sorted((one for one in found if one.settings), key=lambda one: -len(one.rows))


def _only(make: Callable[[Board], Iterable[Sheet]], group: Group) -> Sheet | None:
    try:
        return next(iter(make(Board([group]))), None)
    except ConfigError:  # there is no such table of these rows
        return None


def _words(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else setting_text(value)


def _order(value: Any) -> tuple[bool, float, str]:
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return not numeric, float(value) if numeric else 0.0, str(value)
