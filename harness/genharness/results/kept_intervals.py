"""Intervals of means that were computed before, by the scores that they are of.

A bootstrap of ten thousand rows takes seconds; the scores of a row that is unchanged are the same ones, whatever other
rows and columns are asked for.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
import struct
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import orjson

from genharness.files.home import home
from genharness.results.kept_file import FOLDER, read_kept, write_kept
from genharness.stats import intervals, student, values
from genharness.version import VERSION

__all__ = ["KeptIntervals", "kept_intervals"]

_WORTHWHILE = 200
"""Fewer new ones are computed as fast as they are written."""
_MOST = 1_000_000
"""Intervals in a file: a hundred MiB."""
_BYTES = 8
"""Of a number."""


@contextlib.contextmanager
def kept_intervals(folder: Path, *, wanted: bool) -> Iterator[dict[bytes, intervals.Interval] | None]:
    """Give the intervals that are known of the tables of a folder, and keep those that are added.

    Args:
        folder: The folder of records.
        wanted: Whether the table has intervals; without, nothing is read and None is given.
    """
    if not wanted:
        yield None
        return
    kept = KeptIntervals(folder)
    yield kept.known
    kept.save()


class KeptIntervals:
    """Those of the tables of one folder.

    Args:
        folder: The folder of records.

    Attributes:
        known: Intervals by the bytes of the scores; those that are computed are added to it.
    """

    def __init__(self, folder: Path) -> None:
        name = hashlib.sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:24]
        self._path = home() / FOLDER / f"{name}.intervals"
        self._folder = folder
        self.known: dict[bytes, intervals.Interval] = {}
        try:
            self._load(read_kept(self._path))
        except (OSError, ValueError, TypeError, KeyError, struct.error):  # none, or a damaged one: they are computed
            self.known = {}
        self._before = len(self.known)

    def save(self) -> None:
        """Write them where enough are new; of very many the latest."""
        if len(self.known) - self._before < _WORTHWHILE:
            return
        by_count: dict[int, list[bytes]] = defaultdict(list)
        for scores, interval in list(self.known.items())[-_MOST:]:
            by_count[len(scores) // _BYTES].append(scores + array("d", interval).tobytes())
        head = {"format": _format(), "counts": [[count, len(rows)] for count, rows in by_count.items()]}
        body = b"".join(row for rows in by_count.values() for row in rows)
        write_kept(self._path, orjson.dumps(head) + b"\n" + body, str(self._folder))

    def _load(self, content: bytes) -> None:
        head, _, body = content.partition(b"\n")
        plain, start = orjson.loads(head), 0
        if plain["format"] != _format():
            return
        for count, rows in plain["counts"]:
            row = struct.Struct(f"={count * _BYTES}s2d")
            end = start + rows * row.size
            self.known |= {scores: (low, high) for scores, low, high in row.iter_unpack(body[start:end])}
            start = end


def _format() -> list[object]:
    """Return what the numbers of an interval hang on beside the scores."""
    sources = b"".join(Path(str(one.__file__)).read_bytes() for one in (intervals, student, values))
    return [
        1,
        VERSION,
        importlib.metadata.version("numpy"),
        zlib.crc32(sources),
    ]  # importing it costs a tenth of a second
