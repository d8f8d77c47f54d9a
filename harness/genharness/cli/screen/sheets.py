"""Tables that stand in the place of a leaderboard: a pivot, what settings matter, and how fast rows got good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genharness.errors import ConfigError
from genharness.plugin.registry import Registry
from genharness.spec.record import Record

if TYPE_CHECKING:
    from genharness.board.rows import Board
    from genharness.board.sheets import Sheet

__all__ = ["SheetRequest", "sheet_text"]


@dataclass(frozen=True)
class SheetRequest:
    """What table is asked for.

    Attributes:
        pivot: Two settings.
        importance: A model.
        time_to: A threshold, `COLUMN=SCORE`.
        against: What it is reached by: `seconds`, `images`, `flops`; all when empty.
        value: Column of the first two; the one that ranks when empty.
    """

    pivot: Sequence[str] = ()
    importance: str = ""
    time_to: str = ""
    against: Sequence[str] = ()
    value: str = ""

    @property
    def kinds(self) -> list[str]:
        """The options by which a table is asked for."""
        asked = {"--pivot": self.pivot, "--importance": self.importance, "--time-to": self.time_to}
        return [name for name, given in asked.items() if given]

    def without_effect(self, of_boards: Sequence[str]) -> list[str]:
        """Return a line for each option that was given and that what is asked for does not read.

        Args:
            of_boards: Options that were given and that leaderboards alone read.
        """
        if self.kinds:
            kind = self.kinds[0]
            unread = [
                f"{name} is of leaderboards, and {kind} is a table of its own: leave one out" for name in of_boards
            ]
        else:
            unread = []
        readers = {
            "--value": (self.value, ("--pivot", "--importance")),
            "--against": (self.against, ("--time-to",)),
        }
        return unread + [
            f"{name} is read by {' and '.join(by)}: give {'one of them' if len(by) > 1 else 'it'} too"
            for name, (given, by) in readers.items()
            if given and not set(by) & set(self.kinds)
        ]

    @property
    def of_curves(self) -> bool:
        """Whether it is made of curves over training."""
        return bool(self.time_to)


def sheet_text(
    asked: SheetRequest, records: Iterable[Record], registry: Registry, datasets: Sequence[str], form: str
) -> str:
    """Return a table in a format.

    Args:
        asked: Which.
        records: What was measured.
        registry: Gives titles and directions.
        datasets: Only these; all when empty.
        form: Such as `table` or `json`.

    Raises:
        ConfigError: If several tables are asked for at once, or the one cannot be made.
    """
    from genharness.board.build import build
    from genharness.board.sheets import render_sheets

    if len(asked.kinds) > 1:
        raise ConfigError(f"{' and '.join(asked.kinds)} exclude each other: ask for one after the other")
    return render_sheets(_sheets(build(records, registry, datasets=datasets), asked), form)


def _sheets(board: Board, asked: SheetRequest) -> list[Sheet]:
    from genharness.board.sweeps.importance import importance_sheets
    from genharness.board.sweeps.pivot import pivot_sheets
    from genharness.board.sweeps.speed import parse_threshold, speed_sheets

    if asked.time_to:
        return speed_sheets(board, parse_threshold(asked.time_to), asked.against)
    value = asked.value or next((group.compared[0].key for group in board.groups if group.compared), "")
    if not value:
        raise ConfigError("no column ranks these rows: name one with --value")
    if asked.importance:
        return importance_sheets(board, asked.importance, value)
    return pivot_sheets(board, asked.pivot, value)
