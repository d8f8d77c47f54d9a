"""`genharness check`: does a package keep the contracts of its plugins?"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import orjson
from rich import box
from rich.table import Table
from rich.text import Text

from genharness.board.escapes import as_json
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.terminal import console, echo, say
from genharness.files.paths import printable

if TYPE_CHECKING:
    from genharness.testing.packages import CheckResult

__all__ = ["check"]

_STYLES = {"ok": "green", "failed": "red", "skipped": "dim"}


@click.command()
@click.argument("package")
@click.option("--exhaustive", is_flag=True, help="Every image size, more steps, executors of clusters too.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@debug_option
def check(package: str, exhaustive: bool, form: str) -> None:
    """Run the conformance suite on every plugin of PACKAGE: a folder, a file, or an installed distribution.

    Each check that fails names what the contract says and how it is broken. The exit code is 2 where one does.

    \b
    Examples:
      genharness check .
      genharness check my_model.py
      genharness check my-package --exhaustive
      genharness check . --format json
    """
    from genharness.testing.packages import modules_of, package_checks, registered, run_checks

    checks = package_checks(registered(modules_of(package)), exhaustive=exhaustive)
    results: list[CheckResult] = []
    out = console()
    with out.status("") as status:
        for one, result in zip(checks, run_checks(checks), strict=True):
            status.update(Text(printable(str(one))))
            results.append(result)
    if form == "json":
        plain = [dataclasses.asdict(result) for result in results]
        echo(as_json(orjson.dumps(plain, option=orjson.OPT_INDENT_2).decode()))
    else:
        out.print(_table(results))
        for result in results:
            if result.outcome == "failed":
                say(f"{result.name}: the contract: {result.contract}", err=True)
    failed = sum(result.outcome == "failed" for result in results)
    say(f"{len(results)} checks, {failed} failed", err=True)
    sys.exit(2 if failed else 0)


def _table(results: Sequence[CheckResult]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("check", "", "seconds"):
        table.add_column(title, justify="right" if title == "seconds" else "left")
    for result in results:
        outcome = Text(result.outcome, style=_STYLES[result.outcome])
        outcome.append(f": {printable(result.reason)}" if result.reason else "", style="default")
        table.add_row(Text(printable(result.name)), outcome, f"{result.seconds:.1f}")
    return table
