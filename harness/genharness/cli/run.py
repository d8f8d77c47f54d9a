"""`genharness run`: plan, train, measure, rank."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from genharness.cli.complaints import debug_option, debugging, print_errors
from genharness.cli.display import make_display, print_warnings
from genharness.cli.options import (
    DEFAULT_RESULTS,
    positive_seconds,
    read_settings,
    resolve_device,
    split_names,
)
from genharness.cli.planned import print_changes, print_plan, print_skips
from genharness.cli.terminal import console, say
from genharness.cli.trackers import Trackers
from genharness.errors import ConfigError
from genharness.plugin.execution import Event, Executor, find_executor, make_executor, make_tracker
from genharness.plugin.registry import Registry, load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.spec.memory import parse_memory
from genharness.spec.record import Record
from genharness.spec.report import Report
from genharness.study.pending import Pending, pending
from genharness.study.suite import Suite, load_suite, parse_seeds

if TYPE_CHECKING:
    from genharness.study.plan import Plan

__all__ = ["run"]

KEEP = ("checkpoints", "samples", "nothing")


@click.command()
@click.argument("suite_path", metavar="[SUITE.toml]", required=False, type=click.Path(path_type=Path))
@click.option("--models", callback=split_names, help="Names, patterns such as '*gan*', or all; comma-separated.")
@click.option("--datasets", callback=split_names, help="Such as cifar10, covid@64, folder:PATH; comma-separated.")
@click.option("--metrics", callback=split_names, help="Names, all, or default; comma-separated.")
@click.option("--seeds", help="A count such as 3, or a list such as 0,7,11.")
@click.option("--budget", help="smoke, standard, paper, or a length: 20epochs, 5000steps, 200kimg, 90s.")
@click.option("--features", help="Feature extractor, or auto.")
@click.option("--resize", help="Resize convention of the extractor, such as clean or legacy-tf.")
@click.option("--samples", type=click.IntRange(2), help="Generated samples to score.")
@click.option("--reference", type=click.IntRange(2), help="Reference samples at most.")
@click.option("--limit", type=click.IntRange(2), help="Samples of each split at most, for quick studies.")
@click.option("--device", help="auto, cpu, cuda or cuda:1.")
@click.option("--precision", type=click.Choice(["fp32", "tf32", "bf16"]), help="Arithmetic of training and sampling.")
@click.option("--compile", "compiled", is_flag=True, default=None, help="Put networks through torch.compile.")
@click.option("--set", "settings", multiple=True, metavar="NAME.OPTION=VALUE", help="Option of a plugin; repeatable.")
@click.option("--jobs", type=click.IntRange(1), help="Cells at a time; 1, and on a cluster as many as fit.")
@click.option("--threads", type=click.IntRange(0), default=0, help="CPU threads of a cell; 0: by its size.")
@click.option("--results", type=click.Path(path_type=Path), default=DEFAULT_RESULTS, show_default=True)
@click.option("--score-every", default="", help="Score over training, such as every 5epochs.")
@click.option("--score-samples", type=click.IntRange(2), default=1000, show_default=True, help="Samples for that.")
@click.option("--checkpoint-every", type=float, default=30.0, callback=positive_seconds, help="Seconds; 30.")
@click.option("--timeout", type=float, default=0.0, callback=positive_seconds, help="Seconds a cell; 0 for no limit.")
@click.option("--memory-limit", default="", help="Most memory of a cell's process, such as 4GiB; at least 1GiB.")
@click.option("--keep", type=click.Choice(KEEP), default=KEEP[0], show_default=True, help="What stays of a cell.")
@click.option("--weights", type=click.Path(path_type=Path, exists=True), help="File or folder of pretrained weights.")
@click.option("--deterministic", is_flag=True, help="Ask torch for deterministic algorithms.")
@click.option("--executor", default="local", show_default=True, help="Where cells run: local, ray or ray:ADDRESS.")
@click.option("--tracker", "trackers", multiple=True, help="Listener to the run's events; repeatable.")
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be done, and train nothing.")
@click.option("--fresh", is_flag=True, help="Do finished cells again.")
@click.option("--keep-finished", is_flag=True, help="Use what is finished as it is, though its code changed since.")
@click.option("--keep-going/--fail-fast", default=True, help="Whether other cells go on when one fails.")
@debug_option
def run(suite_path: Path | None, **options: Any) -> None:
    """Train models on datasets, measure them under one protocol, and print the leaderboard.

    Without arguments: three small models and two reference rows on handwritten digits, offline.
    Cells that are finished are skipped, interrupted ones go on where they stopped. A finished cell is run again where
    the code of its model, a file that an option names, or its data changed since; scores where that of a metric did.

    \b
    Examples:
      genharness run
      genharness run --models all --datasets cifar10,covid --budget smoke
      genharness run study.toml --seeds 3 --jobs 2
      genharness run --models dcgan --set dcgan.lr=1e-4 --budget 20epochs
      genharness run --models '*gan*' --datasets folder:photos@64 --plan
    """
    if options["fresh"] and options["keep_finished"]:
        raise ConfigError("--fresh and --keep-finished exclude each other")
    out = console()
    registry = load_registry()
    suite = load_suite(suite_path, _overrides(options))
    remote = find_executor(registry, options["executor"])[0].remote
    settings = _settings(suite, options, remote)
    executor = make_executor(registry, options["executor"], suite.set)
    trackers = Trackers({name: make_tracker(registry, name, suite.set) for name in options["trackers"]}, _warn)
    store = Store(settings.results)
    plan, tasks = _planned(suite, registry, settings, store, out, options)
    if options["plan_only"]:
        _print_notes(plan, registry, store, out)
        print_plan(out, plan, tasks, registry, store, max(1, settings.jobs))
        return
    store.open_for_writing()
    if _prepare_data(_todo(tasks), registry, out):  # what the data hold tells cells apart
        plan, tasks = _planned(suite, registry, settings, store, out, options)
    _print_notes(plan, registry, store, out)
    print_skips(out, plan)
    print_changes(out, tasks)
    records, stopped = _run(executor, _todo(tasks), trackers, out)
    _finish(suite, settings, [one.task for one in tasks], records, stopped, out)


def _todo(tasks: Sequence[Pending]) -> list[Task]:
    return [one.task for one in tasks if not one.done]


def _overrides(options: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the suite that were given on the command line."""
    names = ("models", "datasets", "metrics", "budget", "features", "resize", "samples", "reference", "limit")
    given = {name: options[name] for name in (*names, "device", "precision") if options[name] is not None}
    if options["compiled"] is not None:
        given["compile"] = options["compiled"]
    if options["seeds"] is not None:
        given["seeds"] = parse_seeds(options["seeds"])
    return {**given, "set": read_settings(options["settings"])}


