"""`genharness compare`: is the difference between two rows real?"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console
from rich.text import Text

from genharness.board.compare import MetricComparison, RowComparison, compare_rows
from genharness.board.escapes import as_json
from genharness.cli.options import DEFAULT_RESULTS, AnyPath, datasets_option
from genharness.cli.screen.complaints import debug_option
from genharness.cli.screen.completion import columns, rows
from genharness.cli.screen.fitted import ColumnHead, FittedTable
from genharness.cli.screen.terminal import console, echo, print_warnings
from genharness.errors import ConfigError, did_you_mean
from genharness.files.gc_pause import no_collection
from genharness.files.paths import printable
from genharness.plugin.registry import load_registry
from genharness.results.store import Store
from genharness.stats import Comparison

__all__ = ["compare"]

_PAGE = 30
"""Pairs of rows that are shown one by one; of more, those that differ most surely."""


@click.command()
@click.argument("rows", shell_complete=rows, nargs=-1, metavar="A B [C ...]")
@click.option("--ablation", metavar="BASE", help="Single changes from this row instead: every row one setting away.")
@click.option("--results", type=AnyPath(), default=DEFAULT_RESULTS, show_default=True)
@datasets_option
@click.option(
    "--metric",
    "metrics",
    shell_complete=columns,
    multiple=True,
    help="Column or metric, such as fid; repeatable, comma-separated.",
)
@click.option("--alone", is_flag=True, help="Correct for the named rows only, chosen before any score was seen.")
@click.option(
    "--format", "form", default="table", show_default=True, help="table or json; of --ablation csv, md and latex too."
)
@debug_option
def compare(
    rows: tuple[str, ...],
    ablation: str | None,
    results: Path,
    datasets: tuple[str, ...] | None,
    metrics: tuple[str, ...],
    alone: bool,
    form: str,
) -> None:
    """Compare rows of the leaderboard over training seeds: which differences are real?

    A row is a model, a model with settings ('vae lr=0.1'), or the beginning of a cell id. Seeds are paired between
    variants of one model that are equally large. p values are corrected over all rows of the leaderboard, as its ranks
    are: by the metric that ranks, or the first that is named, on its own; by all others together.

    \b
    Examples:
      genharness compare wgan-gp dcgan
      genharness compare wgan-gp dcgan vae --dataset cifar10 --metric fid,coverage
      genharness compare 'vae lr=0.001' 'vae lr=0.0001' --format json
      genharness compare --ablation 'wgan-gp optimizer=adam' --metric fid
    """
    store = Store(results)
    wanted = [part.strip() for text in metrics for part in text.split(",") if part.strip()]
    if ablation is not None:
        if rows or alone:
            raise ConfigError("--ablation BASE names its rows itself: leave out others, and --alone")
        echo(_ablation(store, ablation, datasets or (), wanted, form))
        print_warnings(store.warnings)
        return
    if not rows:
        raise ConfigError("comparing takes two rows: name them, or a base with --ablation")
    if form not in ("table", "json"):
        raise ConfigError(f"comparisons have no format {form!r}{did_you_mean(form, ('table', 'json'))}")
    with no_collection():
        registry = load_registry()
        found = compare_rows(store, registry, rows, datasets=datasets or (), metrics=wanted, alone=alone)
    if form == "json":
        option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        echo(as_json(orjson.dumps([_plain(one) for one in found], option=option).decode()))
    else:
        out = console()
        for one in found:
            _print(one, out)
    print_warnings(store.warnings)


def _ablation(store: Store, base: str, datasets: Sequence[str], metrics: Sequence[str], form: str) -> str:
    """Return what single changes from a row do."""
    from genharness.board.build import build
    from genharness.board.sheets import render_sheets
    from genharness.board.sweeps.ablation import ablation_sheets

    board = build(store.table(), load_registry(), datasets=datasets)
    return render_sheets(ablation_sheets(board, base, metrics), form)


def _plain(comparison: RowComparison) -> dict[str, Any]:
    return {
        "dataset": comparison.dataset,
        "protocol": comparison.protocol.as_plain(),
        "protocol_hash": comparison.protocol_hash,
        "rows": comparison.rows,
        "metrics": [_plain_metric(metric) for metric in comparison.metrics],
    }


def _plain_metric(metric: MetricComparison) -> dict[str, Any]:
    return {
        "metric": metric.column.key,
        "title": metric.column.title,
        "higher_is_better": metric.column.column.higher_is_better,
        "scores": metric.scores,
        "missing": metric.missing,
        "corrected": metric.corrected,
        "pairs": [
            {**dataclasses.asdict(pair), "verdict": pair.verdict, "sentence": pair.sentence}
            for pair in metric.comparisons
        ],
    }


def _print(comparison: RowComparison, out: Console) -> None:
    heading = Text(printable(comparison.dataset), style="bold")
    heading.append(f"  protocol {comparison.protocol_hash}: {comparison.protocol}", style="not bold dim")
    out.print(heading)
    for metric in comparison.metrics:
        out.print(Text(f"\n{metric.column.heading}", style="bold"))
        pairs = _page(metric.comparisons)
        if pairs:
            out.print(_table(pairs))
        if metric.corrected:
            out.print(Text(metric.corrected, style="dim"))
        if len(pairs) < len(metric.comparisons):
            out.print(_summary(metric.comparisons, len(pairs)))
        else:
            for pair in pairs:
                out.print(printable(pair.sentence))
        for label, reason in metric.missing.items():
            out.print(printable(f"{label} has no value: {reason}"), style="dim")
    out.print()


def _page(pairs: Sequence[Comparison]) -> Sequence[Comparison]:
    """Return all pairs, or of more than a page those with the smallest p values."""
    return pairs if len(pairs) <= _PAGE else sorted(pairs, key=_doubt)[:_PAGE]


def _doubt(pair: Comparison) -> float:
    p = pair.p if pair.p_corrected is None else pair.p_corrected
    return 2.0 if p is None else p


def _summary(pairs: Sequence[Comparison], shown: int) -> str:
    differ = sum(pair.verdict in ("better", "worse") for pair in pairs)
    told = f"{differ:,} of {len(pairs):,} pairs differ; the {shown} with the smallest p are shown"
    return f"{told}: name fewer rows for sentences, or take all with --format json"


def _table(pairs: Sequence[Comparison]) -> FittedTable:
    several = any(pair.comparisons > 1 for pair in pairs)
    mixed = len({pair.ratio is None for pair in pairs}) > 1
    titles = ("Seeds", _effect_title(pairs), "p", *(["Corrected"] if several else []), "Exact p", "P(A better)")
    heads = [ColumnHead("A - B", folds=True), *(ColumnHead(title, right=True) for title in titles)]
    styles = [{"better": "green", "worse": "red"}.get(pair.verdict, "") for pair in pairs]
    return FittedTable(heads, [_cells(pair, several, mixed) for pair in pairs], styles)


def _effect_title(pairs: Sequence[Comparison]) -> str:
    """Return what stands beside p: where logarithms are tested a ratio, whose interval and p are of one test."""
    ratios = [pair.ratio is not None for pair in pairs]
    return "Ratio A / B\n[95 %]" if all(ratios) else f"{'Ratio or d' if any(ratios) else 'D'}ifference\n[95 %]"


def _effect(pair: Comparison, marked: bool) -> str:
    """Return the ratio or the difference with its interval; a ratio is marked where a table has both."""
    if pair.ratio is None:
        return f"{pair.difference:.4g}{_interval(pair.difference_low, pair.difference_high)}"
    return f"{'ratio ' if marked else ''}{pair.ratio:.4g}{_interval(pair.ratio_low, pair.ratio_high)}"


def _cells(pair: Comparison, several: bool, mixed: bool) -> list[str]:
    a, b = pair.n
    exact = None if pair.mann_whitney is None else pair.mann_whitney_p_corrected
    return [
        " - ".join(pair.names),
        f"{a} paired" if pair.paired else f"{a}, {b}",
        _effect(pair, mixed),
        _p(pair.p),
        *([_p(pair.p_corrected)] if several else []),
        _p(exact),
        f"{pair.improvement:.0%}{_interval(pair.improvement_low, pair.improvement_high, '.0%')}",
    ]


def _interval(low: float | None, high: float | None, form: str = ".4g") -> str:
    return "" if low is None or high is None else f"\n[{low:{form}}, {high:{form}}]"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.2g}"
