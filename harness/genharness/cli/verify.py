"""`genharness verify`: recompute scores with independent libraries."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from genharness.cli.data_views import PrepareProgress
from genharness.cli.evaluate import request_of, request_options
from genharness.errors import ConfigError
from genharness.registry import load_registry
from genharness.store import Store

if TYPE_CHECKING:
    from genharness.verification import Comparison

__all__ = ["verify"]

_COLOURS = {"agrees": "green", "disagrees": "bold red", "not compared": "dim"}


@click.command()
@request_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def verify(as_json: bool, **options: Any) -> None:
    """Recompute the scores of cells or SAMPLES... with independent libraries, over the same features and images.

    torch-fidelity and pytorch-fid recompute FID, torch-fidelity KID, the Inception Score and Kynkaanniemi's precision
    and recall, prdc precision, recall, density and coverage, torchmetrics PSNR and SSIM, torch MSE and BCE, lpips
    LPIPS, vendi-score the Vendi score: pip install 'genharness[verify]'. A cell is measured under its own protocol
    and its recorded scores are compared; its reconstructions are made again from its checkpoint. Exit code 1 when a
    score disagrees.

    \b
    Examples:
      genharness verify dcgan-digits-s0-5f0c33a1b2
      genharness verify samples/ --dataset cifar10 --metrics fid,prdc
      genharness verify fake.npy --reference real.npy --features identity --json
    """
    from genharness.external import prepare
    from genharness.verification import is_cell, request_of_cell, verify_samples

    registry = load_registry()
    request = request_of(options)
    store = Store(request.results)
    only = [name for name in options["metrics"] or () if name in registry.metrics]
    found: dict[str, list[Comparison]] = {}
    with PrepareProgress("verify") as progress:
        for word in request.samples:
            own = dataclasses.replace(request, samples=[word])
            if is_cell(word, request.results):
                own = request_of_cell(store.find(word), own, registry)
            for one in prepare(own, registry, progress.report):
                found[one.name] = verify_samples(one, registry, own, progress.report, only)
    _print(found, as_json)
    _leave([one for several in found.values() for one in several])


def _print(found: dict[str, list[Comparison]], as_json: bool) -> None:
    if as_json:
        plain = {name: [_plain(one) for one in several] for name, several in found.items()}
        click.echo(json.dumps(plain, indent=2))
        return
    for name, several in found.items():
        Console().print(_table(name, several))
        for one in several:
            if one.reason:
                click.secho(f"{one.key} by {one.library}: {one.reason}", dim=True)


def _plain(one: Comparison) -> dict[str, Any]:
    return {**dataclasses.asdict(one), "difference": one.difference, "verdict": one.verdict}


def _table(name: str, several: Sequence[Comparison]) -> Table:
    table = Table(title=name, title_justify="left", box=None, padding=(0, 1, 0, 0), header_style="bold")
    for title in ("score", "library", "ours", "theirs", "difference", "verdict"):
        numeric = title in ("ours", "theirs", "difference")
        table.add_column(title, justify="right" if numeric else "left", no_wrap=True)
    for one in several:
        numbers = (_number(one.ours, ".7g"), _number(one.theirs, ".7g"), _number(one.difference, ".1e"))
        table.add_row(one.key, one.library, *numbers, f"[{_COLOURS[one.verdict]}]{one.verdict}[/]")
    return table


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _leave(comparisons: Sequence[Comparison]) -> None:
    """End with a code that says how it went."""
    if any(one.verdict == "disagrees" for one in comparisons):
        sys.exit(1)
    if not any(one.verdict == "agrees" for one in comparisons):
        raise ConfigError("nothing could be compared: " + "; ".join(dict.fromkeys(one.reason for one in comparisons)))
