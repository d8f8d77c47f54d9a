"""`genharness report`: a results folder as one page that opens from the disk."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import click

from genharness.board.render import RenderOptions, rendered
from genharness.cli.options import AnyPath, datasets_option, read_settings, results_argument, split_names
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import columns, options
from genharness.cli.screen.terminal import print_warnings, say
from genharness.errors import ConfigError, RunError, refuse
from genharness.files.atomic import replace_folder, write_bytes
from genharness.files.gc_pause import no_collection
from genharness.files.paths import printable
from genharness.plugin.own_output import output
from genharness.plugin.registry import Registry, load_registry
from genharness.results.decisions import kept_decisions
from genharness.results.store import Store
from genharness.spec.options import PluginOptions
from genharness.spec.plugins import ReporterSpec
from genharness.study.settings import setting_errors

if TYPE_CHECKING:
    from genharness.board.rows import Board

__all__ = ["report"]

_REPORTER = "report"
_OURS = b"genharness report"
_HEAD_BYTES = 1 << 16


@click.command()
@results_argument
@click.option(
    "-o", "--out", type=AnyPath(), default=Path("report.html"), show_default=True, help="The page, or - for stdout."
)
@click.option("--site", type=AnyPath(), help="In place of one page: a folder with a page a dataset and a model.")
@datasets_option
@click.option("--sort", shell_complete=columns, help="Column to rank by, such as coverage.")
@click.option(
    "--columns", shell_complete=columns, callback=split_names, help="Only these columns in the table, comma-separated."
)
@click.option("--wide", is_flag=True, help="Every column in the table, however wide.")
@click.option("--format", "form", default=_REPORTER, show_default=True, help="The page's reporter, or a plugin's.")
@click.option(
    "--set",
    "settings",
    shell_complete=options,
    multiple=True,
    metavar="FORMAT.OPTION=VALUE",
    help="Option of the reporter.",
)
@debug_option
def report(
    results: Path,
    out: Path,
    site: Path | None,
    datasets: tuple[str, ...] | None,
    sort: str | None,
    columns: tuple[str, ...] | None,
    wide: bool,
    form: str,
    settings: tuple[str, ...],
) -> None:
    """Write RESULTS as one page: verdict, ranking, costs, curves, samples, failures, protocol.

    The page is one file. It opens from the disk, asks nothing of any network, works without JavaScript and by
    keyboard, prints, and is as dark or light as the system. Pictures and maps come from the folders of cells, where
    they were kept.

    \b
    Examples:
      genharness report
      genharness report results -o digits.html --dataset digits
      genharness report --sort coverage --columns fid,coverage,recall
      genharness report results --site pages
    """
    from genharness.cli.leaderboard import board_text
    from genharness.cli.screen.terminal import console

    registry = load_registry()
    reporter = registry.reporters.find(form)
    options, mistakes = read_settings(settings)
    refuse([*mistakes, *setting_errors(options, [reporter], registry)])
    _refuse_other(out) if site is None else _refuse_other_folder(site)
    store = Store(results)
    with no_collection():
        board = _board(store, registry, datasets or (), sort, columns or ())
        if site is None:
            _write(out, board_text(board, reporter, console(), wide=wide, settings=options, folder=results))
        else:
            _write_site(site, board, reporter, RenderOptions(wide=wide, folder=results), options)
    print_warnings(store.warnings)


def _board(
    store: Store, registry: Registry, datasets: tuple[str, ...], sort: str | None, columns: tuple[str, ...]
) -> Board:
    from genharness.board.build import build
    from genharness.figures.recorded import keep_markers

    board = build(
        store.records(), registry, datasets=datasets, sort=sort, columns=columns, decisions=kept_decisions(store.folder)
    )
    if not board.groups:
        raise RunError(f"there are no records in {store.folder}: run `genharness run` first")
    keep_markers(board, store.folder)
    return board


def _refuse_other(out: Path) -> None:
    """Refuse to write over a file that is no report.

    Raises:
        ConfigError: If `out` is a folder, or a file that genharness did not write.
    """
    if str(out) == "-" or not out.exists():
        return
    if not out.is_file():
        raise ConfigError(f"{printable(out)} is no file: name the page with -o")
    with out.open("rb") as file:
        if _OURS not in file.read(_HEAD_BYTES):
            raise ConfigError(f"{printable(out)} exists and is no report: name another page with -o")


def _refuse_other_folder(site: Path) -> None:
    """Refuse to write over a folder that holds anything but pages of genharness.

    Raises:
        ConfigError: If it does, or is a file.
    """
    if not site.exists():
        return
    if not site.is_dir():
        raise ConfigError(f"{printable(site)} is a file: name a folder with --site")
    other = next((path for path in site.iterdir() if not _is_ours(path)), None)
    if other is not None:
        raise ConfigError(f"{printable(site)} holds {printable(other.name)}, which is no report: name another")


def _is_ours(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return _OURS in file.read(_HEAD_BYTES)


def _write_site(
    site: Path, board: Board, reporter: ReporterSpec, options: RenderOptions, settings: PluginOptions
) -> None:
    """Write every page, or leave what was there."""
    from genharness.board.site import pages_of

    count = size = 0
    try:
        with replace_folder(site) as folder:
            for page in pages_of(board):
                text = rendered(page.board, reporter, dataclasses.replace(options, site=page.place), settings)
                content = text.encode("utf-8", "backslashreplace")
                (folder / page.file).write_bytes(content)
                count, size = count + 1, size + len(content)
    except OSError as error:
        raise RunError(f"cannot write {printable(site)} ({error.strerror}): name another with --site") from error
    say(f"{site}/index.html: {count} pages, {size / 1000:,.0f} kB")


def _write(out: Path, text: str) -> None:
    if str(out) == "-":
        output().write(text)
        return
    content = text.encode("utf-8", "backslashreplace")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(out, content)
    except OSError as error:
        raise RunError(f"cannot write {printable(out)} ({error.strerror}): name another page with -o") from error
    say(f"{out}: {len(content) / 1000:,.0f} kB")
