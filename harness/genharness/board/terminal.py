"""What is written to a terminal: text is data there, and only styles of our own become codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len, chop_cells
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from genharness.files.paths import printable

__all__ = ["DataConsole", "in_lines", "longest_part"]


class DataConsole(Console):
    """A `rich.console.Console` that takes strings as they are, without markup, and shows control codes in them escaped.

    Styles come from `style=` and `rich.text.Text`, never from what a string holds.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"markup": False, "highlight": False, "emoji": False, **options})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments of something to print, none of which holds a control code that is not rich's own."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                lines = (printable(line) for line in segment.text.split("\n"))
                yield Segment("\n".join(lines), segment.style)

    def on_broken_pipe(self) -> None:
        """Leave it to the command line what a reader that went away means; rich would exit with 1.

        Raises:
            BrokenPipeError: It is called while that is handled.
        """
        raise  # what is being handled


def in_lines(text: str, room: int, indent: str = "") -> list[str]:
    """Return text in lines of at most `room` characters; nothing of it is left out.

    It is broken at blanks and behind commas; what is longer between these behind `=`, then behind `_` and `-`, then
    anywhere.

    Args:
        text: Without line breaks.
        room: Characters of a line.
        indent: What all lines but the first begin with.
    """
    lines = [""]
    for part in _parts(text, max(1, room - len(indent))):
        if lines[-1].strip() and cell_len((lines[-1] + part).rstrip()) > room:
            lines.append(indent)
        lines[-1] += part
    return [line.rstrip() for line in lines]


def longest_part(text: str) -> int:
    """Return how many characters the longest part of text has that is broken only where nothing else helps."""
    return max(cell_len(part.rstrip()) for part in _UNBROKEN.findall(text))


def _parts(text: str, most: int) -> Iterator[str]:
    for part in _UNBROKEN.findall(text):
        yield from _pieces(part, most, ("=", "[_-]"))


def _pieces(part: str, most: int, behind: Sequence[str]) -> list[str]:
    """Return pieces of at most `most` characters, broken behind the first of some signs that makes them so short."""
    if cell_len(part.rstrip()) <= most:
        return [part]
    if not behind:
        return chop_cells(part, most)
    return [piece for one in re.split(f"(?<={behind[0]})", part) for piece in _pieces(one, most, behind[1:])]


_UNBROKEN = re.compile("[^ ,]*,? *")