def _settings(suite: Suite, options: dict[str, Any], remote: bool) -> Settings:
    return Settings(
        results=options["results"],
        device="cuda" if remote and suite.device == "cuda" else resolve_device(suite.device),
        threads=options["threads"],
        jobs=options["jobs"] or (0 if remote else 1),
        checkpoint_seconds=options["checkpoint_every"],
        score_every=_checked_interval(options["score_every"]),
        score_samples=options["score_samples"],
        keep=options["keep"],
        weights=options["weights"],
        deterministic=options["deterministic"],
        fail_fast=not options["keep_going"],
        timeout_seconds=options["timeout"],
        memory_limit_bytes=parse_memory(options["memory_limit"]),
        fresh=options["fresh"],
    )


def _checked_interval(text: str) -> str:
    from genharness.spec.length import parse_length

    try:
        if not text or (parse_length(text).unit != "s" and parse_length(text).amount > 0):
            return text
    except ConfigError:
        pass  # it speaks of budgets
    raise ConfigError(f"--score-every {text!r} must be a positive interval such as 5epochs, 1000steps or 50kimg")


def _planned(
    suite: Suite, registry: Registry, settings: Settings, store: Store, out: Console, options: dict[str, Any]
) -> tuple[Plan, list[Pending]]:
    """Expand the suite and look what is left to do."""
    from genharness.data.facts import facts_reader
    from genharness.study.plan import expand

    with _reporting(out) as report:
        beside = (
            find_executor(registry, options["executor"])[0],
            *(registry.trackers.find(name) for name in options["trackers"]),
            registry.reporters.find("table"),
        )
        plan = expand(suite, registry, settings, facts_reader(registry, suite.limit, report), beside)
    if options["fresh"]:
        return plan, [Pending(task, "new") for task in plan.tasks]
    return plan, pending(plan.tasks, store, registry, keep_finished=options["keep_finished"])


