"""`genharness publish` and `genharness merge`: results that others can open and join with theirs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import click
import orjson

from genharness.cli.options import AnyPath, results_argument
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.terminal import print_warnings, say
from genharness.errors import ConfigError, RunError, did_you_mean, shown
from genharness.files.atomic import replace_folder, write_bytes
from genharness.files.paths import printable
from genharness.images.names import first_of
from genharness.plugin.registry import load_registry
from genharness.results.decisions import KeptDecisions, kept_decisions, load_decisions, parse_decisions, save_decisions
from genharness.results.published import checked_files, is_published, write_index
from genharness.results.store import Store
from genharness.spec.record import Record

__all__ = ["merge", "publish"]

_PICTURES = ("grid", "strip", "interpolation", "reconstructions", "nearest_train")


@click.command()
@results_argument
@click.option(
    "--to", "target", type=AnyPath(), required=True, help="Folder to write; one that was published is replaced."
)
@click.option(
    "--pictures",
    metavar="A,B,...",
    default="all",
    show_default=True,
    help=f"Pictures to copy: all, none, or any of {', '.join(_PICTURES)}. The report has its own.",
)
@debug_option
def publish(results: Path, target: Path, pictures: str) -> None:
    """Write what of RESULTS is worth giving away: records, decisions, pictures, the report, and an index of hashes.

    What comes out is a results folder: leaderboard, compare, report and plot read it as it is, merge joins it with
    others. Loss curves are thinned to 60 points; checkpoints, samples, features and host names stay at home.

    \b
    Examples:
      genharness publish --to published/digits
      genharness publish runs/zoo --to published/zoo --pictures grid     much smaller
      genharness leaderboard published/digits
      genharness merge theirs/digits ours/digits --to all
    """
    wanted = _named_pictures(pictures)
    _refuse_target(results, target)
    store = Store(results)
    records = list(store.records())
    if not records:
        raise RunError(f"there are no records in {printable(results)}: run `genharness run` first")
    try:
        with replace_folder(target) as folder:
            _write_records(folder, records)
            for kept in kept_decisions(results):
                save_decisions(folder, kept)
            copied = sum(_copy_pictures(store, folder, record, wanted) for record in records)
            _write_report(folder, results)
            digest = write_index(folder)
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    except OSError as error:
        raise RunError(
            f"cannot write {printable(target)} ({error.strerror or error}): name another with --to"
        ) from error
    say(f"{target}: {len(records):,} records, {copied:,} pictures, {size / 1e6:,.1f} MB, content {digest[:12]}")
    print_warnings(store.warnings)


def _named_pictures(text: str) -> tuple[str, ...]:
    """Return the kinds of pictures that are asked for.

    Raises:
        ConfigError: If one is unknown.
    """
    if text in ("all", "none"):
        return _PICTURES if text == "all" else ()
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in _PICTURES:
            raise ConfigError(f"--pictures names {shown(name)!r}{did_you_mean(name, (*_PICTURES, 'all', 'none'))}")
    return tuple(names)


def _refuse_target(results: Path, target: Path) -> None:
    """Refuse to write over anything but a published folder, or into the results themselves.

    Raises:
        ConfigError: If `target` is such.
    """
    here, there = (Path(os.path.realpath(path)) for path in (results, target))
    if here == there or here in there.parents or there in here.parents:
        raise ConfigError(f"--to {printable(target)} lies within the results, or they in it: name another folder")
    if target.exists() and not (target.is_dir() and (is_published(target) or not any(target.iterdir()))):
        raise ConfigError(f"--to {printable(target)} exists and was not published: name another folder")


def _write_records(folder: Path, records: Iterable[Record]) -> None:
    from genharness.figures.curves import PUBLISHED_POINTS, binned

    (folder / "records").mkdir()
    for record in records:
        record.history.losses = {
            name: list(values) for name, values in binned(record.history.losses, PUBLISHED_POINTS).items()
        }
        record.environment.pop("hostname", None)
        content = orjson.dumps(record.as_plain(), option=orjson.OPT_SERIALIZE_NUMPY)
        (folder / "records" / f"{record.cell.id}.json").write_bytes(content)


def _copy_pictures(store: Store, folder: Path, record: Record, wanted: Iterable[str]) -> int:
    """Copy the pictures of a cell and the map of its codes, as many as there are, and return how many."""
    place = store.cell(record.cell.id)
    known = [*(place.picture(name) for name in wanted), place.latents]
    found = [path for path in known if path.is_file() and not path.is_symlink()]
    if found:
        target = folder / "cells" / place.path.name
        target.mkdir(parents=True)
        for path in found:
            shutil.copyfile(path, target / path.name)
    return sum(path.suffix == ".png" for path in found)


def _write_report(folder: Path, results: Path) -> None:
    """Write the page of the results themselves, which shows more than the published files hold."""
    from genharness.board.build import build
    from genharness.cli.leaderboard import board_text
    from genharness.cli.screen.terminal import console
    from genharness.figures.recorded import keep_markers

    registry = load_registry()
    board = build(Store(results).records(), registry, decisions=kept_decisions(results))
    keep_markers(board, folder)
    text = board_text(board, registry.reporters.find("report"), console(), folder=results)
    (folder / "report.html").write_text(text, encoding="utf-8", errors="backslashreplace")


@click.command()
@click.argument("folders", nargs=-1, required=True, type=AnyPath(), metavar="PUBLISHED...")
@click.option(
    "--to", "target", type=AnyPath(), required=True, help="Results folder to add to; made where it is missing."
)
@debug_option
def merge(folders: tuple[Path, ...], target: Path) -> None:
    """Join published results into one results folder, after checking every file against its index.

    Finished cells that are there already stay as they are, and are named where theirs have other scores. Rows of other
    settings, code or data stay apart, as always.

    \b
    Examples:
      genharness merge theirs/digits --to results
      genharness merge a b c --to all && genharness report all
    """
    contents = [(folder, checked_files(folder)) for folder in folders]
    found = [(folder, files, _records(files), _decisions(files)) for folder, files in contents]  # before any writing
    store = Store(target)
    store.open_for_writing()
    for folder, files, records, decisions in found:
        try:
            told = "".join([_take(store, files, records), *_take_decisions(store, decisions)])
        except OSError as error:
            reason = error.strerror or error
            raise RunError(f"cannot write {target} ({reason}): mend that, and the same command goes on") from error
        say(f"{folder}: {told}")
    print_warnings(store.warnings)


def _take(store: Store, files: Mapping[str, bytes], records: Mapping[str, Record]) -> str:
    """Add the records that are new, each after its pictures, and return how many are, were there, and differ there.

    What finished takes the place of what did not, whichever comes first and whatever the clocks of machines say.
    """
    added, known, others, mended = 0, 0, [], []
    for cell_id, record in records.items():
        mine = store.load(cell_id)
        if mine is not None and (mine.finished or not record.finished):
            known += 1
            others += [cell_id] if (mine.status, mine.scores) != (record.status, record.scores) else []
            continue
        for picture in (one for one in files if one.startswith(f"cells/{cell_id}/")):
            write_bytes(store.folder / picture, files[picture])
        write_bytes(store.record_path(cell_id), orjson.dumps(record.as_plain(), option=orjson.OPT_INDENT_2))
        added += 1
        mended += [cell_id] if mine is not None else []
    one = "record" if added == 1 else "records"
    place = f" ({len(mended):,} in the place of one that did not finish: {first_of(mended)})" if mended else ""
    told = f"{added:,} {one} added{place}, {known:,} {'was' if known == 1 else 'were'} there already"
    return f"{told}, {len(others):,} of them with other scores, which stay: {first_of(others)}" if others else told


def _take_decisions(store: Store, decisions: Iterable[KeptDecisions]) -> Iterator[str]:
    """Add what studies decided, of one study what comes from more looks, and yield what is to be said of it."""
    added = 0
    for kept in decisions:
        mine = load_decisions(store.folder, kept.name)
        if mine is not None and (mine.decisions, mine.lost) == (kept.decisions, kept.lost):
            continue
        here, there = mine.decisions.reached if mine else 0, kept.decisions.reached
        if there > here:
            save_decisions(store.folder, kept)
        if mine is None or not here:
            added += 1
        else:
            what = "in the place of" if there > here else "are others than"
            stay = "" if there > here else ", which stay"
            looks = "1 look" if here == 1 else f"{here} looks"
            yield f"; decisions of {kept.name} after look {there} {what} those of {looks} that were there{stay}"
    if added:
        yield f"; the decisions of {added} {'study' if added == 1 else 'studies'} added"


def _records(files: Mapping[str, bytes]) -> dict[str, Record]:
    """Return the records that were published, by the ids of their cells.

    Raises:
        RunError: If one is none.
    """
    ids = [path.removeprefix("records/").removesuffix(".json") for path in sorted(files) if path.startswith("records/")]
    return {cell_id: _parsed(files[f"records/{cell_id}.json"], cell_id) for cell_id in ids}


def _parsed(content: bytes, cell_id: str) -> Record:
    """Return a record that was published.

    Raises:
        RunError: If it is none.
    """
    try:
        plain = orjson.loads(content)
        record = Record.from_plain(plain, name=cell_id)
    except (ValueError, RecursionError) as error:
        raise RunError(f"{printable(cell_id)} is no record ({str(error).splitlines()[0]}): get it again") from error
    return record


def _decisions(files: Mapping[str, bytes]) -> list[KeptDecisions]:
    """Return the decisions that were published, each under its own name.

    Raises:
        RunError: If a file holds none, or those of another name.
    """
    found = []
    for path in sorted(path for path in files if path.startswith("decisions/")):
        try:
            kept = parse_decisions(files[path])
        except (ValueError, RecursionError) as error:
            reason = str(error).partition("\n")[0]
            raise RunError(f"{printable(path)} holds no decisions of a study ({reason}): get it again") from error
        if path != f"decisions/{kept.name}.json":
            raise RunError(f"{printable(path)} holds the decisions of another study, {kept.name}: get it again")
        found.append(kept)
    return found
