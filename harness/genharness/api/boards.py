"""The leaderboard of a results folder, and comparisons of its rows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from genharness.api.arguments import BoardArguments, CompareArguments, RenderArguments, read_arguments
from genharness.api.rows import Rows
from genharness.board.compare import RowComparison, compare_rows
from genharness.board.render import RenderOptions, rendered
from genharness.board.rows import Board, Group, Row
from genharness.plugin.registry import load_registry
from genharness.results.decisions import kept_decisions
from genharness.results.kept_intervals import kept_intervals
from genharness.results.kept_standings import kept_standings
from genharness.results.store import Store
from genharness.spec.options import PluginOptions

__all__ = ["Comparisons", "Leaderboard", "compare", "leaderboard"]

AnyPath = str | os.PathLike[str]
Names = str | Sequence[str]

_NONE: PluginOptions = {}


@dataclass(frozen=True)
class Leaderboard(Rows):
    """A leaderboard.

    Attributes:
        board: Groups of rows, one for each dataset and protocol.
    """

    board: Board

    def rows(self) -> list[dict[str, Any]]:
        """Return a row a model and configuration: means by column, `std.` over seeds, `error.` of one evaluation."""
        return [_row(group, row) for group in self.board.groups for row in group.rows]

    def shown_rows(self) -> list[dict[str, Any]]:
        """Return what the table in the terminal shows of it."""
        return [_shown(group, row) for group in self.board.groups for row in group.rows]

    def render(self, form: str = "table", *, width: int = 100, wide: bool = False, set: PluginOptions = _NONE) -> str:  # noqa: A002
        """Return it as text.

        Args:
            form: `table`, `json`, `csv`, `md`, `latex`, or a plugin's.
            width: Characters of a line, for `table`.
            wide: Every column.
            set: Options by plugin name.

        Raises:
            ConfigError: If there is no such format, or another argument does not fit.
        """
        given = read_arguments(RenderArguments, {"form": form, "width": width, "wide": wide, "set": set})
        reporter = load_registry().reporters.find(given.form)
        return rendered(self.board, reporter, RenderOptions(width=given.width, wide=given.wide), given.set)

    def __str__(self) -> str:
        return self.render()


def _row(group: Group, row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {
        "dataset": group.dataset,
        "protocol_hash": "" if group.protocol is None else group.protocol.hash,
        "model": row.model,
        "variation": row.variation,
        "reference": row.reference,
        "seeds": len(row.seeds),
        "failed": row.failed,
        "ranks": str(row.ranks or ""),
        "collapse": row.collapse,
    }
    for key, estimate in row.estimates.items():
        flat |= {key: estimate.mean, f"std.{key}": estimate.deviation, f"error.{key}": estimate.error}
    return flat


def _shown(group: Group, row: Row) -> dict[str, Any]:
    numbers = {column.heading: row.estimates[column.key].mean for column in group.shown}
    return {
        "dataset": group.dataset,
        "model": row.label,
        "rank": str(row.ranks or ""),
        "seeds": len(row.seeds),
        **numbers,
    }


def leaderboard(
    results: AnyPath = "results",
    *,
    datasets: Names = (),
    sort: str | None = None,
    columns: Names = (),
    seeds: Literal["mean", "each"] = "mean",
    interval: bool = False,
) -> Leaderboard:
    """Return the leaderboard of a results folder: `genharness leaderboard`; imports no torch.

    Args:
        results: Results folder.
        datasets: Only these.
        sort: Column to rank by.
        columns: Only these, in this order.
        seeds: Their mean, or a row each.
        interval: 95 % intervals over training seeds instead of deviations.

    Raises:
        RunError: If there is no such folder.
        ConfigError: If a dataset or column is unknown, or another argument does not fit.
    """
    from genharness.board.build import build

    values = {"results": results, "datasets": datasets, "sort": sort, "columns": columns}
    given = read_arguments(BoardArguments, {**values, "seeds": seeds, "interval": interval})
    store = Store(given.results)
    folder = store.records_folder
    with kept_intervals(folder, wanted=given.interval) as known, kept_standings(folder) as standings:
        board = build(
            store.table(),
            load_registry(),
            datasets=given.datasets,
            sort=given.sort,
            columns=given.columns,
            seeds=given.seeds,
            interval=given.interval,
            decisions=kept_decisions(store.folder),
            known=known,
            standings=standings,
        )
    return Leaderboard(board)


@dataclass(frozen=True)
class Comparisons(Rows):
    """Rows of a leaderboard compared with each other.

    Attributes:
        comparisons: One for each dataset and protocol under which all of them stand.
    """

    comparisons: Sequence[RowComparison]

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each pair and metric, with the verdict and its sentence."""
        return [
            {
                "dataset": one.dataset,
                "protocol_hash": one.protocol_hash,
                "metric": metric.column.key,
                "a": pair.names[0],
                "b": pair.names[1],
                "verdict": pair.verdict,
                **{key: value for key, value in asdict(pair).items() if key not in ("names", "n")},
                "sentence": pair.sentence,
            }
            for one in self.comparisons
            for metric in one.metrics
            for pair in metric.comparisons
        ]

    def shown_rows(self) -> list[dict[str, Any]]:
        """Return metric, verdict and sentence of each pair."""
        return [
            {key: row[key] for key in ("dataset", "metric", "a", "b", "verdict", "sentence")} for row in self.rows()
        ]

    def __str__(self) -> str:
        return "\n".join(row["sentence"] for row in self.rows())


def compare(
    *rows: str, results: AnyPath = "results", datasets: Names = (), metrics: Names = (), alone: bool = False
) -> Comparisons:
    """Compare rows of the leaderboard over training seeds: `genharness compare`; imports no torch.

    Args:
        rows: A model, a model with settings (`vae lr=0.1`), or the beginning of a cell id; two or more.
        results: Results folder.
        datasets: Only these.
        metrics: Column keys or metrics, the primary one first.
        alone: Correct for the named rows only, chosen before any score was seen.

    Raises:
        ConfigError: If a row is unknown or ambiguous, or they do not stand under one protocol.
    """
    values = {"rows": rows, "results": results, "datasets": datasets, "metrics": metrics, "alone": alone}
    given = read_arguments(CompareArguments, values)
    store, chosen = Store(given.results), {"datasets": given.datasets, "metrics": given.metrics}
    return Comparisons(compare_rows(store, load_registry(), given.rows, **chosen, alone=given.alone))
