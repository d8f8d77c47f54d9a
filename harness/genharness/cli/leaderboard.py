"""`genharness leaderboard`: the ranking of a results folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from genharness.board.render import RenderOptions, rendered
from genharness.cli.options import datasets_option, read_settings, results_argument, split_names
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import columns, options
from genharness.cli.screen.sheets import SheetRequest, sheet_text
from genharness.cli.screen.terminal import console, echo, print_warnings, screen_state
from genharness.errors import refuse
from genharness.files.gc_pause import no_collection
from genharness.plugin.registry import Registry, entry_points, load_registry
from genharness.results.kept_text import KeptText
from genharness.results.store import Store
from genharness.spec.options import PluginOptions
from genharness.spec.plugins import ReporterSpec
from genharness.spec.record import Record

if TYPE_CHECKING:
    from rich.console import Console

    from genharness.board.choosing import Condition
    from genharness.board.rows import Board
    from genharness.results.decisions import KeptDecisions

__all__ = ["board_text", "leaderboard", "print_board", "show"]


@click.command()
@results_argument
@datasets_option
@click.option("--sort", shell_complete=columns, help="Column to rank by, such as coverage or train_seconds.")
@click.option(
    "--columns",
    shell_complete=columns,
    callback=split_names,
    help="Only these columns or settings, such as lr,budget,fid.",
)
@click.option("--models", callback=split_names, help="Only these models, and reference rows: names or patterns.")
@click.option("--where", multiple=True, help="Only rows with this setting: lr=2e-4, latent>16; repeatable.")
@click.option("--best-of", callback=split_names, help="Of these models the best row alone, and of how many it is.")
@click.option("--pivot", callback=split_names, metavar="A,B", help="A table of --value over two settings instead.")
@click.option("--importance", metavar="MODEL", help="Which settings of a model move --value most, instead.")
@click.option(
    "--time-to", metavar="COLUMN=SCORE", help="After how much training this score holds, such as fid=30, instead."
)
@click.option("--against", callback=split_names, help="For --time-to: seconds, images, flops.  [default: each]")
@click.option("--value", help="Column for --pivot and --importance; the one that ranks by default.")
@click.option(
    "--format", "form", default="table", show_default=True, help="table, json, csv, md, latex, or a plugin's."
)
@click.option("--seeds", type=click.Choice(["mean", "each"]), default="mean", show_default=True)
@click.option("--interval", is_flag=True, help="95 % intervals over training seeds instead of deviations.")
@click.option("--wide", is_flag=True, help="Every column, however wide.")
@click.option(
    "--set",
    "settings",
    shell_complete=options,
    multiple=True,
    metavar="FORMAT.OPTION=VALUE",
    help="Option of the format.",
)
@debug_option
def leaderboard(
    results: Path,
    datasets: tuple[str, ...] | None,
    sort: str | None,
    columns: tuple[str, ...] | None,
    models: tuple[str, ...] | None,
    where: tuple[str, ...],
    best_of: tuple[str, ...] | None,
    pivot: tuple[str, ...] | None,
    importance: str | None,
    time_to: str | None,
    against: tuple[str, ...] | None,
    value: str | None,
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
      genharness leaderboard --models dcgan --where 'lr<1e-3' --columns lr,latent,fid
      genharness leaderboard --models vae --where batch_size=64 --pivot lr,latent --value fid
      genharness leaderboard --best-of dcgan,vae
      genharness leaderboard --importance dcgan
      genharness leaderboard --time-to fid=30 --against seconds
    """
    asked_sheet = SheetRequest(pivot or (), importance or "", time_to or "", against or (), value or "")
    of_boards = {"--sort": sort, "--columns": columns, "--best-of": best_of, "--interval": interval, "--wide": wide}
    of_boards |= {"--set": settings, "--seeds": seeds == "each"}
    refuse(asked_sheet.without_effect([name for name, given in of_boards.items() if given]))
    if asked_sheet.kinds:
        registry, sheet_store = load_registry(), Store(results)
        rows = ShownRows.asked(models, where)
        records = rows.records(sheet_store, registry, history=asked_sheet.of_curves)
        echo(sheet_text(asked_sheet, records, registry, datasets or (), form))
        print_warnings(sheet_store.warnings)
        return
    options, mistakes = read_settings(settings)
    store = Store(results)
    asked = {"datasets": datasets, "sort": sort, "columns": columns, "seeds": seeds, "interval": interval}
    asked |= {"models": models, "where": where, "best_of": best_of}
    shown = {"form": form, "wide": wide, "settings": options, "screen": screen_state()}
    decisions = _decisions(results)
    with no_collection():  # what is imported and read stays to the end, and the collector would walk through all of it
        plugins = entry_points()
        kept = KeptText.of(store, {**asked, **shown, "decisions": [one.as_plain() for one in decisions]}, plugins)
        text = None if mistakes else kept.read()
        if text is None:  # what is kept was asked for before, and was no mistake: nothing is imported for it
            registry = kept.registry(plugins)
            reporter = registry.reporters.find(form)
            refuse([*mistakes, *_setting_errors(options, reporter, registry)])
            chosen = ShownRows.asked(models, where)
            from genharness.board.build import build
            from genharness.results.kept_intervals import kept_intervals
            from genharness.results.kept_standings import kept_standings

            folder = store.records_folder
            with kept_intervals(folder, wanted=interval) as known, kept_standings(folder) as standings:
                board = build(
                    chosen.records(store, registry),
                    registry,
                    datasets=datasets or (),
                    sort=sort,
                    columns=columns or (),
                    seeds=seeds,
                    interval=interval,
                    decisions=decisions,
                    known=known,
                    standings=standings,
                    best_of=best_of or (),
                )
                # rich, which a console asks, costs programs a tenth of their time
                out = console() if reporter.screen else None
                text = board_text(board, reporter, out, wide=wide, settings=options)
                del board  # while the collector pauses
            if not store.warnings and not registry.problems:
                kept.keep(text)
    echo(text)
    print_warnings(store.warnings)


