"""`genharness new`: a plugin package to start from."""

from __future__ import annotations

from pathlib import Path

import click

from genharness.cli.options import AnyPath
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.terminal import say
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.scaffold.examples import KINDS
from genharness.scaffold.packages import write_package

__all__ = ["new"]


@click.command()
@click.argument("kind", metavar=f"[{'|'.join(KINDS)}]")
@click.argument("name")
@click.option("--path", type=AnyPath(), help="Folder to write; ./NAME by default.")
@debug_option
def new(kind: str, name: str, path: Path | None) -> None:
    """Write a package with a plugin of KIND called NAME: two files, a test, a README and a workflow for CI.

    It works as it stands: change it into yours. `genharness check FOLDER` says whether it keeps the contract, installed
    or not.

    \b
    Examples:
      genharness new model my-gan
      genharness new metric edge-distance --path ~/code/edge-distance
      genharness new tracker my-tracker && genharness check my-tracker
    """
    folder = path or Path(name)
    _refuse_taken(kind, name)
    for file in write_package(folder, kind, name):
        say(str(file))
    say(f"next: genharness check {folder}   pip install -e {folder}   genharness list {KINDS[kind]}")


def _refuse_taken(kind: str, name: str) -> None:
    """Raise for the name of a plugin that there is already: two of one name are an error in every command."""
    if kind in KINDS and name in getattr(load_registry(), KINDS[kind]):
        raise ConfigError(f"there is a {kind} {name!r} already: choose another name")
