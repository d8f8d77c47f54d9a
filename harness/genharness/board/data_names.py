"""The names of datasets in a folder of results, and which of them are of one content: a copy, a link, another mount."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from genharness.spec.record import Record

__all__ = ["DataNames"]


@dataclass(frozen=True)
class DataNames:
    """Names of datasets.

    Attributes:
        homes: For each name the one that stands for all of its content.
    """

    homes: Mapping[str, str]

    @classmethod
    def of(cls, records: Iterable[Record]) -> DataNames:
        """Return the names in records; those that were measured with one content hash are names of the same data."""
        names: dict[str, set[str]] = {}
        contents: dict[str, set[str]] = defaultdict(set)
        for record in records:
            own = names.setdefault(record.cell.dataset, set())
            content = record.protocol.get("dataset_hash") if record.finished else ""
            if content:
                own.add(content)
                contents[content].add(record.cell.dataset)
        return cls({name: _home(name, names, contents) for name in names})

    @property
    def all(self) -> set[str]:
        """Every name that occurs."""
        return set(self.homes)

    def home(self, name: str) -> str:
        """Return the name under which the data of a name stands."""
        return self.homes[name]


def _home(name: str, names: Mapping[str, set[str]], contents: Mapping[str, set[str]]) -> str:
    """Return the shortest name of the same content; a name whose content changed over time stands for itself."""
    if len(names[name]) != 1:
        return name
    (content,) = names[name]
    same = [other for other in contents[content] if names[other] == {content}]
    return min(same, key=lambda other: (len(other), other))
