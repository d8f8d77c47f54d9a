"""`genharness sample`: more samples from a finished cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from genharness.api.devices import resolve_device
from genharness.cli.options import DEFAULT_RESULTS, AnyPath, Whole, read_settings, split_names
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import cells, options
from genharness.cli.screen.data_views import PrepareProgress
from genharness.cli.screen.display import print_other_code
from genharness.cli.screen.terminal import say
from genharness.errors import did_you_mean, refuse
from genharness.plugin.registry import load_registry
from genharness.results.provenance import Provenance
from genharness.results.store import Store
from genharness.spec.record import Record
from genharness.study.measuring import LARGEST_SEED

__all__ = ["sample"]


@click.command()
@click.argument("cell", shell_complete=cells)
@click.option("-n", "count", type=Whole(1), default=1000, show_default=True, help="How many.")
@click.option("--out", required=True, type=AnyPath(), help="A folder for PNG files, or FILE.npz.")
@click.option("--seed", type=Whole(0, LARGEST_SEED), default=0, show_default=True, help="Of all randomness.")
@click.option("--labels", callback=split_names, help="Classes to make in turn: names or numbers, comma-separated.")
@click.option("--checkpoint", type=click.Choice(["last", "best"]), default="last", show_default=True)
@click.option(
    "--set",
    "settings",
    shell_complete=options,
    multiple=True,
    metavar="MODEL.OPTION=VALUE",
    help="Draw otherwise; repeatable.",
)
@click.option("--results", type=AnyPath(), default=DEFAULT_RESULTS, show_default=True)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:1.")
@click.option("--units", type=click.Choice(["raw", "standard"]), default="raw", show_default=True, help="Of a table.")
@click.option("--force", is_flag=True, help="Write over samples that are there.")
@debug_option
def sample(
    cell: str,
    count: int,
    out: Path,
    seed: int,
    labels: tuple[str, ...] | None,
    checkpoint: str,
    settings: tuple[str, ...],
    results: Path,
    device: str,
    units: str,
    force: bool,
) -> None:
    """Draw samples from CELL, a finished cell or the beginning of its id.

    Trained models come from the cell's last checkpoint, with averaged weights where it was trained so; with
    --score-every the run kept the one at the best score too. Reference rows are fitted anew. A conditional model
    makes the classes of --labels in turn, or the training data's shares of them. --set changes options that only
    sampling reads, such as a sampler's steps: `genharness info MODEL` shows which. Rows of a table are written in the
    data's own units, where it says how it was standardised; `evaluate` knows them again.

    \b
    Examples:
      genharness sample dcgan-digits-s0 --out fakes
      genharness sample dcgan-digits-s0 --checkpoint best --out best.npz
      genharness sample ddpm-digits-s0 --set ddpm.sampler=ddim --set ddpm.steps=50 --out ddim50.npz
      genharness sample acgan-digits-s0 -n 200 --labels 3,8 --seed 1 --out fakes.npz
    """
    record = Store(results).find(cell)
    from genharness.cells.draw import draw_from
    from genharness.cells.write import refuse_existing, write_samples

    refuse_existing(out, force=force)
    registry = load_registry()
    sampling = _sampling(settings, record)
    print_other_code(record, Provenance(registry).of_training(record))
    with PrepareProgress(record.cell.model) as progress:
        drawn = draw_from(
            record,
            registry,
            results=results,
            n=count,
            seed=seed,
            classes=labels or (),
            device=resolve_device(device),
            best=checkpoint == "best",
            sampling=sampling,
            report=progress.report,
        )
        write_samples(drawn, out, raw=units == "raw")
    found = record.history.best if checkpoint == "best" else None
    which = f" at its best {found.column}, {found.value:.4g} at step {found.step}," if found else ""
    say(f"{count:,} samples of {record.cell}{which} in {out}")


def _sampling(texts: Iterable[str], record: Record) -> Mapping[str, str]:
    """Return the options of the cell's model that `--set` gives.

    Raises:
        ConfigError: For what does not read so or is of another plugin, one line each.
    """
    given, mistakes = read_settings(texts)
    model = record.cell.model
    others = [f"--set {name} is not the cell's model{did_you_mean(name, [model])}" for name in given if name != model]
    refuse([*mistakes, *others])
    return given.get(model, {})
