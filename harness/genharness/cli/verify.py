"""`genharness verify`: recompute scores with independent libraries."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from rich.table import Table
from rich.text import Text

from genharness.cli.evaluate import request_of, request_options
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.data_views import PrepareProgress
from genharness.cli.screen.display import print_other_code
from genharness.cli.screen.terminal import console, echo, say
from genharness.errors import ConfigError
from genharness.plugin.registry import load_registry
from genharness.results.provenance import Provenance
from genharness.results.store import Store

if TYPE_CHECKING:
    from genharness.verify.compare import PeerScore

__all__ = ["verify"]

_OF_CELLS = {"samples", "metrics", "device", "weights", "results", "as_json"}
"""Parameters that a cell's protocol does not fix."""

_UNCUT = 10_000
"""Columns of a console that cuts no cell; a narrower terminal breaks the lines."""

_COLOURS = {"agrees": "green", "differs": "bold red", "the library fails here": "yellow", "not compared": "dim"}


@click.command()
@request_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
@debug_option
def verify(as_json: bool, **options: Any) -> None:
    """Recompute the scores of cells or SAMPLES... with independent libraries, over the same features and images.

    torch-fidelity, pytorch-fid, clean-fid and torchmetrics recompute FID, torch-fidelity and clean-fid KID,
    torch-fidelity the Inception Score and Kynkaanniemi's precision and recall, prdc precision, recall, density and
    coverage, torchmetrics PSNR and SSIM, torch MSE and BCE, lpips LPIPS, vendi-score the Vendi score: pip install
    'genharness[verify]'. A cell is measured under its own protocol, which no option changes, and its recorded
    scores are compared; its reconstructions are made again from its checkpoint. Where a score and a library are
    apart, a brute force in float64 says which of them fails; it also stands for a library where there is none. Exit
    code 1 when a score differs.

    \b
    Examples:
      genharness verify dcgan-digits-s0-5f0c33a1b2
      genharness verify samples/ --dataset cifar10 --metrics fid,prdc
      genharness verify fake.npy --reference real.npy --features identity --json
    """
    from genharness.external.request import prepare
    from genharness.verify.compare import is_cell, request_of_cell, verify_samples

    registry = load_registry()
    request, mistakes = request_of(options)
    named = request.measuring.metrics if options["metrics"] else ()
    store = Store(request.results)
    words: tuple[str, ...] = options["samples"]
    cells = {word: store.find(word) for word in words if is_cell(word, request.results)}
    _refuse_another_protocol(cells)
    found: dict[str, list[PeerScore]] = {}
    with PrepareProgress("verify") as progress:
        for word in words:
            own = dataclasses.replace(request, samples=[word])
            if word in cells:
                own = request_of_cell(cells[word], own, registry)
            for one in prepare(own, registry, progress.report, mistakes=mistakes):
                found[one.name] = verify_samples(one, registry, own, progress.report, named)
    provenance = Provenance(registry)
    for cell in cells.values():
        print_other_code(cell, provenance.of_record(cell))
    comparisons = [one for several in found.values() for one in several]
    if as_json:
        _print_json(found)
    if all(one.reason for one in comparisons):
        raise ConfigError("nothing could be compared: " + "; ".join([*_missing(comparisons), *_reasons(comparisons)]))
    if not as_json:
        _print(found)
    sys.exit(1 if any(one.verdict == "differs" for one in comparisons) else 0)


def _refuse_another_protocol(cells: Collection[str]) -> None:
    """Refuse the options that would be ignored, as a cell is verified under its own protocol."""
    context = click.get_current_context()
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    for option in context.command.params:
        if cells and option.name in given - _OF_CELLS:
            raise ConfigError(
                f"{option.opts[0]} does not apply to cell {next(iter(cells))}, "
                "which is verified under its own protocol: leave it out"
            )


def _print_json(found: dict[str, list[PeerScore]]) -> None:
    plain = {name: [_plain(one) for one in several] for name, several in found.items()}
    echo(json.dumps(plain, indent=2))


def _print(found: dict[str, list[PeerScore]]) -> None:
    for name, several in found.items():
        console(width=_UNCUT).print(_table(name, several))
        for line in (*_whys(several), *_reasons(several)):
            say(line, dim=True)
    for line in _missing([one for several in found.values() for one in several]):
        say(line, dim=True)


def _whys(comparisons: Sequence[PeerScore]) -> list[str]:
    return [f"{one.key} by {one.library}: {one.verdict}: {one.why}" for one in comparisons if one.why]


def _missing(comparisons: Sequence[PeerScore]) -> list[str]:
    """Return one line for all that has to be installed, or none."""
    from genharness.verify.compare import INSTALL

    names = list(dict.fromkeys(one.missing for one in comparisons if one.missing))
    return [f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} missing: {INSTALL}"] if names else []


def _reasons(comparisons: Sequence[PeerScore]) -> list[str]:
    """Return why else scores were not compared, a line for all libraries of one reason."""
    libraries: dict[tuple[str, str], list[str]] = {}
    for one in comparisons:
        if one.reason and not one.missing:
            libraries.setdefault((one.key, one.reason), []).append(one.library)
    return [f"{key} by {', '.join(names)}: {reason}" for (key, reason), names in libraries.items()]


def _plain(one: PeerScore) -> dict[str, Any]:
    return {**dataclasses.asdict(one), "difference": one.difference, "verdict": one.verdict, "why": one.why}


def _table(name: str, several: Sequence[PeerScore]) -> Table:
    table = Table(title=name, title_justify="left", box=None, padding=(0, 1, 0, 0), header_style="bold")
    for title in ("score", "library", "ours", "theirs", "difference", "verdict"):
        numeric = title in ("ours", "theirs", "difference")
        table.add_column(title, justify="right" if numeric else "left", no_wrap=True)
    for one in several:
        numbers = (_number(one.ours, ".7g"), _number(one.theirs, ".7g"), _number(one.difference, ".1e"))
        table.add_row(one.key, one.library, *numbers, Text(one.verdict, _COLOURS[one.verdict]))
    return table


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
