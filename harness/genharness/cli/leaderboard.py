"""`genharness leaderboard`: the ranking of a results folder."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from rich.console import Console

from genharness.board.render import RenderOptions, rendered
from genharness.cli.options import read_settings, results_argument, split_datasets, split_names
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.display import print_warnings
from genharness.cli.screen.terminal import console
from genharness.errors import refuse
from genharness.files.gc_pause import no_collection
from genharness.plugin.registry import load_registry
from genharness.results.decisions import kept_decisions
from genharness.results.kept_text import KeptText
from genharness.results.store import Store
from genharness.spec.options import PluginOptions
from genharness.spec.plugins import ReporterSpec
from genharness.study.settings import setting_errors

if TYPE_CHECKING:
    from genharness.board.rows import Board

__all__ = ["board_text", "leaderboard", "print_board", "show"]


@click.command()
@results_argument
@click.option("--dataset", "datasets", callback=split_datasets, help="Only these datasets, comma-separated.")
@click.option("--sort", help="Column to rank by, such as coverage or train_seconds.")
@click.option("--columns", callback=split_names, help="Only these columns, in this order, comma-separated.")
@click.option(
    "--format", "form", default="table", show_default=True, help="table, json, csv, md, latex, or a plugin's."
)
@click.option("--seeds", type=click.Choice(["mean", "each"]), default="mean", show_default=True)
@click.option("--interval", is_flag=True, help="95 % intervals over training seeds instead of deviations.")
@click.option("--wide", is_flag=True, help="Every column, however wide.")
@click.option("--set", "settings", multiple=True, metavar="FORMAT.OPTION=VALUE", help="Option of the format.")
@debug_option
def leaderboard(
    results: Path,
    datasets: tuple[str, ...] | None,
    sort: str | None,
    columns: tuple[str, ...] | None,
    form: str,
    seeds: Literal["mean", "each"],
    interval: bool,
    wide: bool,
    settings: tuple[str, ...],
) -> None:
    """Show the leaderboard of RESULTS, grouped by dataset and protocol.

    Scores of different protocols never stand in one ranking. Every row has the interval of its rank over training
    seeds; bold are, from three seeds on, the rows that no other row beats, where they are few. Reference rows (real,
    noise, ...) are dim and do not compete; rows whose samples collapsed are marked.

    \b
    Examples:
      genharness leaderboard
      genharness leaderboard results --dataset digits --sort coverage
      genharness leaderboard --columns fid,coverage,train_seconds --format md
      genharness leaderboard --seeds each --format csv > scores.csv
    """
    registry = load_registry()
    reporter = registry.reporters.find(form)
    options, mistakes = read_settings(settings)
    refuse([*mistakes, *setting_errors(options, [reporter], registry)])
    store, out = Store(results), console()
    asked = {"datasets": datasets, "sort": sort, "columns": columns, "seeds": seeds, "interval": interval}
    shown = {"form": form, "wide": wide, "settings": options, "width": out.width, "colour": _colour(out)}
    decisions = list(kept_decisions(results))
    kept = KeptText.of(store, registry, {**asked, **shown, "decisions": [one.as_plain() for one in decisions]})
    text = kept.read()
    if text is None:
        from genharness.board.build import build  # a table that is kept needs none of it

        with no_collection():
            board = build(
                store.records(history=False),
                registry,
                datasets=datasets or (),
                sort=sort,
                columns=columns or (),
                seeds=seeds,
                interval=interval,
                decisions=decisions,
            )
            text = board_text(board, reporter, out, wide=wide, settings=options)
        if not store.warnings:
            kept.keep(text)
    click.echo(text)
    print_warnings(store.warnings)


def _colour(out: Console) -> str:
    return str(out.color_system) if out.is_terminal else ""


def show(
    results: Path,
    out: Console,
    datasets: Sequence[str] = (),
    settings: PluginOptions | None = None,
    told: Collection[str] = (),
) -> None:
    """Print the table of a results folder after a run; datasets of which there is nothing to say are left out.

    Args:
        results: The folder.
        out: Where to.
        datasets: Only these.
        settings: Options by plugin name.
        told: Ids of cells of which the run has told already how they ended.
    """
    registry = load_registry()
    store = Store(results)
    records = list(store.records(history=False))
    present = {record.cell.dataset for record in records}
    wanted = [dataset for dataset in datasets if dataset in present]
    if wanted:
        from genharness.board.build import build

        board = build(records, registry, datasets=wanted, decisions=kept_decisions(results))
        for group in board.groups:
            group.failures = [record for record in group.failures if record.cell.id not in told]
        board.groups = [group for group in board.groups if group.rows or group.failures]
        if board.groups:
            print_board(board, registry.reporters.find("table"), out, settings=settings)
    print_warnings(store.warnings)


def print_board(
    board: Board, reporter: ReporterSpec, out: Console, *, wide: bool = False, settings: PluginOptions | None = None
) -> None:
    """Print what `board_text` returns."""
    click.echo(board_text(board, reporter, out, wide=wide, settings=settings))


def board_text(
    board: Board,
    reporter: ReporterSpec,
    out: Console,
    *,
    wide: bool = False,
    settings: PluginOptions | None = None,
    folder: Path | None = None,
) -> str:
    """Return a board in the format of a reporter; machines read plain text.

    Args:
        board: What is to be shown.
        reporter: Its format.
        out: Where.
        wide: Show every column however wide that is.
        settings: Options by plugin name; the reporter gets its own.
        folder: The results folder, for reporters that show what cells keep.
    """
    options = RenderOptions(width=out.width, colour=out.is_terminal, wide=wide, folder=folder)
    return rendered(board, reporter, options, settings or {})
