"""What a leaderboard comes to, in a sentence: what is best, by how much, against real data, and what is open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from genharness.board.contest import listed
from genharness.board.rows import Group, Row
from genharness.figures.numbers import plus_minus, significant
from genharness.figures.standings import Standings

__all__ = ["Part", "verdict"]

Style = Literal["", "name", "open", "command"]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the sentence.

    Attributes:
        text: What it says, spaces included.
        style: `name` of a model, what is `open`, a `command` to run, or nothing special.
    """

    text: str
    style: Style = ""


def verdict(group: Group, model: str = "") -> list[Part]:
    """Return the sentence of a group, or of where a model stands in it, in parts; joined they are plain text."""
    standings = Standings(group)
    own = next((row for row in standings.rows if row.model == model), None)
    if own is not None and standings.column is not None and len(standings.rows) > 1:
        return _of_row(standings, own)
    if group.protocol is None or not group.rows:
        return [Part(f"Nothing finished on {group.dataset}: {_count(len(group.failures), 'cell')} failed.")]
    if standings.column is None:
        return [Part("No column that was measured has a better end, so nothing is ranked.")]
    if not standings.rows:
        return [Part("Only reference rows were measured, so nothing is ranked.")]
    trained = [row for row in standings.rows if not row.reference]
    if trained and all(row.collapse for row in trained):
        return [Part(f"Every model on {group.dataset} collapsed: its samples are all alike.")]
    if len(standings.rows) == 1:
        return [*_alone(standings), *_real(standings)]
    if not standings.ranks:
        return _one_seed(standings)
    return [*_first(standings), *_real(standings), *_labels(standings), *_open(standings)]


def _of_row(standings: Standings, row: Row) -> list[Part]:
    """Say where a row stands, how far from the best and from real data."""
    best, count = standings.rows[0], len(standings.rows)
    standing = standings.ranks.get(row.label)
    place = str(standings.rows.index(row) + 1)
    if standing is not None:
        place = str(standing.low) if standing.low == standing.high else f"{standing.low} to {standing.high}"
    settings = sum(1 for one in standings.rows if one.model == row.model)
    among = f", the best of its {settings} settings," if settings > 1 else ""
    where = f"{among} has rank {place} of {count} on {standings.group.dataset}: {_title(standings)} "
    parts = [_name(row), Part(f"{where}{_over(standings, row)}")]
    if row is not best:
        parts += [Part("; the best, "), _name(best), Part(f", scored {_score(standings, best)}")]
    real = _real_row(standings)
    parts.append(Part(f". Real data scores {_score(standings, real)}." if real else "."))
    if row.collapse:
        parts.append(Part(f" It collapsed: {row.collapse}."))
    if standing is None:
        parts.append(Part(" No test tells its rank from others.", "open"))
    return parts


def _alone(standings: Standings) -> list[Part]:
    (row,) = standings.rows
    where = f" on {standings.group.dataset} over {_count(len(row.seeds), 'seed')}."
    return [_name(row), Part(f" scores {_title(standings)} {_score(standings, row)}{where}")]


def _one_seed(standings: Standings) -> list[Part]:
    best, second = standings.rows[:2]
    real = _real_row(standings)
    reference = f" and {_score(standings, real)} of held-out real data" if real else ""
    most = "highest" if _higher(standings) else "lowest"
    what = f" has the {most} {_title(standings)} on {standings.group.dataset}, {_score(standings, best)} against "
    why = "One seed each" if standings.seeds[1] < 2 else "Too few seeds"
    return [
        _name(best),
        Part(f"{what}{_score(standings, second)} of {second.label}{reference}."),
        Part(f" {why}: no order here is established; run ", "open"),
        Part("--seeds 5", "command"),
        Part(".", "open"),
    ]


def _first(standings: Standings) -> list[Part]:
    first, where = standings.first, standings.group.dataset
    if len(first) == 1:
        following = next(row for row in standings.rows if row is not first[0])
        lead = f", {_lead(standings, first[0], following)} than the next, {following.label}."
        return [_name(first[0]), Part(f" is best on {where}: {_title(standings)} {_over(standings, first[0])}{lead}")]
    if len(first) <= 3:
        names = _named(first)
        scores = " and ".join(_score(standings, row) for row in first)
        return [*names, Part(f" share the first place on {where}: {_title(standings)} {scores}.")]
    best = standings.rows[0]
    return [
        Part(f"{len(first)} of {len(standings.rows)} rows on {where} may be the best by {_title(standings)}; "),
        _name(best),
        Part(f" scored {_over(standings, best)}."),
    ]


