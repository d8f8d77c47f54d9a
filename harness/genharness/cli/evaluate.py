"""`genharness evaluate`: score samples that anybody made."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from genharness.board.build import build
from genharness.cli.complaints import debug_option, print_errors
from genharness.cli.data_views import PrepareProgress
from genharness.cli.leaderboard import print_board
from genharness.cli.options import (
    DEFAULT_RESULTS,
    InputPath,
    read_settings,
    resolve_device,
    split_names,
)
from genharness.cli.terminal import console, say
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.record import Record

if TYPE_CHECKING:
    from genharness.evaluate.request import External, Request

__all__ = ["evaluate", "request_of", "request_options"]


def request_options(function: Any) -> Any:
    """Add the arguments and options that say what is scored against what; `verify` has the same."""
    path, given = click.Path(path_type=Path), InputPath()
    for add in reversed(
        (
            click.argument("samples", nargs=-1, required=True, metavar="SAMPLES..."),
            click.option("--dataset", default="", help="Dataset to compare with, such as cifar10 or covid@64."),
            click.option("--reference", type=given, help="Or samples to compare with, or statistics (mu, sigma)."),
            click.option("--labels", type=given, help="Classes asked for: .npy, .npz, or text, one number a line."),
            click.option("--metrics", callback=split_names, help="Names, all, or default; comma-separated."),
            click.option("--features", default="auto", show_default=True, help="Feature extractor, or auto."),
            click.option("--resize", default="", help="Resize convention of the extractor, such as clean."),
            click.option("--resize-to", type=click.IntRange(4, 1024), help="With --reference: side of pictures."),
            click.option("--count", type=click.IntRange(2), default=None, help="Samples of each set, drawn by --seed."),
            click.option("--reference-count", type=click.IntRange(2), default=None, help="Reference samples at most."),
            click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the protocol."),
            click.option("--set", "settings", multiple=True, metavar="NAME.OPTION=VALUE", help="Option of a plugin."),
            click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:1."),
            click.option("--weights", type=click.Path(path_type=Path, exists=True), help="Pretrained weights."),
            click.option("--results", type=path, default=DEFAULT_RESULTS, show_default=True, help="Results folder."),
        )
    ):
        function = add(function)
    return function


def request_of(options: dict[str, Any]) -> Request:
    """Return what the options of `request_options` ask for."""
    from genharness.evaluate.request import Request

    same = ("samples", "dataset", "reference", "labels", "features", "resize", "resize_to", "seed", "weights")
    return Request(
        **{name: options[name] for name in same},
        results=options["results"],
        metrics=options["metrics"] or ("default",),
        count=options["count"] or 0,
        reference_count=options["reference_count"] or 0,
        options=read_settings(options["settings"]),
        device=resolve_device(options["device"]),
        name=options.get("name") or "",
    )


@click.command()
@request_options
@click.option("--format", "form", default="table", show_default=True, help="table, json, csv, md, or a plugin's.")
@click.option("--register", is_flag=True, help="Put the scores into --results, beside those of trained models.")
@click.option("--name", help="Name of the row; the file's by default.")
@click.option("--wide", is_flag=True, help="Every column, however wide.")
@debug_option
def evaluate(form: str, register: bool, wide: bool, **options: Any) -> None:
    """Score SAMPLES..., whoever made them: several make a leaderboard.

    A folder or zip of pictures (in the order of their names as text: 1, 10, 2; class folders give labels), a .npz or
    .npy of images (n,h,w,c or n,c,h,w) or of rows (n,d), or the id of a cell. Images are uint8, or floating-point in
    [0, 1], [-1, 1] or 0 to 255. Pictures of another size than the dataset's are fitted to it: short side resized,
    centre cropped. A file that cannot be used is named, and none is left out silently.

    The protocol is the one of trained models, so equal counts stand in one ranking. Features and
    scores are kept by content: asking again computes nothing twice.

    \b
    Examples:
      genharness evaluate samples/ --dataset cifar10
      genharness evaluate a.npz b.zip c/ --dataset mnist --count 10000 --format md
      genharness evaluate fake.npy --reference real.npy --features identity
      genharness evaluate samples/ --reference cifar10.npz --features inception     mu and sigma: FID only
      genharness evaluate samples/ --dataset cifar10 --register --name my-model
      genharness evaluate dcgan-digits-s0-5f0c33a1b2 --metrics all
    """
    from genharness.evaluate.request import prepare
    from genharness.evaluate.score import score_samples

    registry = load_registry()
    reporter = registry.reporters.find(form)
    request = request_of(options)
    if register:
        Store(request.results).open_for_writing()
    records: list[Record] = []
    with PrepareProgress("evaluate") as progress:
        plans = prepare(request, registry, progress.report, [reporter])
        for one in plans:
            records.append(score_samples(one, registry, request, progress.report))
    if not any(record.scores for record in records):
        raise ConfigError(f"nothing could be scored: {'; '.join(_reasons(records)) or 'no metric was left'}")
    _print_notes([*plans[0].notes, *_told(records, plans, named=bool(options["metrics"]))])
    board = build(records, registry)
    print_board(board, reporter, console(), wide=wide, settings=request.options)
    if register:
        _register(records, plans, Store(request.results, writing=True))
    broken = [
        f"{record.cell.model}: metric {name} failed: {reason}"
        for record in records
        for name, reason in record.failed.items()
    ]
    print_errors(broken)
    sys.exit(2 if broken else 0)


def _told(records: Sequence[Record], plans: Sequence[External], *, named: bool) -> list[str]:
    """Return what is to be said of each set: what was assumed of it, and what could not be computed.

    That bare samples give no likelihood and the like is said only where the metric was named.
    """
    lines = []
    for record, one in zip(records, plans, strict=True):
        lines += [f"{record.cell.model}: {note}" for note in (*one.found.notes, *one.reference.notes)]
        absent = {name: reason for name, reason in record.skipped.items() if named or name not in one.skipped}
        lines += [f"{record.cell.model}: no {name}: {reason}" for name, reason in absent.items()]
    if len({record.protocol["sample_count"] for record in records}) > 1:
        lines.append("sets of different counts are not ranked together: give --count")
    return lines


def _reasons(records: Sequence[Record]) -> list[str]:
    return [f"{name}: {why}" for record in records for name, why in {**record.skipped, **record.failed}.items()]


def _print_notes(lines: Sequence[str]) -> None:
    for line in dict.fromkeys(lines):
        say(line, dim=True, err=True)


def _register(records: Sequence[Record], plans: Sequence[External], store: Store) -> None:
    for record, one in zip(records, plans, strict=True):
        if not record.scores:
            say(f"{record.cell.model} is not registered: nothing of it could be scored", err=True)
            continue
        record.keep_scores_of(store.load(record.cell.id), asked={*one.metrics, *one.skipped})
        path = store.save(record)
        say(f"registered as {record.cell.id} in {path.parent}", err=True)
