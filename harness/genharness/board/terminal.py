"""What is written to a terminal: text is data there, and only styles of our own become codes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from genharness.files.paths import printable

__all__ = ["DataConsole"]


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
