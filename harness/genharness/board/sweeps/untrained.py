"""Settings of a model of which no seed ended well: they are in no row, and a sweep must not pass over them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genharness.board.contest import listed
from genharness.board.rows import Group, Row
from genharness.results.configuration import configuration, settings
from genharness.spec.naming import differing_settings, setting_words
from genharness.spec.record import Record

__all__ = ["Untrained", "untrained", "untrained_notes"]


@dataclass(frozen=True)
class Untrained:
    """One configuration of a model without a seed that ended well.

    Attributes:
        settings: All its settings.
        records: Its seeds.
    """

    settings: Mapping[str, Any]
    records: Sequence[Record]

    @property
    def reason(self) -> str:
        """How its seeds ended, such as `all 6 seeds diverged`."""
        ends = Counter(record.status.replace("_", " ") for record in self.records)
        seeds = f"all {len(self.records)} seeds" if len(self.records) > 1 else "its one seed"
        if len(ends) == 1:
            (end,) = ends
            return f"{seeds} {_ENDED.get(end, f'ended as {end}')}"
        return f"{seeds} failed ({', '.join(f'{count} {end}' for end, count in ends.items())})"


_ENDED = {"diverged": "diverged", "failed": "failed", "timeout": "timed out", "out of memory": "ran out of memory"}


def untrained(group: Group, model: str) -> list[Untrained]:
    """Return the configurations of a model of which all seeds went wrong."""
    known = {configuration(row.records[0]) for row in group.rows if row.model == model and not row.external}
    lost: dict[bytes, list[Record]] = defaultdict(list)
    for record in group.failures:
        if record.cell.model == model and record.went_wrong and configuration(record) not in known:
            lost[configuration(record)].append(record)
    return [Untrained(settings(records[0]), records) for records in lost.values()]


def untrained_notes(group: Group, model: str, rows: Sequence[Row], key: str) -> list[str]:
    """Return the settings of a model that are in no mean of a column: no seed ended well, or none has a value."""
    found = untrained(group, model)
    blank = [row.settings for row in rows if row.estimates[key].mean is None]
    told = differing_settings([*(row.settings for row in rows), *(one.settings for one in found)])
    known = {word for row in rows for word in setting_words(row.settings)}
    lost = dict.fromkeys(_words(one.settings, told, known) for one in found)
    empty = dict.fromkeys(_words(one, told) for one in blank)
    reasons = {"no seed ended well": [*lost], f"{key} has no value": [*empty]}
    return [f"left out, since {why}: {listed(several)}" for why, several in reasons.items() if several]


def _words(own: Mapping[str, Any], told: Sequence[str], known: Collection[str] = ()) -> str:
    """Return settings in words: those that no row has, where there are any, since they say it all; else all."""
    words = setting_words({name: own[name] for name in told if name in own})
    return " ".join([one for one in words if one not in known] or words)