def _print_notes(plan: Plan, registry: Registry, store: Store, out: Console) -> None:
    for line in (*plan.notes, *(str(problem) for problem in registry.problems)):
        out.print(line, style="dim", soft_wrap=True)
    print_warnings(store.warnings)


@contextmanager
def _reporting(out: Console) -> Iterator[Report]:
    """Give a function that shows the progress of preparing data."""
    with out.status("") as status:
        status.stop()

        def report(done: int, total: int, text: str) -> None:
            status.start()
            status.update(f"{text} {done / total:.0%}" if total else text)

        yield report


def _prepare_data(tasks: Sequence[Task], registry: Registry, out: Console) -> bool:
    """Prepare every dataset before anything is trained, so that a missing one costs no time.

    Returns:
        Whether the content of one was not known when the tasks were planned.
    """
    from genharness.data import ensure_prepared
    from genharness.spec.dataset_name import parse_reference

    with _reporting(out) as report:
        for name in dict.fromkeys(task.cell.dataset for task in tasks):
            reference = parse_reference(name)
            ensure_prepared(registry.datasets.find(reference.name), reference, report=report)
    return any(not task.cell.protocol.dataset_hash for task in tasks)


def _run(executor: Executor, tasks: Sequence[Task], trackers: Trackers, out: Console) -> tuple[list[Record], bool]:
    """Run the tasks, show them, and turn Ctrl-C into a clean stop."""
    records: list[Record] = []
    stop = threading.Event()
    display = make_display(out, tasks)
    trackers.start(tasks)

    def on_event(event: Event) -> None:
        display.event(event)
        trackers.event(event)

    try:
        with _stopping(stop, out), display:
            for record in executor.run(tasks, on_event=on_event, stop=stop):
                records.append(record)
                display.record(record)
                trackers.record(record)
    finally:
        trackers.finish()
    return records, stop.is_set()


@contextmanager
def _stopping(stop: threading.Event, out: Console) -> Iterator[None]:
    """Stop cleanly at the first Ctrl-C or SIGTERM, at once at the second."""

    def handle(number: int, _frame: Any) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        out.print("stopping: saving the state of running cells (press Ctrl-C again to stop at once)", style="yellow")

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _finish(
    suite: Suite, settings: Settings, tasks: Sequence[Task], records: Sequence[Record], stopped: bool, out: Console
) -> None:
    """Print the leaderboard and leave with a code that says how the run went."""
    from genharness.cli.leaderboard import show

    show(settings.results, out, datasets=tuple(dict.fromkeys(task.cell.dataset for task in tasks)), settings=suite.set)
    faults = [line for record in records for line in _faults(record)]
    print_errors(faults)
    if debugging():
        _print_tracebacks(Store(settings.results), records)
    interrupted = stopped and not faults
    if interrupted:
        say("stopped; nothing is lost: run the same command again to go on", err=True)
    sys.exit(130 if interrupted else 2 if faults else 0)


def _faults(record: Record) -> list[str]:
    """Return a line if the cell failed, else one for every metric that did."""
    if record.went_wrong:
        return [f"{record.cell}: {record.status.replace('_', ' ')}: {record.reason}"]
    return [f"{record.cell}: metric {name} failed: {reason}" for name, reason in record.failed.items()]


def _print_tracebacks(store: Store, records: Sequence[Record]) -> None:
    for record in records:
        file = store.cell(record.cell.id).traceback
        if (record.went_wrong or record.failed) and file.is_file():
            for line in file.read_text(errors="replace").splitlines():
                say(line, err=True)


def _warn(line: str) -> None:
    say(f"warning: {line}", err=True)
