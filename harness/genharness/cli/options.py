"""Options and conversions that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
from click.shell_completion import CompletionItem

from genharness.cli.screen.completion import BY_OPTION, names_of
from genharness.errors import ConfigError, DataError, shown
from genharness.files.paths import expanded, input_path, printable
from genharness.spec.dataset_name import MOST_SAMPLES, split_references
from genharness.spec.flags import flag, parse_setting
from genharness.spec.options import Option, check_value, options_of, read_options

__all__ = [
    "AnyPath",
    "InputPath",
    "Number",
    "Whole",
    "datasets_option",
    "declared",
    "format_errors",
    "given",
    "plan_format",
    "read_given",
    "read_settings",
    "results_argument",
    "split_datasets",
    "split_names",
]

DEFAULT_RESULTS = Path("results")


class InputPath(click.ParamType):  # type: ignore[type-arg]  # generic in click's newest release only
    """A file or folder of the user's that must exist."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path, `~` resolved."""
        found = input_path(str(value))
        if found is None and not _names_labels(str(value)):
            raise DataError(f"{printable(value)} does not exist: check the path")
        return found or expanded(str(value))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Leave it to the shell, which knows the files."""
        return [CompletionItem(incomplete, type="file")]


def _names_labels(value: str) -> bool:
    if "#label=" not in value:
        return False
    from genharness.images.stored.opening import labelled_file

    return bool(labelled_file(expanded(value))[1])


class AnyPath(click.ParamType):  # type: ignore[type-arg]  # generic in click's newest release only
    """A file or folder of the user's that need not be there yet."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path, `~` resolved."""
        if value == "":  # of an unset variable of a shell, and would be the working directory
            name = param.opts[0] if param else "a path"
            raise DataError(f"{name} is empty: name a file or folder (. is the current one)")
        path = expanded(str(value))
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return path
        except (OSError, ValueError) as error:  # too long, no permission
            reason = getattr(error, "strerror", None) or error
            raise DataError(f"{shown(printable(value))} is no possible path ({reason}): name another") from error
        return path

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Leave it to the shell, which knows the files."""
        return [CompletionItem(incomplete, type="file")]


class Number(click.ParamType):  # type: ignore[type-arg]  # generic in click's newest release only
    """A number of a command without a Config, refused in the words that Configs have; click's ranges hold NaN.

    Args:
        low: Smallest.
        high: Largest.
    """

    name = "number"

    def __init__(self, low: float, high: float) -> None:
        self._option = Option(name="", type=float, optional=False, default=None, help="", low=low, high=high)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number: float = check_value(param.opts[0] if param else "value", self._option, value)
        return number


class Whole(click.ParamType):  # type: ignore[type-arg]  # generic in click's newest release only
    """A whole number of a command without a Config, refused in the words that Configs have.

    Args:
        low: Smallest.
        high: Largest.
    """

    name = "integer"

    def __init__(self, low: int, high: int = MOST_SAMPLES) -> None:
        self._option = Option(name="", type=int, optional=False, default=None, help="", low=low, high=high)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        number: int = check_value(param.opts[0] if param else "value", self._option, value)
        return number


def split_names(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Split a comma-separated option."""
    return None if value is None else tuple(part.strip() for part in value.split(",") if part.strip())


def split_datasets(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Split a comma-separated option of datasets, whose paths may hold commas."""
    return None if value is None else split_references(value)


def declared(
    config: type, *names: str, flags: Mapping[str, str] = MappingProxyType({})
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add command-line options for fields of a Config: as text, which `given` checks as every other source is checked.

    Args:
        config: Where the options are declared.
        names: Which of them, in the order of the help.
        flags: Option by field, where it is not the field's name.
    """
    known = {spec.name: spec for spec in options_of(config)}

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in reversed(names):
            function = _click_option(known[name], flags.get(name, flag(name)))(function)
        return function

    return add


def _click_option(spec: Option, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    if spec.type is bool:
        return click.option(name, is_flag=True, default=None, help=f"{spec.help}.")
    default = "" if spec.default in (None, "", (), (0,)) else f"  [default: {_words(spec.default)}]"
    complete = BY_OPTION.get(spec.name)
    return click.option(name, metavar=_metavar(spec), help=f"{spec.help}.{default}", shell_complete=complete)


def _words(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else f"{value}"


def _metavar(spec: Option) -> str:
    if spec.choices:
        return f"[{'|'.join(map(str, spec.choices))}]"
    return {int: "INTEGER", float: "NUMBER", tuple: "A,B,..."}.get(spec.type, "TEXT")


def given(config: type, options: Mapping[str, Any], flags: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """Return what the command line gives of a Config's fields, as it was written.

    Args:
        config: Where the options are declared.
        options: The parameters of the command, as click gives them; those of no field are passed over.
        flags: Option by field, where it is not the field's name, as in `declared`.
    """
    values = {}
    for spec in options_of(config):
        value = options.get(flags.get(spec.name, flag(spec.name)).lstrip("-").replace("-", "_"))
        if value is not None and spec.type is not dict:
            values[spec.name] = value
    return values


def read_given(
    config: type, options: Mapping[str, Any], flags: Mapping[str, str] = MappingProxyType({})
) -> tuple[dict[str, Any], list[str]]:
    """Return what `given` gives, checked, and every mistake, one line each."""
    values = given(config, options, flags)
    return read_options("the command line", config, values, lambda name: flags.get(name, flag(name)))


def read_settings(texts: Iterable[str], name: str = "--set") -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return the options by plugin that `NAME.OPTION=VALUE` gives, and every mistake, one line each.

    Args:
        texts: What was written.
        name: The command-line option that they stand behind.
    """
    values: dict[str, dict[str, str]] = {}
    mistakes: list[str] = []
    for text in texts:
        try:
            owner, option, value = parse_setting(text, name)
        except ConfigError as error:
            mistakes += error.lines
        else:
            if values.setdefault(owner, {}).setdefault(option, value) != value:
                mistakes.append(f"{name} {owner}.{option} was given twice: leave one out{_together(name)}")
    return values, mistakes


def _together(name: str) -> str:
    """Return how several values of one option are written, behind the options that may have some."""
    return ", or write values with commas between" if name == "--sweep" else ""


def plan_format(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--format`, which is of `--plan`."""
    form = click.Choice(["table", "json"])
    return click.option(
        "--format", "form", type=form, default="table", show_default=True, help="How --plan is written: table or json."
    )(function)


def format_errors(options: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with `plan_format` among the options of a command that has `--plan`."""
    stray = options["form"] != "table" and not options["plan_only"]
    where = "`genharness leaderboard --format json` gives the table of what was run"
    return [f"--format={options['form']} is of --plan: give that too ({where})"] if stray else []


def results_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the optional argument RESULTS."""
    return click.argument("results", type=AnyPath(), default=DEFAULT_RESULTS)(function)


def datasets_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--dataset`, which keeps the rows of some datasets."""
    add = click.option(
        "--dataset",
        "datasets",
        shell_complete=names_of("datasets"),
        callback=split_datasets,
        help="Only these datasets, comma-separated.",
    )
    return add(function)
