"""`genharness run`: plan, train, measure, rank."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from genharness.api.asking import AskedStudy, ask
from genharness.api.studies import run_cells
from genharness.api.trackers import Trackers
from genharness.cli.options import AnyPath, InputPath, declared, format_errors, given, plan_format, read_settings
from genharness.cli.screen.complaints import debug_option, debugging, print_errors
from genharness.cli.screen.completion import names_of, options
from genharness.cli.screen.display import make_display
from genharness.cli.screen.output import lasting_output
from genharness.cli.screen.planned import plan_json, print_changes, print_plan, print_skips
from genharness.cli.screen.terminal import console, echo, print_warnings, say
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.spec.cell import Task
from genharness.spec.flags import flag
from genharness.spec.options import options_of
from genharness.spec.record import Record
from genharness.spec.report import Report
from genharness.study.asked import Study
from genharness.study.deciding import ahead
from genharness.study.pending import Pending
from genharness.study.plan import Plan

__all__ = ["run"]


@click.command()
@click.argument("suite_path", metavar="[SUITE.toml]", required=False, type=AnyPath())
@declared(Study, "models")
@click.option("--no-baselines", is_flag=True, help="Leave out the rows real and noise where models are named.")
@declared(Study, "datasets", "metrics", "seeds", "budget", "batch_size", "protocol", "features", "resize", "samples")
@declared(Study, "reference", "reference_split", "protocol_seed", "limit", "fit", "device", "precision", "compile")
@click.option(
    "--set",
    "settings",
    shell_complete=options,
    multiple=True,
    metavar="NAME.OPTION=VALUE",
    help="Option of a plugin; repeatable.",
)
@click.option(
    "--sweep",
    "sweeps",
    shell_complete=options,
    multiple=True,
    metavar="NAME.OPTION=VALUES",
    help="Option of a model that varies: A,B,C or LOW..HIGH:log:POINTS; repeatable.",
)
@click.option(
    "--until-decided",
    is_flag=False,
    flag_value="auto",
    metavar="[METRIC]",
    help="Add seeds only where the question is open, by this metric or the one that ranks; --seeds is the most, 10.",
)
@declared(Study, "goal", "margin")
@declared(Study, "jobs", "threads")
@click.option("--results", type=AnyPath(), help="Results folder.  [default: results]")
@declared(Study, "score_every", "score_metrics", "score_samples", "checkpoint_every", "timeout", "memory_limit", "keep")
@click.option("--weights", type=InputPath(), help="File or folder of pretrained weights.")
@declared(Study, "deterministic", "executor")
@click.option("--detach", is_flag=True, help="With --executor slurm: leave once cells are submitted.")
@click.option(
    "--tracker",
    "trackers",
    shell_complete=names_of("trackers"),
    multiple=True,
    help="Listener, such as jsonl, tensorboard:DIR, mlflow:URI; repeatable.",
)
@click.option("--plan", "plan_only", is_flag=True, help="Show what would be done, and train nothing.")
@plan_format
@declared(Study, "fresh", "keep_finished")
@click.option("--keep-going/--fail-fast", default=None, help="Whether other cells go on when one fails.")
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
      genharness run --models dcgan --set dcgan.lr=1e-4,2e-4,5e-4 --budget 20epochs
      genharness run --models vae --sweep vae.latent=2..32:log:5 --seeds 3 --plan
      genharness run --models '*gan*' --datasets folder:photos@64 --plan
      genharness run --models vae,dcgan,wgan-gp --seeds 20 --until-decided
      genharness run --models ddpm --datasets cifar10 --budget paper --protocol published
    """
    with lasting_output():
        _carry_out(suite_path, options)


def _carry_out(suite_path: Path | None, options: dict[str, Any]) -> None:
    out = console()
    asked = _asked(suite_path, options)
    plan, tasks = _planned(asked, out)
    if options["plan_only"]:
        _show_plan(asked, plan, tasks, out, options["form"])
        return
    asked.store.open_for_cells()
    with _reporting(out) as report:
        told_apart = asked.prepared(_todo(tasks), report)
    if told_apart:
        plan, tasks = _planned(asked, out)
    _print_notes(plan, asked, out)
    print_skips(out, plan)
    print_changes(out, tasks)
    records, stopped = _run(asked, tasks, out)
    if options["detach"]:
        say(f"submitted: `genharness status {asked.settings.results}` says how it goes", err=True)
    _finish(asked, [one.task for one in tasks], records, stopped, out)


