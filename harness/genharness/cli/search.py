"""`genharness search`: look for the options of a model that score best, and report them honestly."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
import orjson
from rich.console import Console

from genharness.api.asking import AskedStudy, ask
from genharness.api.studies import run_cells
from genharness.api.trackers import Trackers
from genharness.board.escapes import as_json
from genharness.cli.options import (
    AnyPath,
    InputPath,
    declared,
    format_errors,
    given,
    plan_format,
    read_given,
    read_settings,
)
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.display import duration, make_display
from genharness.cli.screen.output import lasting_output
from genharness.cli.screen.planned import estimator, print_faster
from genharness.cli.screen.terminal import console, echo, print_warnings, say
from genharness.plugin.execution import Event
from genharness.spec.cell import Task
from genharness.spec.flags import flag
from genharness.spec.report import silent
from genharness.study.asked import Study
from genharness.study.search import SearchOptions

if TYPE_CHECKING:
    from genharness.api.searching import PreparedSearch

__all__ = ["search"]


@click.command()
@click.argument("model")
@declared(Study, "datasets", "metrics", "budget", "features", "resize", "samples", "reference", "protocol_seed")
@click.option("--reference-split", default="test", show_default=True, help="Split that the best are reported against.")
@click.option("--seed", default="0", metavar="INTEGER", help="Training seed of the tries.  [default: 0]")
@click.option("--over", multiple=True, metavar="OPTION=LOW..HIGH[:log]|OPTION=A,B", help="Where to look; repeatable.")
@declared(SearchOptions, "tries", "method", "by", "search_seed", "validation", "prune", "confirm", "fresh_seeds")
@declared(SearchOptions, "confirm_twice", "confirm_until_decided")
@declared(Study, "limit", "device", "precision", "compile")
@click.option("--set", "settings", multiple=True, metavar="NAME.OPTION=VALUE", help="Fixed option; repeatable.")
@declared(Study, "jobs", "threads")
@click.option("--results", type=AnyPath(), help="Results folder.  [default: results]")
@declared(Study, "score_every", "score_metrics", "score_samples", "checkpoint_every", "timeout", "memory_limit", "keep")
@click.option("--weights", type=InputPath(), help="File or folder of pretrained weights.")
@declared(Study, "executor")
@click.option("--plan", "plan_only", is_flag=True, help="Show where it would look, and train nothing.")
@plan_format
@debug_option
def search(model: str, **options: Any) -> None:
    """Search over the options of MODEL, train the best again with fresh seeds, and report those.

    Tries have one seed and are scored against the validation split. The best of them, five at most, are trained again
    with five seeds that the search never saw and are reported against another split: the best of many noisy scores is
    better than its own truth. What was tried, what it cost and what the search had promised stands with the rows.
    The same command goes on where it was stopped or killed; more --tries go on with those that were made.

    \b
    Examples:
      genharness search vae --datasets digits
      genharness search vae --datasets digits --over lr=1e-4..1e-2:log --over latent=8,16,32 --tries 30
      genharness search dcgan --datasets cifar10 --budget 20epochs --prune --score-every 2epochs --jobs 2
      genharness search vae --datasets digits --method random --by coverage --confirm-twice
      genharness search vae --datasets digits --fresh-seeds 10 --confirm-until-decided
    """
    with lasting_output():
        _carry_out(model, options)


def _carry_out(model: str, options: dict[str, Any]) -> None:
    from genharness.api.searching import prepare_search, search_rounds

    out = console()
    asked, how = _asked(model, options)
    found = prepare_search(asked, how, options["over"], silent)
    if options["plan_only"]:
        _show_plan(found, out, options["form"])
        return
    asked.store.open_for_cells()
    answer = search_rounds(found, _runner(asked, out), lambda line: _print(out, line))
    if answer is None:
        say("stopped; nothing is lost: run the same command again to go on", err=True)
        sys.exit(130)
    from genharness.cli.leaderboard import show

    show(asked.settings.results, out, datasets=found.reported.suite.datasets, settings=asked.wanted.suite.set)
    for line in answer.lines:
        _print(out, line)


def _show_plan(search: PreparedSearch, out: Console, form: str) -> None:
    from genharness.api.search_plans import plan_search

    asked = search.asked
    plan = plan_search(search, estimator(asked.registry, asked.store).seconds)
    jobs = max(1, asked.settings.jobs)
    if form == "json":
        print_warnings([*map(str, asked.registry.problems), *asked.store.warnings])
        echo(as_json(orjson.dumps(plan.as_plain(jobs), option=orjson.OPT_INDENT_2).decode()))
        return
    for line in (*search.plan_lines, plan.line):
        _print(out, line)
    most = "at most " if plan.at_most else ""
    parts = f"tries {duration(plan.tries_seconds)}, fresh seeds {duration(plan.fresh_seconds)}" if plan.tries else ""
    whole = None if plan.seconds is None else plan.seconds / jobs
    _print(
        out, f"{most}about {duration(whole)} in all{f' ({parts})' if parts and jobs == 1 else ''}; nothing was trained"
    )
    print_faster(out, plan.seconds or 0.0, plan.cells if asked.settings.device == "cpu" else 0, jobs)


def _asked(model: str, options: dict[str, Any]) -> tuple[AskedStudy, SearchOptions]:
    """Return what is searched and how, every mistake of the command line refused at once."""
    set_here, mistakes = read_settings(options["settings"])
    how, wrong = read_given(SearchOptions, options)
    seed: str = options["seed"]
    no_seed = [] if seed.isascii() and seed.isdigit() else [f"--seed={seed} must be a whole number, 0 or more"]
    fields = {**given(Study, options), "set": set_here, "models": model}
    wrong = [*mistakes, *wrong, *no_seed, *format_errors(options)]
    fields |= {"baselines": False, "seeds": ("0" if no_seed else seed,)}
    asked = ask(None, fields, source="the command line", name_of=_flag, mistakes=wrong)
    return asked, SearchOptions(**how)


def _flag(name: str) -> str:
    return "--seed" if name == "seeds" else "MODEL" if name == "models" else flag(name)


def _runner(
    asked: AskedStudy, out: Console
) -> Callable[[Sequence[Task], Callable[[Event], None], threading.Event], bool]:
    """Return a function that runs tasks, shows them, and says whether the user asked for a stop."""

    def run(tasks: Sequence[Task], on_event: Callable[[Event], None], stop: threading.Event) -> bool:
        display, asked_to = make_display(out, tasks), threading.Event()

        def hear(event: Event) -> None:
            display.event(event)
            on_event(event)

        def stopping() -> None:
            asked_to.set()
            _print(out, "stopping: saving the state of running cells (press Ctrl-C again to stop at once)")

        with display:
            trackers = Trackers(asked.trackers, lambda line: say(f"warning: {line}", err=True))
            run_cells(asked, tasks, hear, trackers, stop, on_record=display.record, on_stop=stopping)
        return asked_to.is_set()

    return run


def _print(out: Console, line: str) -> None:
    out.print(line, markup=False, highlight=False, soft_wrap=True)
