"""Which records stand together: failures with what was measured like them, and one record for each seed of a row."""

from __future__ import annotations

import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence

import orjson

from genharness.results.configuration import configuration
from genharness.results.members import Members, RecordTable
from genharness.results.provenance import Provenance
from genharness.spec.record import Record

__all__ = ["by_protocol", "one_a_seed", "outstanding", "row_members"]


def by_protocol(
    failures: Iterable[Record], groups: Sequence[Sequence[Members]]
) -> tuple[list[list[Record]], list[Record]]:
    """Return the failures that belong to each group, and those that belong to none.

    A cell that failed was not measured: what it shares with others is the protocol as it was planned. Where groups
    share that too, because the data or a classifier changed, it belongs to the first that has other seeds of it.
    """
    lost: list[list[Record]] = [[] for _ in groups]
    others: list[Record] = []
    planned: list[set[bytes]] | None = None
    for record in failures:
        if planned is None:
            planned = [{_planned(piece[0]) for piece in group} for group in groups]
            rows = [{configuration(piece[0]) for piece in group} for group in groups]
        own = _planned(record)
        places = [place for place, known in enumerate(planned) if own in known]
        same = [place for place in places if configuration(record) in rows[place]]
        home = lost[(same or places)[0]] if places else others
        home.append(record)
    return lost, others


def outstanding(failures: list[Record], measured: Iterable[Members], provenance: Provenance) -> list[Record]:
    """Return the failures that no later result of the same row and seed, such as one of mended code, made good."""
    lost = {configuration(record) for record in failures}
    latest: dict[tuple[bytes, int], tuple[bool, str]] = {}
    for piece in measured if failures else ():
        row = configuration(piece[0])
        for record in piece if row in lost else ():
            key = (row, record.cell.seed)
            latest[key] = max(latest.get(key, _NEVER), _age(record, provenance))
    return [one for one in failures if latest.get((configuration(one), one.cell.seed), _NEVER) <= _age(one, provenance)]


_NEVER = (False, "")


def _age(record: Record, provenance: Provenance) -> tuple[bool, str]:
    """Return what is larger of the later of two records; code that is installed tells more than machines' clocks."""
    return not provenance.of_training(record), record.finished_at


def _planned(record: Record) -> bytes:
    known = {name: value for name, value in vars(record.cell.protocol).items() if name != "dataset_hash"}
    return orjson.dumps(known, option=orjson.OPT_SORT_KEYS)


def one_a_seed(pieces: Iterable[Members], provenance: Provenance) -> list[Members]:
    """Return one record for each configuration and seed: of the code that is installed, else the latest."""
    same: dict[bytes, list[Members]] = defaultdict(list)
    for piece in pieces:
        same[configuration(piece[0])].append(piece)
    kept = [one for several in same.values() for one in _distinct(several, provenance)]
    return RecordTable(kept).pieces


def _distinct(pieces: list[Members], provenance: Provenance) -> list[Members]:
    """Return pieces of one configuration with one record for each seed."""
    seeds = [seed for piece in pieces for seed in piece.seeds]
    if all(map(operator.lt, seeds, seeds[1:])) or len(set(seeds)) == len(seeds):
        return pieces
    rivals: dict[int, list[Members]] = defaultdict(list)
    for one in RecordTable(single for piece in pieces for single in piece.apart()).pieces:
        rivals[one.seeds[0]].append(one)
    return [Members(_best(several, provenance), several[0].places) for several in rivals.values()]


def _best(rivals: list[Members], provenance: Provenance) -> Members:
    if len(rivals) == 1:
        return rivals[0]
    return max(rivals, key=lambda one: _age(one[0], provenance))


def row_members(pieces: list[Members]) -> Members:
    """Return all records of a row in the order of their seeds."""
    if len(pieces) == 1 and all(map(operator.lt, pieces[0].seeds, pieces[0].seeds[1:])):
        return pieces[0]
    return Members(sorted(RecordTable(pieces), key=lambda record: record.cell.seed))