def _setting_errors(options: PluginOptions, reporter: ReporterSpec, registry: Registry) -> list[str]:
    if not options:
        return []
    from genharness.study.settings import setting_errors

    return setting_errors(options, [reporter], registry)


@dataclass(frozen=True)
class ShownRows:
    """Which rows are shown.

    Attributes:
        models: Names and patterns; all when empty.
        where: Conditions on their settings.
    """

    models: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()

    @classmethod
    def asked(cls, models: Sequence[str] | None, where: Sequence[str]) -> ShownRows:
        """Return what options ask for.

        Raises:
            ConfigError: If a condition is none.
        """
        from genharness.board.choosing import parse_condition

        return cls(tuple(models or ()), tuple(map(parse_condition, where)))

    def records(self, store: Store, registry: Registry, *, history: bool = False) -> Iterable[Record]:
        """Return the records that are to be shown, with their curves over training where they are wanted."""
        from genharness.board.choosing import choose_records

        records = store.records() if history else store.table()
        if not self.models and not self.where:
            return records
        return choose_records(records, registry, self.models, self.where)


def _decisions(results: Path) -> list[KeptDecisions]:
    if not os.path.isdir(results / "decisions"):  # noqa: PTH112 -- False whatever the name; few studies have any
        return []
    from genharness.results.decisions import kept_decisions

    return list(kept_decisions(results))


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
    records = store.table()
    present = {piece[0].cell.dataset for piece in records.pieces}
    wanted = [dataset for dataset in datasets if dataset in present]
    if wanted:
        from genharness.board.build import build

        board = build(records, registry, datasets=wanted, decisions=_decisions(results))
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
    echo(board_text(board, reporter, out, wide=wide, settings=settings))


def board_text(
    board: Board,
    reporter: ReporterSpec,
    out: Console | None,
    *,
    wide: bool = False,
    settings: PluginOptions | None = None,
    folder: Path | None = None,
) -> str:
    """Return a board in the format of a reporter; machines read plain text.

    Args:
        board: What is to be shown.
        reporter: Its format.
        out: Where; None for a reporter that does not ask.
        wide: Show every column however wide that is.
        settings: Options by plugin name; the reporter gets its own.
        folder: The results folder, for reporters that show what cells keep.
    """
    options = RenderOptions(wide=wide, folder=folder)
    if out is not None:
        options = replace(options, width=out.width, colour=out.is_terminal)
    return rendered(board, reporter, options, settings or {})
