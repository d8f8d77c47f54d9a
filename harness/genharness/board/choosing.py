"""Which rows a leaderboard shows: by model, by setting, and the best of one model's."""

from __future__ import annotations

import fnmatch
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genharness.board.rows import Group, Row
from genharness.errors import ConfigError, did_you_mean, refuse, shown
from genharness.plugin.registry import Registry
from genharness.results.configuration import configuration, settings
from genharness.results.members import RecordTable
from genharness.spec.naming import setting_text
from genharness.spec.record import Record

__all__ = ["Condition", "choose_records", "keep_best", "parse_condition", "refuse_unknown"]

_MOST_VALUES = 12
"""Values of a setting that a message names."""

_CONDITION = re.compile(r"\s*([\w.-]+?)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*")
_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """What a setting of a row must be.

    Attributes:
        setting: Name of the option, or `budget`, `batch_size`, `precision`, ….
        test: One of `=`, `!=`, `<`, `>`, `<=`, `>=`.
        value: What it is held against; of `=` and `!=` several, with commas between, as of a sweep.
    """

    setting: str
    test: str
    value: str

    def holds(self, found: Mapping[str, Any]) -> bool:
        """Whether a row with these settings fits; one that has no such setting does not."""
        if self.setting not in found:
            return False
        mine = found[self.setting]
        if self.test in ("=", "!="):
            words = (self.value, *self.value.split(","))
            return any(_same(mine, word.strip()) for word in words) == (self.test == "=")
        number, other = _number(mine), _number(self.value)
        return number is not None and other is not None and _TESTS[self.test](number, other)


def _same(mine: Any, word: str) -> bool:
    """Whether a setting is what a word says: as numbers where both are."""
    number, other = _number(mine), _number(word)
    if number is not None and other is not None:
        return number == other
    return word.lower() in (str(mine).lower(), setting_text(mine).lower())


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def parse_condition(text: str) -> Condition:
    """Read `lr=2e-4`, `latent>16`, `budget!=smoke`.

    Raises:
        ConfigError: If it does not read so.
    """
    found = _CONDITION.fullmatch(text)
    if not found or not found[3]:
        raise ConfigError(f"--where {shown(text)!r} must read SETTING=VALUE, or with <, >, <=, >=, !=: --where lr=2e-4")
    condition = Condition(*found.groups())
    number = _number(condition.value)
    if condition.test not in ("=", "!=") and (number is None or not math.isfinite(number)):
        raise ConfigError(f"--where {shown(text)!r}: {condition.test} compares with a number, such as lr<1e-3")
    return condition


def choose_records(
    records: Iterable[Record], registry: Registry, models: Sequence[str] = (), where: Sequence[Condition] = ()
) -> RecordTable:
    """Return the records of some models under some settings, and those of reference rows, which all are read against.

    Rows that are left out take no part in ranks and corrections: they are chosen by settings, not by scores.

    Args:
        records: All of a results folder.
        registry: Says which models are reference rows.
        models: Names and patterns; all when empty.
        where: Conditions, all of which hold.

    Raises:
        ConfigError: For every model or setting that no record has, one line each.
    """
    every = RecordTable.of(records)
    kinds = [record for piece in every.pieces for record in piece.kinds]
    names = {record.cell.model for record in kinds}
    refuse(
        f"no results of the model {shown(one)!r}{did_you_mean(one, names)}"
        for one in models
        if not fnmatch.filter(names, one)
    )
    chosen = [
        record for record in kinds if not models or any(fnmatch.fnmatch(record.cell.model, one) for one in models)
    ]
    known = {name for record in chosen for name in settings(record)} if where else set()
    unknown = [one.setting for one in where if one.setting not in known]
    refuse(f"--where: no row has a setting {shown(one)!r}{did_you_mean(one, known)}" for one in unknown)
    if where:
        every_row = [settings(record) for record in chosen]
        chosen = [one for one in chosen if all(each.holds(settings(one)) for each in where)]
        if not chosen:
            raise ConfigError(f"--where leaves no row: {_there_is(every_row, where)}")
    ids = {id(record) for record in chosen}
    return every.only(lambda record: id(record) in ids or _is_reference(record, registry, models))


def _there_is(rows: Iterable[Mapping[str, Any]], where: Sequence[Condition]) -> str:
    """Return which values rows have of the settings that were asked for."""
    values: dict[str, dict[str, None]] = {one.setting: {} for one in where}
    for row in rows:
        for name, own in values.items():
            own |= {setting_text(row[name]): None} if name in row else {}
    return "; ".join(f"{name} is {_some(sorted(own, key=_by_size))}" for name, own in values.items())


def _by_size(word: str) -> tuple[bool, float, str]:
    number = _number(word)
    return number is None, number or 0.0, word


def _some(words: Sequence[str]) -> str:
    """Return the first words, and of many how many there are."""
    more = f", … ({len(words):,} values)" if len(words) > _MOST_VALUES else ""
    return f"{', '.join(words[:_MOST_VALUES])}{more}"


def _is_reference(record: Record, registry: Registry, models: Sequence[str]) -> bool:
    spec = registry.models.get(record.cell.model)
    named = record.cell.model in models  # then it is held to --where like every other
    return record.source == "trained" and spec is not None and not spec.trained and spec.baseline and not named


def keep_best(group: Group, models: Sequence[str]) -> list[str]:
    """Leave of each model its best row by the column that ranks, and return of how many and how it was chosen.

    Failures of rows that go, go with them.

    Args:
        group: Which is changed: ranked, and not yet marked.
        models: Names.

    Raises:
        ConfigError: If a model has no row that is ranked, or no column ranks.
    """
    return [line for model in dict.fromkeys(models) for line in _keep_best(group, model)]


def _keep_best(group: Group, model: str) -> list[str]:
    rows = [row for row in group.rows if row.model == model and not row.external]
    if len(rows) < 2:
        return []
    if not group.compared:
        raise ConfigError("--best-of: no column that is shown ranks rows: add one that does, or name it with --sort")
    best = min(rows, key=lambda row: _place(row, group))
    gone = {id(row) for row in rows if row is not best}
    lost = {configuration(row.records[0]) for row in rows if row is not best}
    group.rows = [row for row in group.rows if id(row) not in gone]
    group.failures = [record for record in group.failures if configuration(record) not in lost]
    return [
        f"{model}: the best of {len(rows)} rows by {group.compared[0].title}, chosen by the very score that is shown, "
        "which flatters it; train it again with fresh seeds to know. Ranks are those among all rows"
    ]


def refuse_unknown(models: Sequence[str], groups: Iterable[Group]) -> None:
    """Refuse models of which no row stands anywhere.

    Raises:
        ConfigError: For the first of them; the message gives the nearest.
    """
    rows = [row for group in groups for row in group.rows] if models else []
    own = {row.model for row in rows if not row.external}
    for model in models:
        if model not in own:
            known = {row.model for row in rows}
            raise ConfigError(f"--best-of: no row of the model {shown(model)!r}{did_you_mean(model, known)}")


def _place(row: Row, group: Group) -> tuple[bool, float]:
    mean = row.estimates[group.compared[0].key].mean
    if mean is None:
        return True, 0.0
    return False, -mean if group.compared[0].column.higher_is_better else mean
