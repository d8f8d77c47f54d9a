"""`genharness results`: the cells of a results folder, and how to be rid of some."""

from __future__ import annotations

import fnmatch
import json
import typing
from collections.abc import Callable, Sequence
from pathlib import Path

import click
from rich.table import Table

from genharness.board.choosing import Condition, parse_condition
from genharness.cli.options import datasets_option, results_argument, split_names
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.data_views import megabytes
from genharness.cli.screen.terminal import console, echo, print_warnings, say
from genharness.errors import ConfigError, did_you_mean, refuse, shown
from genharness.files.turns import is_taken
from genharness.results.configuration import settings
from genharness.results.removing import Removal, removals, remove
from genharness.results.store import Store
from genharness.spec.dataset_name import recorded_name
from genharness.spec.record import Record, Status
from genharness.study.variants import told_apart

__all__ = ["results"]

_SHOWN = 50

_STATUSES = typing.get_args(Status)

_FINISHED = "finished"
"""What people call the status `ok`."""


@click.group()
def results() -> None:
    """List the cells of a results folder, and remove those that should go.

    \b
    Examples:
      genharness results list results --models dcgan --where 'lr>1e-3'
      genharness results remove results --status failed --dry-run
    """


def _statuses(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...] | None:
    """Read how cells ended.

    Raises:
        ConfigError: For every word that is no status, one line each.
    """
    names = split_names(context, parameter, value)
    wanted = None if names is None else tuple("ok" if one == _FINISHED else one for one in names)
    unknown = [one for one in wanted or () if one not in _STATUSES]
    refuse(f"no cell ends as {shown(one)!r}{did_you_mean(one, _STATUSES)}" for one in unknown)
    return wanted


