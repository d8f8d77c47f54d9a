"""`genharness selfcheck`: which metrics see which faults."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from genharness.api.devices import resolve_device
from genharness.cli.options import InputPath, Whole, declared, read_given, read_settings, split_datasets
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import options
from genharness.cli.screen.data_views import PrepareProgress
from genharness.cli.screen.terminal import console, echo, say
from genharness.errors import attempt, refuse
from genharness.plugin.registry import load_registry
from genharness.study.measuring import Measuring, feature_errors, select_metrics
from genharness.study.settings import setting_errors

__all__ = ["selfcheck"]

_FLAGS = {"protocol_seed": "--seed"}

_LEGEND = (
    "x seen: the score lies outside the band of real samples",
    "! seen as better than real samples: a leaderboard says so and sets nothing in bold",
    "· missed: the score lies where those of real samples do",
)


@click.command()
@click.option("--datasets", default="digits,breast-cancer", show_default=True, callback=split_datasets)
@declared(Measuring, "features", "resize", flags=_FLAGS)
@click.option("--metrics", help="Names, patterns, all, or default.  [default: all]")
@declared(Measuring, "protocol_seed", flags=_FLAGS)
@click.option(
    "--set", "settings", shell_complete=options, multiple=True, metavar="NAME.OPTION=VALUE", help="Option of a plugin."
)
@click.option("--count", type=Whole(50, 100_000), default=250, show_default=True, help="Samples to score, at most.")
@click.option(
    "--draws", type=Whole(5, 1000), default=15, show_default=True, help="Draws of real samples for the bands."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:1.")
@click.option("--weights", type=InputPath(), help="Pretrained weights.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--wide", is_flag=True, help="Every column, not only those that a leaderboard shows.")
@debug_option
def selfcheck(form: str, wide: bool, datasets: tuple[str, ...], **options: Any) -> None:
    """Plant faults into real samples and ask every metric: what does it see, what does it miss?

    Noise, constant and repeated samples, missing classes, copies of training data, wrong labels, blur, shifts and more
    are read against a band of real samples scored against other real ones. All installed metrics take part, a plugin's
    like the built-in ones; nothing is downloaded. Datasets are checked side by side, and a metric that trains takes the
    fewer steps that it declares for this, which are named below the table. Exit code 1 when the columns that a
    leaderboard shows by default miss a fault altogether.

    \b
    Examples:
      genharness selfcheck
      genharness selfcheck --datasets cifar10 --features inception --count 1000
      genharness selfcheck --metrics my-metric,fid --wide
      genharness selfcheck --format json > sights.json
    """
    from genharness.cli.screen.sights import checked_notes, checked_tables, checked_title
    from genharness.selfcheck.asking import Asked
    from genharness.selfcheck.plain import checked_plain
    from genharness.selfcheck.several import check_datasets

    registry = load_registry()
    asked = Asked(**_asked(options), count=options["count"], draws=options["draws"], weights=options["weights"])
    specs, mistakes = select_metrics(registry, asked.measuring.metrics)
    wrong = setting_errors(asked.measuring.set, (*registry.extractors.values(), *specs), registry)
    refuse([*mistakes, *wrong, *feature_errors(asked.measuring, registry)])
    with PrepareProgress("selfcheck") as progress:
        found = check_datasets(datasets, asked, registry, progress.report)
    if form == "json":
        echo(json.dumps([checked_plain(one) for one in found], indent=2))
    else:
        out = console()
        for one in found:
            say(checked_title(one))
            for table in checked_tables(one, out.width, wide=wide):
                out.print(table)
            for line in checked_notes(one):
                say(line, dim=True)
        for line in _LEGEND:
            say(line, dim=True)
    everything = all(spec.name in {one.name for one in specs} for spec in registry.metrics.values() if spec.default)
    sys.exit(1 if everything and any(one.undetected for one in found) else 0)


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    """Return what is measured and where.

    Raises:
        ConfigError: For every mistake, one line each.
    """
    measuring, wrong = read_given(Measuring, {**options, "metrics": options["metrics"] or "all"}, _FLAGS)
    settings, wrong_settings = read_settings(options["settings"])
    device, wrong_device = attempt(lambda: resolve_device(options["device"]))
    refuse([*wrong, *wrong_settings, *wrong_device])
    return {"measuring": Measuring(**{**measuring, "set": settings}), "device": device or "cpu"}
