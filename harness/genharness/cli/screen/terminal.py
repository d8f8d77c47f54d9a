"""Lines of the commands for people: each one line, whatever the names and reasons in it hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from genharness.files.paths import printable
from genharness.plugin.own_output import output

if TYPE_CHECKING:
    from genharness.board.terminal import DataConsole

__all__ = ["console", "echo", "plain_wanted", "say"]


def console(*, stderr: bool = False, width: int | None = None) -> DataConsole:
    """Return a console for people; its width can be set with `COLUMNS`."""
    from genharness.board.terminal import DataConsole  # rich costs every `--help` 20 ms

    return DataConsole(file=None if stderr else output(), stderr=stderr, soft_wrap=False, width=width)


def plain_wanted() -> bool | None:
    """Return False where `NO_COLOR` asks for text without colours (no-color.org), None where the terminal decides."""
    return False if os.environ.get("NO_COLOR") else None


def echo(text: str) -> None:
    """Print a result for programs as it is."""
    click.echo(text, file=output())


def say(line: object, *, err: bool = False, fg: str | None = None, dim: bool | None = None) -> None:
    """Print one line, with what a terminal would obey in it escaped.

    Args:
        line: What to say.
        err: Whether it goes to stderr.
        fg: Colour, such as `red`.
        dim: Whether it is dim.
    """
    file = None if err else output()
    click.secho(printable(line), file=file, err=err, fg=fg, dim=dim, color=plain_wanted())
