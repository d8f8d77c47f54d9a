"""What went wrong, in one line each; with `--debug` the whole traceback too."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from genharness.cli.screen.terminal import plain_wanted, say
from genharness.errors import MOST_MISTAKES, shown

__all__ = ["debug_option", "debugging", "print_errors", "show_traceback"]

_LONGEST_LINE = 4000  # characters

Command = TypeVar("Command", bound=Callable[..., Any])


def debug_option(command: Command) -> Command:
    """Give a command the option `--debug`, which it is not told of: `debugging` knows."""
    text = "Print the whole traceback of what fails."
    return click.option("--debug", is_flag=True, expose_value=False, callback=_note, help=text)(command)


def _note(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        _asked.append(True)


_asked: list[bool] = []
"""Not empty once `--debug` was read; click's context is gone where errors are caught."""


def debugging() -> bool:
    """Whether the user asked for tracebacks."""
    return bool(_asked)


def print_errors(lines: Iterable[str]) -> None:
    """Print lines of what went wrong, none of which can speak to the terminal or fill it."""
    told = list(lines)
    more = [f"and {len(told) - MOST_MISTAKES:,} more"] if len(told) > MOST_MISTAKES else []
    for line in [*told[:MOST_MISTAKES], *more]:
        click.secho("error: ", fg="red", nl=False, err=True, color=plain_wanted())
        say(shown(line, _LONGEST_LINE), err=True)


def show_traceback(error: BaseException) -> None:
    """Print an error's traceback if the user asked for it."""
    if debugging():
        for line in "".join(traceback.format_exception(error)).splitlines():
            say(line, err=True)
