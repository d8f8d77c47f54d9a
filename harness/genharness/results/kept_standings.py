"""Standings of rows that were computed before, by all that they hang on.

Ten groups of a hundred rows each are 200,000 comparisons; those of rows that are unchanged are the same ones, whatever
other columns are shown, in whatever format. What is kept is found by a digest of the scores themselves and of the code
that makes standings of them (see `genharness.board.contest`), so that there is nothing that may be out of date.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from genharness.files.home import home
from genharness.results.kept_file import FOLDER, read_kept, write_kept

__all__ = ["kept_standings"]

_WORTHWHILE = 200
"""Standings: fewer new ones are computed as fast as they are written."""
_MOST = 500_000
"""Standings in a file: some 30 MiB."""


@contextlib.contextmanager
def kept_standings(folder: Path) -> Iterator[dict[str, Any]]:
    """Give the standings that are known of the tables of a folder, and keep those that are added.

    Args:
        folder: The folder of records.
    """
    name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
    path = home() / FOLDER / f"{name}.standings"
    known = _read(path)
    before = set(known)
    yield known
    if sum(map(_rows, (plain for key, plain in known.items() if key not in before))) >= _WORTHWHILE:
        write_kept(path, orjson.dumps(_latest(known)), str(folder))


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(orjson.loads(read_kept(path)))
    except (OSError, ValueError, TypeError):  # none, or a damaged one: they are computed
        return {}


def _latest(known: dict[str, Any]) -> dict[str, Any]:
    room, found = _MOST, []
    for key, plain in reversed(known.items()):
        room -= _rows(plain)
        if room < 0:
            break
        found.append((key, plain))
    return dict(reversed(found))


def _rows(plain: Any) -> int:
    """Return of how many rows there are standings, by every column."""
    return sum(len(labels) for labels, *_ in plain[2])
