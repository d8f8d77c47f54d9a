"""`genharness evaluate`: score samples that anybody made."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click

from genharness.api.asking import AskedStudy, ask
from genharness.api.devices import resolve_device
from genharness.api.studies import run_cells
from genharness.api.trackers import Trackers
from genharness.board.build import build
from genharness.cli.leaderboard import print_board
from genharness.cli.options import (
    DEFAULT_RESULTS,
    AnyPath,
    InputPath,
    declared,
    given,
    read_given,
    read_settings,
)
from genharness.cli.screen.complaints import debug_option, print_errors
from genharness.cli.screen.completion import cells_or_files, names_of, options
from genharness.cli.screen.data_views import PrepareProgress
from genharness.cli.screen.terminal import console, say
from genharness.errors import ConfigError, attempt
from genharness.files.passing import passing_folder
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.flags import flag
from genharness.spec.options import option
from genharness.spec.record import Record
from genharness.spec.report import Report
from genharness.study.measuring import Measuring
from genharness.study.suite import Suite

if TYPE_CHECKING:
    from genharness.external.registering import Pictures
    from genharness.external.request import External, Request

__all__ = ["evaluate", "request_of", "request_options"]


FLAGS = {"samples": "--count", "reference": "--reference-count", "protocol_seed": "--seed"}
"""What options of `Measuring` are called here, where samples and reference are files."""


@dataclass(frozen=True)
class _Fitting:
    resize_to: int | None = option(None, low=4, high=1024, help="With --reference: side of pictures, in pixels")
    units: Literal["standard", "raw"] | None = option(None, help="With --dataset: units of a table's rows")


def request_options(function: Any) -> Any:
    """Add the arguments and options that say what is scored against what; `verify` has the same."""
    path, existing = AnyPath(), InputPath()
    for add in reversed(
        (
            click.argument("samples", shell_complete=cells_or_files, nargs=-1, metavar="SAMPLES..."),
            click.option(
                "--dataset",
                shell_complete=names_of("datasets"),
                default="",
                help="Dataset to compare with, such as cifar10 or covid@64.",
            ),
            click.option("--reference", type=existing, help="Or samples to compare with, or statistics (mu, sigma)."),
            click.option("--labels", type=existing, help="Classes asked for: .npy, .npz, or text, one number a line."),
            declared(Measuring, "metrics", "protocol", "features", "resize"),
            declared(_Fitting, "resize_to", "units"),
            declared(Measuring, "samples", "reference", "reference_split", "protocol_seed", flags=FLAGS),
            click.option(
                "--set",
                "settings",
                shell_complete=options,
                multiple=True,
                metavar="NAME.OPTION=VALUE",
                help="Option of a plugin.",
            ),
            click.option(
                "--device",
                default="auto",
                show_default=True,
                help="auto, cpu, cuda (features on all of them) or cuda:1.",
            ),
            click.option("--weights", type=existing, help="Pretrained weights."),
            click.option("--results", type=path, default=DEFAULT_RESULTS, show_default=True, help="Results folder."),
        )
    ):
        function = add(function)
    return function


def request_of(options: dict[str, Any]) -> tuple[Request, list[str]]:
    """Return what the options of `request_options` ask for, and every mistake in them, one line each."""
    from genharness.external.request import Request

    measuring, wrong = read_given(Measuring, options, FLAGS)
    fitting, wrong_fitting = read_given(_Fitting, options)
    settings, wrong_settings = read_settings(options["settings"])
    device, wrong_device = attempt(lambda: resolve_device(options["device"]))
    request = Request(
        **{name: options[name] for name in ("samples", "dataset", "reference", "labels", "weights", "results")},
        **fitting,
        measuring=Measuring(**{**measuring, "set": settings}),
        device=device or "cpu",
        name=options.get("name") or "",
    )
    nothing = (
        [] if options["samples"] else ["no samples were named: give a folder, zip, .npz, .npy, or the id of a cell"]
    )
    return request, [*nothing, *wrong, *wrong_fitting, *wrong_settings, *wrong_device]


@click.command()
@request_options
@click.option(
    "--generator", metavar="WHAT", help="In place of SAMPLES: .pt, .pt2, .onnx, a diffusers folder, FILE.py:NAME."
)
@click.option("--latent", metavar="SHAPE", help="With --generator: shape of a latent, 128 or 100,1,1.  [default: 128]")
@declared(Suite, "precision", "compile")
@click.option("--format", "form", default="table", show_default=True, help="Table, json, csv, md, or a plugin's.")
@click.option("--register", is_flag=True, help="Put the scores into --results, beside those of trained models.")
@click.option("--name", help="Name of the row; the file's by default.")
@click.option("--wide", is_flag=True, help="Every column, however wide.")
@click.option(
    "--bands/--no-bands",
    default=None,
    help="Read scores against real samples scored against other real ones.  [default: where that takes seconds]",
)
@debug_option
def evaluate(form: str, register: bool, wide: bool, bands: bool | None, generator: str | None, **options: Any) -> None:
    """Score SAMPLES..., whoever made them: several make a leaderboard.

    A folder or zip of pictures (in the order of their names as text: 1, 10, 2; class folders give labels), a .npz or
    .npy of images (n,h,w,c or n,c,h,w) or of rows (n,d), or the id of a cell. Images are uint8, or floating-point in
    [0, 1], [-1, 1] or 0 to 255. Pictures of another size than the dataset's are fitted to it: short side resized,
    centre cropped. A file that cannot be used is named, and none is left out silently.

    The protocol is the one of trained models, so equal counts stand in one ranking. Features and
    scores are kept by content: asking again computes nothing twice. Beside a dataset, scores are marked as real or
    better than real; pictures that metrics give, such as the nearest training images, are kept with --register.

    With --generator samples are drawn here, and what they cost is measured too: it is the row that `run --models
    generator:WHAT` has. A .py is run, with all that it may do; everything else is only read, and nothing is unpickled.

    \b
    Examples:
      genharness evaluate samples/ --dataset cifar10
      genharness evaluate a.npz b.zip c/ --dataset mnist --count 10000 --format md
      genharness evaluate fake.npy --reference real.npy --features identity
      genharness evaluate samples/ --reference cifar10.npz --features inception     mu and sigma: FID only
      genharness evaluate samples/ --dataset cifar10 --register --name my-model
      genharness evaluate samples/ --dataset cifar10 --protocol published     as papers have it
      genharness evaluate dcgan-digits-s0-5f0c33a1b2 --metrics all
      genharness evaluate --generator model.onnx --latent 128 --dataset cifar10
      genharness evaluate --generator net.py:make --set generator.checkpoint=w.pt --dataset mnist
    """
    from genharness.external.request import prepare
    from genharness.external.score import evaluation_of, score_samples

    registry = load_registry()
    if generator is not None:
        _evaluate_generator(generator, options, form, register=register, wide=wide)
    _refuse_costs(options)
    request, mistakes = request_of(options)
    request = replace(request, bands=bands)
    reporter, wrong_form = attempt(lambda: registry.reporters.find(form))
    if register:
        Store(request.results).open_for_writing()
    records: list[Record] = []
    pictures: list[Pictures] = []
    with PrepareProgress("evaluate") as progress:
        beside = [reporter] if reporter is not None else []
        plans = prepare(request, registry, progress.report, beside, [*mistakes, *wrong_form])
        for one in plans:
            evaluation = evaluation_of(one, registry, request, progress.report)
            records.append(score_samples(one, registry, request, progress.report, evaluation))
            pictures.append(evaluation.pictures)
    if not any(record.scores for record in records):
        raise ConfigError(f"nothing could be scored: {'; '.join(_reasons(records)) or 'no metric was left'}")
    _print_notes([*plans[0].notes, *_told(records, plans, named=bool(options["metrics"]))])
    board = build(records, registry)
    print_board(board, registry.reporters.find(form), console(), wide=wide, settings=request.measuring.set)
    if register:
        _register(records, plans, pictures, Store(request.results, writing=True))
    broken = [
        f"{record.cell.model}: metric {name} failed: {reason}"
        for record in records
        for name, reason in record.failed.items()
    ]
    print_errors(broken)
    sys.exit(2 if broken else 0)


_OF_GENERATORS = ("latent", "precision", "compile")


def _refuse_costs(options: dict[str, Any]) -> None:
    given = [f"--{name}" for name in _OF_GENERATORS if options.pop(name)]
    if given:
        raise ConfigError(f"{given[0]} is of a model that draws samples: name it with --generator")


def _evaluate_generator(generator: str, options: dict[str, Any], form: str, *, register: bool, wide: bool) -> NoReturn:
    """Measure a model made elsewhere as a cell of its own, in --results or in a folder that is thrown away."""
    stray = [name for name in ("samples", "reference", "labels", "resize_to", "units", "name") if options[name]]
    if stray:
        raise ConfigError(
            f"--generator draws its own samples beside a --dataset: leave out {stray[0].replace('_', '-')}"
        )
    settings, mistakes = read_settings(options["settings"])
    if options["latent"]:
        settings.setdefault("generator", {}).setdefault("latent", options["latent"])
    measuring = {**given(Suite, {**options, "samples": None}), **given(Measuring, options, FLAGS)}
    what = {"models": f"generator:{generator}", "datasets": options["dataset"], "baselines": False, "set": settings}
    with contextlib.ExitStack() as stack:
        passing = None if register else stack.enter_context(passing_folder("genharness-"))
        folder = options["results"] if passing is None else passing.path
        beside = {"results": folder, **({"weights": options["weights"]} if options["weights"] else {})}
        asked = ask(None, {**measuring, **what, **beside}, source="the command line", name_of=flag, mistakes=mistakes)
        reporter = asked.registry.reporters.find(form)
        with PrepareProgress("evaluate") as progress:
            records = _measured(asked, progress.report)
        faults = [f"{record.cell.model}: {record.reason}" for record in records if record.went_wrong]
        if passing is not None:
            passing.kept = any(record.went_wrong and "traceback" in record.artefacts for record in records)
        board = build([record for record in records if not record.went_wrong], asked.registry)
        if board.groups:
            print_board(board, reporter, console(), wide=wide, settings=settings)
        _print_notes([f"{record.cell.model}: {note}" for record in records for note in record.notes])
        if register and not faults:
            say(f"registered as {records[0].cell.id} in {folder}", err=True)
    print_errors(faults)
    sys.exit(2 if faults else 0)


def _measured(asked: AskedStudy, report: Report) -> list[Record]:
    """Return the records of a study's cells, those that were finished before among them."""
    asked.store.open_for_cells()
    tasks = asked.planned(report)[1]
    if asked.prepared([one.task for one in tasks], report):
        tasks = asked.planned(report)[1]
    todo = [one.task for one in tasks if not one.done]
    _, stopped = run_cells(asked, todo, lambda event: report(0, 0, event.text or event.phase), Trackers({}, say))
    if stopped:
        sys.exit(130)
    return [record for one in tasks if (record := asked.store.load(one.task.cell.id)) is not None]


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


def _register(records: Sequence[Record], plans: Sequence[External], pictures: Sequence[Pictures], store: Store) -> None:
    from genharness.external.joining import told_of_others
    from genharness.external.registering import register

    for record, one, shown in zip(records, plans, pictures, strict=True):
        if not record.scores:
            say(f"{record.cell.model} is not registered: nothing of it could be scored", err=True)
            continue
        path = register(record, one, shown, store)
        say(f"registered as {record.cell.id} in {path.parent}", err=True)
        for line in told_of_others(record, list(store.records(history=False))):
            say(line, err=True)
