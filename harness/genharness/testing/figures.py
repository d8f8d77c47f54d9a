"""What every plugin that adds figures to a report must do."""

from __future__ import annotations

import copy
import functools
import tempfile
from collections.abc import Iterable
from pathlib import Path

from genharness.board.build import build
from genharness.board.rows import Board
from genharness.figures.given import checked_figures
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.options import build_config
from genharness.spec.plugins import FigureSpec
from genharness.testing.check import Check, must
from genharness.testing.records import some_records

__all__ = ["figure_checks"]


def figure_checks(specs: FigureSpec | Iterable[FigureSpec]) -> list[Check]:
    """Return the checks of some figures, on boards with everything that a board may hold."""
    many = [specs] if isinstance(specs, FigureSpec) else specs
    boards = {
        "a board": some_records(),
        "a board of one seed": some_records(seeds=1),
        "failed cells alone": [one for one in some_records() if one.went_wrong],
    }
    return [
        Check(f"{spec.name}: draws {what}", functools.partial(_draws, spec, build(records, load_registry())), of=_draws)
        for spec in many
        for what, records in boards.items()
    ]


def _draws(spec: FigureSpec, board: Board) -> None:
    """Gives figures that a page can hold, the same each time, with and without a folder, and leaves the board alone."""
    draw, config = load_factory(spec), build_config(spec.name, spec.config, {})
    before = repr(copy.deepcopy(board))
    with tempfile.TemporaryDirectory(prefix="genharness-conformance-") as folder:
        for group in board.groups:
            for place in (None, Path(folder)):
                figures = checked_figures(spec, draw(group, place, config))
                must(figures == checked_figures(spec, draw(group, place, config)), "the second time is another")
        must(not any(Path(folder).iterdir()), "it writes into the results folder")
    must(repr(board) == before, "it changes the board")