def _choices(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that choose cells."""
    for add in (
        debug_option,
        click.option("--status", callback=_statuses, help=f"Only these: {', '.join(_STATUSES)}."),
        click.option("--where", multiple=True, help="Only with this setting: lr=2e-4, seed>3; repeatable."),
        datasets_option,
        click.option("--models", callback=split_names, help="Only these models: names or patterns."),
        click.option("--cell", "cells", multiple=True, help="Only cells whose id begins so; repeatable."),
        results_argument,
    ):
        function = add(function)
    return function


@results.command(name="list")
@_choices
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_cells(
    results: Path,
    cells: Sequence[str],
    models: Sequence[str] | None,
    datasets: Sequence[str] | None,
    where: Sequence[str],
    status: Sequence[str] | None,
    as_json: bool,
) -> None:
    """List cells with their status and what they take on the disk.

    \b
    Examples:
      genharness results list
      genharness results list results --status failed,diverged --json
    """
    store = Store(results)
    wanted = _wanted(cells, models, datasets, where, status)
    records = list(store.records(history=False))
    _refuse_strangers(records, cells, models, datasets, where)
    found = removals(store, wanted, records)
    if as_json:
        echo(json.dumps([_plain(one) for one in found], indent=2))
    else:
        _show(found)
    print_warnings(store.warnings)


@results.command(name="remove")
@_choices
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def remove_cells(
    results: Path,
    cells: Sequence[str],
    models: Sequence[str] | None,
    datasets: Sequence[str] | None,
    where: Sequence[str],
    status: Sequence[str] | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Remove cells: their records, samples and pictures, and trainings that no cell that stays needs.

    Without a choice nothing is removed, and nothing while one of the cells is being run.

    \b
    Examples:
      genharness results remove results --models vae --where 'lr>1e-2' --dry-run
      genharness results remove results --cell dcgan-digits-s0-5f0c33a1b2 --yes
    """
    if not any((cells, models, datasets, where, status)):
        raise ConfigError("name what is to go: --cell, --models, --dataset, --where or --status")
    store = Store(results)
    wanted = _wanted(cells, models, datasets, where, status)
    records = list(store.records(history=False))
    _refuse_strangers(records, cells, models, datasets, where)
    found = removals(store, wanted, records)
    if not found:
        say("no cell fits: nothing is removed")
        return
    busy = [one.record.cell.id for one in found if is_taken(store.cell(one.record.cell.id).lock)]
    refuse(f"{cell_id} is being run: stop that first (see `genharness watch`)" for cell_id in busy)
    _show(found)
    if dry_run:
        say("nothing was removed")
        return
    if not yes:
        click.confirm(f"remove {_total(found)}?", abort=True)
    remove(found)
    say(f"removed {_total(found)}")


def _wanted(
    cells: Sequence[str],
    models: Sequence[str] | None,
    datasets: Sequence[str] | None,
    where: Sequence[str],
    status: Sequence[str] | None,
) -> Callable[[Record], bool]:
    named = {"--cell": [*cells] or None, "--models": models, "--dataset": datasets, "--status": status}
    refuse(
        f"{option} names nothing: name one, or leave it out"  # as of a variable that a script did not set
        for option, names in named.items()
        if names is not None and not (names and all(one.strip() for one in names))
    )
    conditions = [parse_condition(text) for text in where]
    meant = {one for name in datasets or () for one in (name, recorded_name(name))}

    def fits(record: Record) -> bool:
        cell = record.cell
        return (
            (not cells or cell.id.startswith(tuple(cells)))
            and (not models or any(fnmatch.fnmatchcase(cell.model, one) for one in models))
            and (not datasets or cell.dataset in meant)
            and (not status or record.status in status)
            and _holds(conditions, record)
        )

    return fits


def _holds(conditions: Sequence[Condition], record: Record) -> bool:
    found = {**settings(record), "seed": record.cell.seed} if conditions else {}
    return all(one.holds(found) for one in conditions)


def _refuse_strangers(
    records: Sequence[Record],
    cells: Sequence[str],
    models: Sequence[str] | None,
    datasets: Sequence[str] | None,
    where: Sequence[str],
) -> None:
    """Refuse cells, models, datasets and settings that there are none of: of a misspelt name nothing would go."""
    nowhere = [one for one in cells if not any(record.cell.id.startswith(one) for record in records)]
    seen = {record.cell.dataset for record in records}
    unseen = [one for one in datasets or () if not {one, recorded_name(one)} & seen]
    names = {record.cell.model for record in records}
    absent = [one for one in models or () if not fnmatch.filter(names, one)]
    known = {name for record in records for name in settings(record)} | {"seed"} if where and records else set()
    unknown = [one.setting for one in map(parse_condition, where) if known and one.setting not in known]
    refuse(
        [
            *(f"no cell {shown(one)!r}" for one in nowhere),
            *(f"no results of the model {shown(one)!r}{did_you_mean(one, names)}" for one in absent),
            *(f"no results of the dataset {shown(one)!r}{did_you_mean(one, seen)}" for one in unseen),
            *(f"--where: no cell has a setting {shown(one)!r}{did_you_mean(one, known)}" for one in unknown),
        ]
    )


def _show(found: Sequence[Removal]) -> None:
    """Print cells, each with the settings in which it differs from others of its model."""
    names = told_apart(one.record.cell for one in found)
    stays = any(one.shared_with for one in found)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("cell", "what it is", "status", "size", *(["training"] if stays else [])):
        right, whole = title == "size", title == "cell"  # an id is copied into the next command
        table.add_column(title, justify="right" if right else "left", overflow="fold", no_wrap=whole)
    for one in found[:_SHOWN]:
        cell = one.record.cell
        kept = f"stays: {one.shared_with} other cells need it" if one.shared_with else ""
        entries = (cell.id, names[cell.id], one.record.status, megabytes(one.size_bytes))
        table.add_row(*entries, *([kept] if stays else []))
    if found:
        console().print(table)
    if len(found) > _SHOWN:
        say(f"and {len(found) - _SHOWN:,} more")
    say(_total(found))


def _total(found: Sequence[Removal]) -> str:
    return f"{len(found):,} cell{'' if len(found) == 1 else 's'}, {megabytes(sum(one.size_bytes for one in found))}"


def _plain(one: Removal) -> dict[str, object]:
    cell = one.record.cell
    return {
        "cell": cell.id,
        "model": cell.model,
        "dataset": cell.dataset,
        "seed": cell.seed,
        "settings": settings(one.record),
        "status": one.record.status,
        "bytes": one.size_bytes,
        "paths": [str(path) for path in one.paths],
        "training_shared_with": one.shared_with,
    }
