"""`genharness animate`: a cell's pictures in motion."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from genharness.cli.options import DEFAULT_RESULTS, AnyPath
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.terminal import say
from genharness.errors import RunError
from genharness.files.paths import printable
from genharness.results.store import Store

__all__ = ["animate"]


@click.command()
@click.argument("cell")
@click.option("--results", type=AnyPath(), default=DEFAULT_RESULTS, show_default=True)
@click.option("-o", "--out", type=AnyPath(), help="Ends in .gif or .webp.  [default: CELL-WHAT.gif]")
@click.option("--what", type=click.Choice(["training", "interpolation"]), default="training", show_default=True)
@click.option("--milliseconds", type=click.IntRange(20, 5000), default=300, show_default=True, help="Of each picture.")
@debug_option
def animate(
    cell: str, results: Path, out: Path | None, what: Literal["training", "interpolation"], milliseconds: int
) -> None:
    """Write the samples of CELL over training, or between codes, as a film.

    CELL is the beginning of a cell's id; the samples are of one seed, the same codes throughout.

    \b
    Examples:
      genharness animate dcgan-digits-s0
      genharness animate vae-digits --what interpolation -o between.webp
    """
    from genharness.figures.kept import KeptCell
    from genharness.plot.animation import film, save_film

    store = Store(results)
    record = store.find(cell)
    moments = film(KeptCell(store.cell(record.cell.id), record), what)
    path = out or Path(f"{record.cell.id}-{what}.gif")
    try:
        save_film(moments, path, milliseconds=milliseconds, hold=what == "training")
    except OSError as error:
        raise RunError(f"cannot write {printable(path)} ({error.strerror}): name another with -o") from error
    say(f"{path}: {len(moments)} pictures")
