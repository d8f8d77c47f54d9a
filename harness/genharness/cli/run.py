"""`genharness run`: plan, train, measure, rank."""

from __future__ import annotations

import functools
import secrets
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from genharness.cli.options import (
    DEFAULT_RESULTS,
    AnyPath,
    InputPath,
    declared,
    given,
    read_given,
    read_settings,
    resolve_device,
)
from genharness.cli.screen.complaints import debug_option, debugging, print_errors
from genharness.cli.screen.display import make_display, print_warnings
from genharness.cli.screen.output import lasting_output
from genharness.cli.screen.planned import print_changes, print_plan, print_skips
from genharness.cli.screen.terminal import console, say
from genharness.cli.trackers import Trackers
from genharness.errors import attempt
from genharness.plugin.execution import Event, Executor, find_executor, make_executor, make_tracker
from genharness.plugin.registry import Registry, load_registry
from genharness.results.store import Store
from genharness.spec.cell import Settings, Task
from genharness.spec.plugins import ExecutorSpec, Spec
from genharness.spec.record import Record
from genharness.spec.report import Report
from genharness.study.pending import Pending, pending
from genharness.study.plan import Plan, Wanted, look_up, plan_of
from genharness.study.running import Running, settings_of
from genharness.study.suite import Suite, read_suite

__all__ = ["run"]


