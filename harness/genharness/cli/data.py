"""`genharness data`: prepare, check and remove datasets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from genharness.api.devices import resolve_device
from genharness.cli.options import AnyPath, InputPath, Whole, declared, read_given, read_settings
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import names_of, options
from genharness.cli.screen.data_views import PrepareProgress, dataset_plain, dataset_table, info_view, megabytes
from genharness.cli.screen.terminal import console, echo, say
from genharness.errors import ConfigError, DataError, attempt, refuse
from genharness.files.atomic import delete
from genharness.files.home import home
from genharness.plugin.registry import Registry, load_registry
from genharness.spec.dataset_name import FITS, DatasetReference, Fit, parse_reference
from genharness.spec.plugins import DatasetSpec
from genharness.study.measuring import Measuring, feature_errors, settled
from genharness.study.settings import setting_errors

__all__ = ["data"]


@click.group()
def data() -> None:
    """Prepare, check and remove datasets.

    A dataset is prepared once, into arrays that training and scoring read at memory speed. Names take a size,
    channels and a part: cifar10@64, cifar10@64:grey, cifar10#5000. Your own data: folder:PATH, zip:PATH, npz:PATH,
    tar:PATH, parquet:PATH, h5:PATH, csv:PATH, hf:NAME.

    \b
    Examples:
      genharness data list
      genharness data prepare mnist
      genharness data prepare cifar10@64 --from ~/downloads/cifar-10-python.tar.gz
      genharness data prepare folder:photos@128
      genharness data statistics cifar10 -o cifar10.npz --protocol published
      genharness data verify
    """


@data.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def list_datasets(as_json: bool) -> None:
    """List datasets, prepared or not.

    \b
    Examples:
      genharness data list
      genharness data list --json
    """
    from genharness.data import prepared_datasets

    registry = load_registry(tolerant=True)
    prepared, damaged = prepared_datasets()
    if as_json:
        echo(json.dumps(dataset_plain(registry, prepared, damaged), indent=2))
        return
    console().print(dataset_table(registry, prepared))
    for reason in damaged.values():
        say(reason, fg="yellow", err=True)
    say(f"prepared data: {megabytes(sum(item.size_bytes for item in prepared))} in {home() / 'data'}")


@data.command()
@click.argument("name", shell_complete=names_of("datasets"))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def info(name: str, as_json: bool) -> None:
    """Show what is known of a dataset NAME: classes, splits, licence, source, content hash.

    \b
    Examples:
      genharness data info digits
      genharness data info cifar10@64
    """
    from genharness.data import is_prepared, open_prepared

    spec, reference = _find(load_registry(), name)
    prepared = open_prepared(spec, reference) if is_prepared(spec, reference) else None
    if as_json:
        echo(json.dumps(info_view(spec, reference, prepared).plain, indent=2))
    else:
        console().print(info_view(spec, reference, prepared).table)


@data.command()
@click.argument("names", nargs=-1, shell_complete=names_of("datasets"), required=True, metavar="NAME...")
@click.option("--from", "source", type=AnyPath(), help="Import this folder, archive or file; download nothing.")
@click.option("--limit", type=Whole(1), help="At most this many samples of each split, stratified.")
@click.option("--validation", type=Whole(1), help="Take this many training samples for validation.")
@click.option("--fit", type=click.Choice(FITS), help="How pictures that are no squares become some.")
@click.option("--force", is_flag=True, help="Prepare again what is prepared.")
def prepare(
    names: Sequence[str],
    source: Path | None,
    limit: int | None,
    validation: int | None,
    fit: Fit | None,
    force: bool,
) -> None:
    """Download or import datasets NAME... and prepare them.

    Downloads are checked against official checksums and resumed after a cut. What is interrupted leaves nothing
    half-made.

    \b
    Examples:
      genharness data prepare digits mnist
      genharness data prepare covid --from ~/covid-chestxray-dataset
      genharness data prepare cifar10 --validation 10000
      genharness data prepare cifar10@64 --limit 5000
      genharness data prepare zip:faces.zip
      genharness data prepare folder:photos --fit pad
    """
    from genharness.data import ensure_prepared

    if source is not None and len(names) > 1:
        raise ConfigError("--from is for one dataset at a time")
    registry = load_registry()
    splits = None if validation is None else f"validation={validation}"
    wanted = [_find(registry, name, fit) for name in names]
    for spec, reference in wanted:
        with PrepareProgress(str(reference)) as progress:
            prepared = ensure_prepared(
                spec, reference, limit=limit, splits=splits, source=source, report=progress.report, force=force
            )
        counts = ", ".join(f"{count:,} {split}" for split, count in prepared.meta.counts.items())
        say(f"{prepared.name}: {prepared.shape}, {counts}, {megabytes(prepared.size_bytes)}")
        for note in prepared.meta.notes:
            say(f"  {note}")


_FLAGS = {"reference": "--count", "reference_split": "--split", "protocol_seed": "--seed"}


@data.command()
@click.argument("name", shell_complete=names_of("datasets"))
@click.option("--out", "-o", type=AnyPath(), required=True, help="File to write, such as stats.npz.")
@declared(Measuring, "protocol", "features", "resize", "reference_split", "reference", "protocol_seed", flags=_FLAGS)
@click.option(
    "--set",
    "settings",
    shell_complete=options,
    multiple=True,
    metavar="NAME.OPTION=VALUE",
    help="Option of the extractor.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:1.")
@click.option("--weights", type=InputPath(), help="Pretrained weights.")
@debug_option
def statistics(name: str, out: Path, **options: Any) -> None:
    """Write mean and covariance of the features of dataset NAME, as pytorch-fid and clean-fid read them.

    The file says how it was made (extractor, resize, weights, split), and `evaluate --reference` holds to it.

    \b
    Examples:
      genharness data statistics cifar10 -o cifar10.npz --protocol published
      genharness data statistics digits -o digits.npz --features pixels --split test
      genharness evaluate samples/ --reference cifar10.npz
    """
    from genharness.external.statistics import dataset_statistics, write_statistics

    registry = load_registry()
    values, wrong = read_given(Measuring, options, _FLAGS)
    settings, wrong_settings = read_settings(options["settings"])
    device, wrong_device = attempt(lambda: resolve_device(options["device"]))
    measuring, contradictions = settled(Measuring(**{**values, "set": settings}))
    wrong_options = setting_errors(settings, registry.extractors.values(), registry)
    mistakes = [*wrong, *wrong_settings, *wrong_device, *contradictions, *wrong_options]
    refuse([*mistakes, *feature_errors(measuring, registry)])
    with PrepareProgress("statistics") as progress:
        found, made = dataset_statistics(
            name, measuring, registry, device or "cpu", options["weights"], progress.report
        )
        write_statistics(out, found, made)
    resize = f", resize {made['resize']}" if made["resize"] else ""
    say(f"{out}: {made['extractor']}{resize}, {made['count']:,} of {made['split']}, {len(found.mean)} dimensions")


@data.command()
@click.argument("names", nargs=-1, shell_complete=names_of("datasets"), metavar="[NAME]...")
def verify(names: Sequence[str]) -> None:
    """Read prepared datasets NAME... (all of them, if none is named) and compare them with their hashes.

    \b
    Examples:
      genharness data verify
      genharness data verify mnist cifar10@64
    """
    from genharness.data import PreparedData, open_prepared, prepared_datasets, verify_arrays

    wrong: list[str] = []
    chosen: list[PreparedData] = []
    if names:
        registry = load_registry()
        chosen = [open_prepared(*_find(registry, name)) for name in names]
    else:
        chosen, damaged = prepared_datasets()
        wrong += [f"{reason}: delete {folder}" for folder, reason in damaged.items()]
    for prepared in chosen:
        try:
            with PrepareProgress(prepared.name) as progress:
                verify_arrays(prepared, progress.report)
        except DataError as error:
            wrong += error.lines
        else:
            say(f"{prepared.name}: good ({prepared.content_hash[:12]})")
    if wrong:
        raise DataError(*wrong)
    if not chosen:
        say("nothing is prepared")


@data.command()
@click.argument("names", nargs=-1, shell_complete=names_of("datasets"), required=True, metavar="NAME...")
@click.option("--variants", is_flag=True, help="Also the sizes, channels and parts made of it.")
@click.option("--downloads", is_flag=True, help="Also the files that were downloaded for it.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def remove(names: Sequence[str], variants: bool, downloads: bool, yes: bool) -> None:
    """Delete prepared datasets NAME....

    \b
    Examples:
      genharness data remove cifar10@64
      genharness data remove cifar10 --variants --downloads --yes
    """
    from genharness.data import remove_prepared

    registry = load_registry()
    chosen: list[DatasetReference] = []
    for name in names:
        _, reference = _find(registry, name)
        chosen += _prepared_variants(reference) if variants else [reference]
    if not yes:
        click.confirm(f"delete {', '.join(map(str, chosen)) or 'the downloads'}?", abort=True)
    for reference in chosen:
        say(f"{reference}: {megabytes(remove_prepared(reference))} freed")
    for name in names if downloads else ():
        _remove_downloads(parse_reference(name).name)


def _prepared_variants(reference: DatasetReference) -> list[DatasetReference]:
    from genharness.data import prepared_datasets

    prepared, _ = prepared_datasets()
    references = [parse_reference(item.name) for item in prepared]
    return [item for item in references if item.base == reference.base]


def _remove_downloads(name: str) -> None:
    folder = home() / "downloads" / name
    if not folder.is_dir():
        return
    size = sum(path.stat().st_size for path in folder.iterdir())
    try:
        delete(folder)
    except OSError as error:
        raise DataError(f"{folder} cannot be deleted: {error.strerror or error}") from error
    say(f"{folder}: {megabytes(size)} freed")


def _find(registry: Registry, name: str, fit: Fit | None = None) -> tuple[DatasetSpec, DatasetReference]:
    """Return the spec and the reference of what the user typed."""
    from genharness.data import resolve

    reference = parse_reference(name)
    spec = registry.datasets.find(reference.name)
    return spec, resolve(spec, reference, fit=fit)