def _show_plan(asked: AskedStudy, plan: Plan, tasks: Sequence[Pending], out: Console, form: str) -> None:
    jobs = max(1, asked.settings.jobs)
    undecided = asked.questions_on(plan.tasks)
    questions = [line for one in undecided for line in one.plan_lines]
    at_most = any(one.cells_ahead for one in undecided)
    tasks = ahead(tasks, undecided)
    if form == "json":
        print_warnings([*map(str, asked.registry.problems), *asked.store.warnings])
        echo(plan_json(plan, tasks, asked.registry, asked.store, jobs, questions, at_most=at_most))
        return
    _print_notes(plan, asked, out)
    print_plan(out, plan, tasks, asked.registry, asked.store, jobs, at_most=at_most)
    for line in questions:
        out.print(line, soft_wrap=True)


def _todo(tasks: Sequence[Pending]) -> list[Task]:
    return [one.task for one in tasks if not one.done]


def _asked(suite_path: Path | None, options: dict[str, Any]) -> AskedStudy:
    """Return what is wanted and how it is run.

    Raises:
        ConfigError: For every mistake of the suite and of the command line at once, one line each.
    """
    fields = given(Study, options)
    mistakes: list[str] = []
    for name, texts, word in (("set", options["settings"], "--set"), ("sweep", options["sweeps"], "--sweep")):
        fields[name], wrong = read_settings(texts, word)
        mistakes += wrong
    if options["trackers"]:
        fields["trackers"] = options["trackers"]
    if options["keep_going"] is not None:
        fields["fail_fast"] = not options["keep_going"]
    if options["detach"] and options["until_decided"]:
        mistakes.append(
            "--detach and --until-decided exclude each other: how many seeds are needed is asked in between"
        )
    if options["detach"]:
        mistakes += _detach(str(fields.get("executor", "local")).partition(":")[0], fields["set"])
    if options["no_baselines"]:
        fields["baselines"] = False
    mistakes += format_errors(options)
    return ask(suite_path, fields, source="the command line", name_of=flag, mistakes=mistakes)


def _detach(executor: str, settings: dict[str, dict[str, str]]) -> list[str]:
    """Tell an executor to leave its cells alone, and return why that cannot be."""
    spec = load_registry().executors.get(executor)
    if spec is not None and all(one.name != "detach" for one in options_of(spec.config)):
        return [f"--detach: the executor {executor} ends with its cells: use --executor slurm"]
    settings.setdefault(executor, {})["detach"] = "true"
    return []


def _planned(asked: AskedStudy, out: Console) -> tuple[Plan, list[Pending]]:
    with _reporting(out) as report:
        return asked.planned(report)


def _print_notes(plan: Plan, asked: AskedStudy, out: Console) -> None:
    for line in (*plan.notes, *(str(problem) for problem in asked.registry.problems)):
        out.print(line, style="dim", soft_wrap=True)
    print_warnings(asked.store.warnings)


@contextmanager
def _reporting(out: Console) -> Iterator[Report]:
    """Give a function that shows the progress of preparing data."""
    with out.status("") as status:
        status.stop()

        def report(done: int, total: int, text: str) -> None:
            status.start()
            status.update(f"{text} {done / total:.0%}" if total else text)

        yield report


def _run(asked: AskedStudy, tasks: Sequence[Pending], out: Console) -> tuple[list[Record], bool]:
    """Run what is left of the tasks, and show it."""
    display = make_display(out, _todo(tasks))

    def decided(line: str) -> None:
        out.print(line, markup=False, highlight=False, soft_wrap=True)

    def stopping() -> None:
        out.print("stopping: saving the state of running cells (press Ctrl-C again to stop at once)", style="yellow")

    with display:
        return run_cells(
            asked,
            _todo(tasks),
            display.event,
            Trackers(asked.trackers, _warn),
            batches=asked.rounds(tasks, decided),
            on_record=display.record,
            on_stop=stopping,
        )


def _finish(asked: AskedStudy, tasks: Sequence[Task], records: Sequence[Record], stopped: bool, out: Console) -> None:
    """Print the leaderboard and leave with a code that says how the run went."""
    from genharness.cli.leaderboard import show

    datasets = tuple(dict.fromkeys(task.cell.dataset for task in tasks))
    told = [record.cell.id for record in records if not record.finished]
    show(asked.settings.results, out, datasets=datasets, settings=asked.wanted.suite.set, told=told)
    faults = [line for record in records for line in _faults(record)]
    print_errors(faults)
    if debugging():
        _print_tracebacks(asked.store, records)
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
