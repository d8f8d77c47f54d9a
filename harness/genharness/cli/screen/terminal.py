"""Lines of the commands for people: each one line, whatever the names and reasons in it hold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from genharness.files.paths import printable
from genharness.plugin.own_output import output

if TYPE_CHECKING:
    from genharness.board.terminal import DataConsole

__all__ = ["console", "echo", "plain_wanted", "print_warnings", "say", "screen_state"]

_WARNINGS = 10
"""Warnings that are printed; a damaged disk may give one for each of thousands of records."""

_READ_BY_RICH = (
    "COLUMNS",
    "LINES",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
)
"""Environment variables by which a console decides its width and colours."""


def console(*, stderr: bool = False, width: int | None = None) -> DataConsole:
    """Return a console for people; its width can be set with `COLUMNS`."""
    from genharness.board.terminal import DataConsole  # rich costs every `--help` 20 ms

    return DataConsole(file=None if stderr else output(), stderr=stderr, soft_wrap=False, width=width)


def screen_state() -> list[Any]:
    """Return all that decides how wide and how coloured a `console` is; to ask one costs rich's 40 ms."""
    return [[os.environ.get(name) for name in _READ_BY_RICH], output().isatty(), [*map(_size, range(3))]]


def _size(descriptor: int) -> tuple[int, ...] | None:
    try:
        return tuple(os.get_terminal_size(descriptor))
    except OSError:  # no terminal, or closed
        return None


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


def print_warnings(warnings: Sequence[str]) -> None:
    """Print a line on stderr for each of the first warnings, and how many more there are."""
    for warning in warnings[:_WARNINGS]:
        say(f"warning: {warning}", err=True)
    if len(warnings) > _WARNINGS:
        say(f"warning: and {len(warnings) - _WARNINGS:,} more like these", err=True)
