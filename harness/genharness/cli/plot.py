"""`genharness plot` and `genharness animate`: figures for a paper, and films."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from genharness.board.rows import Group
from genharness.cli.options import DEFAULT_RESULTS, AnyPath, Number, Whole, results_argument, split_datasets
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import cells, columns, names_of
from genharness.cli.screen.terminal import print_warnings, say
from genharness.errors import ConfigError, RunError
from genharness.files.paths import printable
from genharness.plugin.registry import load_registry
from genharness.results.decisions import kept_decisions
from genharness.results.store import Store

__all__ = ["animate", "plot"]


@click.command()
@click.argument("what")
@results_argument
@click.option("-o", "--out", type=AnyPath(), help="Ends in .svg, .pdf or .png.  [default: WHAT.svg]")
@click.option(
    "--dataset",
    "datasets",
    shell_complete=names_of("datasets"),
    callback=split_datasets,
    help="Of this dataset, where there are several.",
)
@click.option("--protocol", default="", help="Of this protocol's hash, where there are several.")
@click.option("--sort", shell_complete=columns, help="Column to rank by, such as coverage.")
@click.option("--width", type=Number(1, 40), default=5.5, show_default=True, help="Inches, 1 to 40.")
@click.option("--rows", type=Whole(1, 100), default=12, show_default=True, help="Best rows at most, 1 to 100.")
@debug_option
def plot(
    what: str,
    results: Path,
    out: Path | None,
    datasets: tuple[str, ...] | None,
    protocol: str,
    sort: str | None,
    width: float,
    rows: int,
) -> None:
    """Draw WHAT of RESULTS for a paper, through matplotlib: pip install 'genharness[plot]'.

    WHAT is ranking, tradeoff, pairs, scores, curves, losses, classes, features, tsne, latents, samples, strips,
    reconstructions, or of sweeps heatmap, slices, importance, ablation. scores has a panel a model, of one score over
    training; curves a panel a score. The numbers are those of `genharness report`, colours and shapes too.

    \b
    Examples:
      genharness plot ranking -o ranking.pdf
      genharness plot losses results --dataset digits --width 7
      genharness plot tradeoff --sort coverage -o tradeoff.png
    """
    from genharness.board.build import build
    from genharness.figures.recorded import markers_of_board
    from genharness.plot.kinds import draw
    from genharness.plot.sheet import PlotRequest, save

    store = Store(results)
    board = build(
        store.records(), load_registry(), datasets=datasets or (), sort=sort, decisions=kept_decisions(store.folder)
    )
    group = _only(board.groups, protocol, store.folder)
    sheet = draw(what, PlotRequest(group, results, markers_of_board(board, results), width, rows))
    path = out or Path(f"{what}.svg")
    try:
        save(sheet, path)
    except OSError as error:
        raise RunError(f"cannot write {printable(path)} ({error.strerror}): name another with -o") from error
    say(path)
    print_warnings(store.warnings)


def _only(groups: list[Group], protocol: str, folder: Path) -> Group:
    """Return the group that is meant.

    Raises:
        ConfigError: There is none, or several.
    """
    found = [group for group in groups if group.protocol and group.protocol.hash.startswith(protocol)]
    if not found:
        raise ConfigError(f"nothing in {printable(folder)} is finished and of that dataset and protocol")
    if len(found) > 1:
        words = ", ".join(
            f"--dataset {group.dataset} --protocol {group.protocol.hash}" for group in found[:4] if group.protocol
        )
        raise ConfigError(f"there are {len(found)} tables to draw: name one: {words}")
    return found[0]


@click.command()
@click.argument("cell", shell_complete=cells)
@click.option("--results", type=AnyPath(), default=DEFAULT_RESULTS, show_default=True)
@click.option("-o", "--out", type=AnyPath(), help="Ends in .gif or .webp.  [default: CELL-WHAT.gif]")
@click.option("--what", type=click.Choice(["training", "interpolation"]), default="training", show_default=True)
@click.option(
    "--milliseconds", type=Whole(20, 5000), default=300, show_default=True, help="Of each picture, at most 5000."
)
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