def _lead(standings: Standings, best: Row, following: Row) -> str:
    assert standings.column is not None
    key = standings.column.key
    a, b = best.estimates[key].mean or 0.0, following.estimates[key].mean or 0.0
    word = "higher" if _higher(standings) else "lower"
    if standings.column.column.ratio and min(a, b) > 0:
        return f"{_ratio(max(a / b, b / a))} times {word}"
    return f"{significant(abs(a - b))} {word}"


def _ratio(ratio: float) -> str:
    """Return a ratio with two digits at most after the point, `2.0` and not `2.04`."""
    return f"{ratio:.1f}" if ratio >= 1.15 else f"{ratio:.2f}"


def _real(standings: Standings) -> list[Part]:
    real = _real_row(standings)
    if real is None or standings.column is None:
        return []
    text = f" Real data scores {_score(standings, real)}"
    reading = standings.column.key in standings.group.bands
    near = [row for row in standings.rows if row.estimates[standings.column.key].reading]
    if not reading:
        return [Part(f"{text}.")]
    if not near:
        return [Part(f"{text}: no model is as good as real.")]
    verb = "is" if len(near) == 1 else "are"
    return [Part(f"{text}: "), *_named(near), Part(f" {verb} as good as real by {_title(standings)}.")]


def _labels(standings: Standings) -> list[Part]:
    """Say when the best is told the classes and others are not."""
    told = {row.label for row in standings.rows if row.by_seed("class_accuracy")}
    best = standings.rows[0]
    if best.label in told and len(told) < len(standings.rows):
        return [Part(f" {best.label} is trained with the labels; {len(standings.rows) - len(told)} others are not.")]
    return []


def _open(standings: Standings) -> list[Part]:
    fewest, most = standings.seeds
    seeds = _count(most, "seed") if fewest == most else f"{fewest} to {most} seeds"
    verb = "tells" if (fewest, most) == (1, 1) else "tell"
    pairs = f"{seeds} {verb} {standings.told_apart} of {standings.pairs} pairs apart."
    if len(standings.first) == 1:
        second = [
            row.label for row in standings.rows if row.label in standings.ranks and standings.ranks[row.label].low == 2
        ]
        if len(second) > 1:
            return [Part(f" Second place is open between {_words(second)}: {pairs}", "open")]
    return [Part(f" {pairs[0].upper()}{pairs[1:]}", "open")]


def _real_row(standings: Standings) -> Row | None:
    assert standings.column is not None
    key = standings.column.key
    return next((row for row in standings.group.rows if row.real and row.estimates[key].mean is not None), None)


def _score(standings: Standings, row: Row) -> str:
    """Return a score with its deviation over seeds; a reference row has none, as nothing was trained."""
    assert standings.column is not None
    one = row.estimates[standings.column.key]
    value, error = plus_minus(one.mean or 0.0, None if row.reference else one.deviation)
    return f"{value} ± {error}" if error else value


def _over(standings: Standings, row: Row) -> str:
    return f"{_score(standings, row)} over {_count(len(row.seeds), 'seed')}"


def _title(standings: Standings) -> str:
    assert standings.column is not None
    return standings.column.title


def _higher(standings: Standings) -> bool:
    return standings.column is not None and bool(standings.column.column.higher_is_better)


def _name(row: Row) -> Part:
    return Part(row.label, "name")


def _named(rows: Sequence[Row]) -> list[Part]:
    """Return names with commas and an `and` between them."""
    parts: list[Part] = []
    for place, row in enumerate(rows):
        if place:
            parts.append(Part(" and " if place == len(rows) - 1 else ", "))
        parts.append(_name(row))
    return parts


def _words(labels: Sequence[str]) -> str:
    if len(labels) > 4:
        return listed(labels)
    return f"{', '.join(labels[:-1])} and {labels[-1]}" if len(labels) > 1 else labels[0]


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
