"""The markers of a results folder, kept beside the results: a model keeps its own when others are added."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from genharness.board.rows import Board
from genharness.figures.markers import SHAPES, Marker, markers_of
from genharness.files.atomic import write_bytes
from genharness.files.regular import read_regular

__all__ = ["FILE", "keep_markers", "markers_of_board"]

FILE = "markers.json"
_MOST_BYTES = 1 << 20


def markers_of_board(board: Board, folder: Path | None) -> dict[str, Marker]:
    """Return a marker for every model of a board, those that the folder has recorded first."""
    rows = [row for group in board.groups for row in group.rows]
    references = {row.model for row in rows if row.reference}
    dated = sorted(rows, key=lambda row: (min(one.started_at for one in row.records), row.model))
    lost = (record.cell.model for group in board.groups for record in group.failures)
    models = dict.fromkeys([*(row.model for row in dated if row.model not in references), *lost])
    return markers_of(models, sorted(references), _recorded(folder))


def keep_markers(board: Board, folder: Path) -> None:
    """Write down the markers of a board beside its results; a folder that cannot be written costs nothing else."""
    found = markers_of_board(board, folder)
    known = _recorded(folder)
    new = {name: (one.colour, SHAPES.index(one.shape)) for name, one in found.items() if one.colour is not None}
    if new.keys() - known.keys():
        try:
            write_bytes(folder / FILE, orjson.dumps({**known, **new}, option=orjson.OPT_INDENT_2))
        except OSError:
            return


def _recorded(folder: Path | None) -> Mapping[str, tuple[int, int]]:
    try:
        found = orjson.loads(read_regular(folder / FILE, _MOST_BYTES)) if folder else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
