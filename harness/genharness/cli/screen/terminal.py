"""Lines of the commands for people: each one line, whatever the names and reasons in it hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from genharness.files.paths import printable

if TYPE_CHECKING:
    from genharness.board.terminal import DataConsole

__all__ = ["console", "plain_wanted", "say"]


def console(*, stderr: bool = False) -> DataConsole:
    """Return a console for people; its width can be set with `COLUMNS`."""
    from genharness.board.terminal import DataConsole  # rich costs every `--help` 20 ms

    return DataConsole(stderr=stderr, soft_wrap=False)


def plain_wanted() -> bool | None:
    """Return False where `NO_COLOR` asks for text without colours (no-color.org), None where the terminal decides."""
    return False if os.environ.get("NO_COLOR") else None


def say(line: object, *, err: bool = False, fg: str | None = None, dim: bool | None = None) -> None:
    """Print one line, with what a terminal would obey in it escaped.

    Args:
        line: What to say.
        err: Whether it goes to stderr.
        fg: Colour, such as `red`.
        dim: Whether it is dim.
    """
    click.secho(printable(line), err=err, fg=fg, dim=dim, color=plain_wanted())