_STOPS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What asks a run to stop; SIGHUP is a terminal that was closed, which may be told more than once."""

_AT_ONCE = (signal.SIGINT, signal.SIGTERM)
"""What stops it at once when it comes while it is stopping."""


@click.command()
@click.argument("suite_path", metavar="[SUITE.toml]", required=False, type=AnyPath())
@declared(Suite, "models")
@click.option("--no-baselines", is_flag=True, help="Leave out the rows real and noise where models are named.")
@declared(Suite, "datasets", "metrics", "seeds", "budget", "protocol", "features", "resize", "samples")
@declared(Suite, "reference", "reference_split", "protocol_seed", "limit", "device", "precision", "compile")
@click.option("--set", "settings", multiple=True, metavar="NAME.OPTION=VALUE", help="Option of a plugin; repeatable.")
@declared(Running, "jobs", "threads")
@click.option("--results", type=AnyPath(), default=DEFAULT_RESULTS, show_default=True)
@declared(Running, "score_every", "score_samples", "checkpoint_every", "timeout", "memory_limit", "keep")
@click.option("--weights", type=InputPath(), help="File or folder of pretrained weights.")
@declared(Running, "deterministic")
@click.option("--executor", default="local", show_default=True, help="Where cells run: local, ray or ray:ADDRESS.")
@click.option("--tracker", "trackers", multiple=True, help="Listener to the run's events; repeatable.")
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be done, and train nothing.")
@click.option("--fresh", is_flag=True, help="Do finished cells again.")
@click.option("--keep-finished", is_flag=True, help="Use what is finished as it is, though its code changed since.")
@click.option("--keep-going/--fail-fast", default=True, help="Whether other cells go on when one fails.")
@debug_option
def run(suite_path: Path | None, **options: Any) -> None:
    """Train models on datasets, measure them under one protocol, and print the leaderboard.

    Without arguments: three small models and two reference rows on handwritten digits, offline. Models that are named
    get the rows real and noise beside them, which every other score is read against.
    Cells that are finished are skipped, interrupted ones go on where they stopped. A finished cell is run again where
    the code of its model, a file that an option names, or its data changed since; scores where that of a metric did.

    \b
    Examples:
      genharness run
      genharness run --models all --datasets cifar10,covid --budget smoke
      genharness run study.toml --seeds 3 --jobs 2
      genharness run --models dcgan --set dcgan.lr=1e-4 --budget 20epochs
      genharness run --models '*gan*' --datasets folder:photos@64 --plan
      genharness run --models ddpm --datasets cifar10 --budget paper --protocol published
    """
    with lasting_output():
        _carry_out(suite_path, options)


def _carry_out(suite_path: Path | None, options: dict[str, Any]) -> None:
    out = console()
    registry = load_registry()
    wanted, settings = _asked(suite_path, registry, options)
    executor = make_executor(registry, options["executor"], wanted.suite.set)
    named = {name: make_tracker(registry, name, wanted.suite.set) for name in options["trackers"]}
    trackers = Trackers(named, _warn)
    store = Store(settings.results)
    plan, tasks = _planned(wanted, settings, store, out, options)
    if options["plan_only"]:
        _print_notes(plan, registry, store, out)
        print_plan(out, plan, tasks, registry, store, max(1, settings.jobs))
        return
    store.open_for_writing()
    if _prepare_data(_todo(tasks), registry, out):  # what the data hold tells cells apart
        plan, tasks = _planned(wanted, settings, store, out, options)
    _print_notes(plan, registry, store, out)
    print_skips(out, plan)
    print_changes(out, tasks)
    records, stopped = _run(executor, _todo(tasks), trackers, out)
    _finish(wanted.suite, settings, [one.task for one in tasks], records, stopped, out)


def _todo(tasks: Sequence[Pending]) -> list[Task]:
    return [one.task for one in tasks if not one.done]


def _asked(suite_path: Path | None, registry: Registry, options: dict[str, Any]) -> tuple[Wanted, Settings]:
    """Return what is wanted and how it is run.

    Raises:
        ConfigError: For every mistake of the suite and of the command line at once, one line each.
    """
    set_here, wrong_set = read_settings(options["settings"])
    over = {**given(Suite, options), "set": set_here} | ({"baselines": False} if options["no_baselines"] else {})
    suite, wrong_suite = read_suite(suite_path, over)
    running, wrong_running = read_given(Running, options)
    beside, wrong_beside = _beside(registry, options)
    remote = any(isinstance(spec, ExecutorSpec) and spec.remote for spec in beside)
    device, wrong_device = attempt(
        lambda: "cuda" if remote and suite.device == "cuda" else resolve_device(suite.device)
    )
    results = options["results"]
    taken = results.exists() and not results.is_dir()
    wrong_results = [f"results path {results} is a file: name a folder with --results"] if taken else []
    both = options["fresh"] and options["keep_finished"]
    exclusive = ["--fresh and --keep-finished exclude each other"] if both else []
    mistakes = [*exclusive, *wrong_set, *wrong_suite, *wrong_running, *wrong_beside, *wrong_device, *wrong_results]
    wanted = look_up(suite, registry, beside, mistakes)
    rest = {"weights": options["weights"], "fail_fast": not options["keep_going"]}
    rest["fresh"] = secrets.token_hex(8) if options["fresh"] else ""
    return wanted, settings_of(Running(**running), results, device or "cpu", remote=remote, **rest)


def _beside(registry: Registry, options: dict[str, Any]) -> tuple[list[Spec], list[str]]:
    """Return the plugins that take part and are in no cell, and every mistake in their names."""
    executor, mistakes = attempt(lambda: find_executor(registry, options["executor"])[0])
    names = options["trackers"]
    found = [(executor, mistakes), *(attempt(functools.partial(registry.trackers.find, name)) for name in names)]
    specs = [spec for spec, _ in found if spec is not None]
    return [*specs, registry.reporters.find("table")], [line for _, lines in found for line in lines]


def _planned(
    wanted: Wanted, settings: Settings, store: Store, out: Console, options: dict[str, Any]
) -> tuple[Plan, list[Pending]]:
    """Plan the cells and look what is left to do."""
    from genharness.data.facts import facts_reader

    registry = wanted.registry
    with _reporting(out) as report:
        plan = plan_of(wanted, settings, facts_reader(registry, wanted.suite.limit, report))
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
    """Stop cleanly at the first Ctrl-C, SIGTERM or closed terminal, at once at the second but the last."""

    def handle(number: int, _frame: Any) -> None:
        if stop.is_set():
            if number in _AT_ONCE:
                raise KeyboardInterrupt
            return
        stop.set()
        out.print("stopping: saving the state of running cells (press Ctrl-C again to stop at once)", style="yellow")

    before = {number: signal.signal(number, handle) for number in _STOPS}
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

    datasets = tuple(dict.fromkeys(task.cell.dataset for task in tasks))
    told = [record.cell.id for record in records if record.went_wrong]
    show(settings.results, out, datasets=datasets, settings=suite.set, told=told)
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
