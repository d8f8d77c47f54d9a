"""Columns of tables, brought together by their names: two files may have the same ones in another order."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from genharness.errors import DataError
from genharness.files.paths import printable
from genharness.images.names import first_of
from genharness.images.sample_file import SampleFile

__all__ = ["alike", "in_order_of"]

_SHOWN = 3
_NUMBERED = re.compile(r"([^\W\d]*[ _.-]*)0*(\d+)")


def in_order_of(found: SampleFile, names: Sequence[str], other: str) -> SampleFile:
    """Return rows with their columns in the order of what they are compared with, and a note where that was another.

    Args:
        found: Samples; without names of columns they stay as they are, as do those with another number of columns,
            which is refused elsewhere.
        names: Of the columns that they are compared with, in order; empty where those have none.
        other: What has those columns, for messages.

    Raises:
        DataError: If they have other columns; not where names only count the columns of either, as programs give them.
    """
    own = found.column_names
    if not own or len(own) != len(names) or own == tuple(names):
        return found
    known, wanted = _keys(own, names)
    if {*known} == {*wanted}:
        if known == wanted:
            return found
        places = [known.index(key) for key in wanted]
        note = f"columns stand in another order than in {other}, and are compared by their names"
        return dataclasses.replace(
            found,
            samples=np.ascontiguousarray(found.samples[:, places]),
            column_names=tuple(own[place] for place in places),
            notes=(*found.notes, note),
        )
    if _only_count(own) or _only_count(names):
        called = f"columns are called {first_of(own, _SHOWN)} here and {first_of(names, _SHOWN)} in {other}"
        return dataclasses.replace(found, notes=(*found.notes, f"{called}, and are compared by their places"))
    here = [name for name, key in zip(own, known, strict=True) if key not in wanted]
    there = [name for name, key in zip(names, wanted, strict=True) if key not in known]
    raise DataError(
        f"{printable(found.where)} has columns {first_of(here, _SHOWN)} where {other} has {first_of(there, _SHOWN)}: "
        "give the same columns under the same names"
    )


def alike(sets: Sequence[SampleFile]) -> list[SampleFile]:
    """Return sets that are compared with what has no names of columns, in the order of the first that has some.

    Raises:
        DataError: If a set has other columns than that.
    """
    first = next((found for found in sets if found.column_names), None)
    if first is None:
        return list(sets)
    return [found if found is first else in_order_of(found, first.column_names, first.where) for found in sets]


def _keys(own: Sequence[str], names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what names are told apart by: without regard to case and signs, where they still differ then."""
    plain = [[re.sub(r"[\W_]+", "", name).casefold() for name in some] for some in (own, names)]
    if all(len({*keys}) == len(keys) for keys in plain):
        return plain[0], plain[1]
    return list(own), list(names)


def _only_count(names: Sequence[str]) -> bool:
    """Whether names say no more than places: `0`, `1`, `2`, or `x1`, `x2`, `x3`."""
    forms = [_NUMBERED.fullmatch(name) for name in names]
    found = [(form[1], int(form[2])) for form in forms if form is not None]
    start = found[0][1] if found else 0
    expected = [(found[0][0], start + place) for place in range(len(names))] if found else []
    return start in (0, 1) and len(found) == len(names) and found == expected
