"""The first screen: the ranking, and what quality costs."""

from __future__ import annotations

from collections.abc import Sequence

from genharness.board.rows import Row
from genharness.figures.tradeoff import TradeOff, trade_off
from genharness_report_html.material import Figure, Material
from genharness_report_html.names import short_name
from genharness_report_html.plane import cost_plane
from genharness_report_html.ranking import MOST_NAME, MOST_RANKED, drawn, ranking, row_height
from genharness_report_html.scores import real_row
from genharness_report_html.svg import plain

__all__ = ["first_screen"]

_LEAST_HIGH = 330.0
_NARROW = (350.0, 340.0)
_COSTS = {"train_seconds": "training time", "latency_p50_ms": "latency", "generator_parameters": "size"}


def first_screen(material: Material) -> list[Figure]:
    """Return ranking and trade-off, as far as there is anything to rank."""
    standings = material.standings
    if standings.column is None or not standings.rows:
        return []
    words = f"Ranking by {standings.column.title}"
    found = [
        material.figure(
            "ranking",
            words,
            _how(material),
            ranking(material.ink, standings),
            narrow=ranking(material.ink, standings, narrow=True),
        )
    ]
    cost = next((key for key in _COSTS if trade_off(material.group, key, standings.column.key)), None)
    if cost is not None:
        found.append(_trade_off(material, cost, standings.column.key))
    return found


def _how(material: Material) -> str:
    rows, fewest, most = material.standings.rows, *material.standings.seeds
    shown = [row for _, row in drawn(material.standings, material.model)]
    more = _left_out(material, shown) if len(rows) > len(shown) else ""
    if any(short_name(row, MOST_NAME, material.ink.brief) != plain(row.label) for row in shown):
        more += " Long names: settings by their values, in the order of the table."
    if most < 2:
        return f"One seed each, so there is no error and no interval of ranks.{more}"
    seeds = f"{most} seeds" if fewest == most else f"{fewest} to {most} seeds"
    bars = f" Bars: ranks that {seeds} allow." if material.standings.ranks else ""
    return f"Symbol: mean; line: ± standard deviation; ticks: seeds.{bars}{more}"


def _left_out(material: Material, shown: Sequence[Row]) -> str:
    """Say which rows are drawn where not all are."""
    rows = material.standings.rows
    best = sum(1 for one, other in zip(shown, rows, strict=False) if one is other)
    if best < len(shown):
        return f" The best {best} of {len(rows)}, and {plain(material.model)}."
    where = "" if material.model else "; the others stand in the table"
    return f" The best {best} of {len(rows)}{where}."


def _trade_off(material: Material, cost: str, quality: str) -> Figure:
    found = trade_off(material.group, cost, quality)
    assert found is not None
    high = max(
        _LEAST_HIGH, 78 + row_height(len(material.standings.rows)) * min(len(material.standings.rows), MOST_RANKED)
    )
    band, real = material.group.bands.get(quality), real_row(material.group, quality)
    way = "Up" if found.up.column.higher_is_better else "Down"
    return material.figure(
        "cost",
        f"Quality against {_COSTS[cost]}",
        f"{way} and left is better. The stepped line is the Pareto front.",
        cost_plane(material.ink, _first(found, material.model), band, real, (592.0, high)),
        narrow=cost_plane(material.ink, _first(found, material.model), band, real, _NARROW),
    )


def _first(found: TradeOff, own: str) -> TradeOff:
    """Return the best rows of a trade-off, those of its front and of a model: of a thousand nobody could tell one."""
    front = {id(point.row) for point in found.front}
    points = [
        point
        for place, point in enumerate(found.points)
        if place < 2 * MOST_RANKED or id(point.row) in front or point.row.model == own
    ]
    return TradeOff(found.across, found.up, points, found.front)
