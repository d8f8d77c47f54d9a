"""What every reporter must do."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterable

from genharness.board.build import build
from genharness.board.render import RenderOptions
from genharness.board.rows import Board
from genharness.plugin.registry import load_factory, load_registry
from genharness.spec.options import build_config
from genharness.spec.plugins import ReporterSpec
from genharness.testing.check import Check, must
from genharness.testing.records import some_records

__all__ = ["reporter_checks"]


def reporter_checks(specs: ReporterSpec | Iterable[ReporterSpec]) -> list[Check]:
    """Return the checks of some reporters, on boards with everything that a board may hold."""
    many = [specs] if isinstance(specs, ReporterSpec) else specs
    return [check for spec in many for check in _checks_of(spec)]


def _checks_of(spec: ReporterSpec) -> list[Check]:
    boards = {
        "a board": some_records(),
        "a board of one seed": some_records(seeds=1),
        "failed cells alone": [one for one in some_records() if one.went_wrong],
        "nothing": [],
    }
    return [
        Check(f"{spec.name}: renders {what}", functools.partial(_renders, spec, build(records, load_registry())))
        for what, records in boards.items()
    ]


def _renders(spec: ReporterSpec, board: Board) -> None:
    """Gives text, the same each time, at every width, with and without colours, and leaves the board as it was."""
    render, config = load_factory(spec), build_config(spec.name, spec.config, {})
    before = copy.deepcopy(board)
    for options in (
        RenderOptions(config=config),
        RenderOptions(width=40, wide=True, config=config),
        RenderOptions(width=200, colour=True, config=config),
    ):
        text = render(board, options)
        must(isinstance(text, str), f"render gives {type(text).__name__}: it must give text")
        must(text == render(board, options), "render gives another text the second time")
    must(repr(before) == repr(board), "render changes the board")
