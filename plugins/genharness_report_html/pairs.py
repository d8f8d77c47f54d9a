"""Every two of the best rows: how many times one is the other, filled where seeds tell them apart."""

from __future__ import annotations

from markupsafe import Markup

from genharness.board.rows import Row
from genharness.figures.numbers import THIN, TIMES, number
from genharness.figures.standings import Standings
from genharness.stats import Comparison
from genharness_report_html.names import short_name
from genharness_report_html.svg import Ink, drawing, mark, plain, rect, tag, text, width_of

__all__ = ["MOST_PAIRED", "pair_matrix"]

MOST_PAIRED = 15
_WIDE, _HIGH, _SMALL = 62.0, 30.0, 20.0
_WITH_TEXT = 9
"""Rows up to which cells hold numbers; more make small ones."""
_TOP = 36.0


def pair_matrix(ink: Ink, standings: Standings) -> Markup | None:
    """Return the drawing; None where there is nothing to show of any two rows."""
    rows = standings.rows[:MOST_PAIRED]
    found = standings.comparisons(MOST_PAIRED)
    if not found:
        return None
    small = len(rows) > _WITH_TEXT
    if small and not (standings.ranks and any(one.verdict != "undecided" for one in found.values())):
        return None  # nothing was told apart, and there is no room for ratios: empty boxes
    wide, high = (_SMALL, _SMALL) if small else (_WIDE, _HIGH)
    left = max(width_of(short_name(row, 22, ink.brief)) for row in rows) + 34
    parts: list[Markup] = []
    for place, row in enumerate(rows):
        parts += _head(ink, row, left + (place + 0.5) * wide, small)
        y = _TOP + (place + 0.5) * high
        cells = [
            _cell(row, other, _between(found, row, other), (left + at * wide, y - high / 2, wide, high), small)
            for at, other in enumerate(rows)
        ]
        name = text(left - 26, y + 4, short_name(row, 22, ink.brief), "lb", "end")
        parts.append(tag("g", name, mark(ink.of(row), left - 12, y), *cells, data_m=plain(row.label)))
    size = left + wide * len(rows), _TOP + high * len(rows) + 2
    return drawing(ink, *size, "Pairwise comparisons", _finding(found), *parts)


def _head(ink: Ink, row: Row, x: float, small: bool) -> list[Markup]:
    words = [] if small else [text(x, 28, short_name(row, 9, ink.brief), "tk ink", "middle")]
    return [mark(ink.of(row), x, 24 if small else 10), *words]


def _between(found: dict[tuple[str, str], Comparison], row: Row, other: Row) -> tuple[Comparison, bool] | None:
    """Return what is known of two rows, and whether it is told from the other's side."""
    if (row.label, other.label) in found:
        return found[row.label, other.label], False
    return (found[other.label, row.label], True) if (other.label, row.label) in found else None


def _cell(
    row: Row,
    other: Row,
    known: tuple[Comparison, bool] | None,
    box: tuple[float, float, float, float],
    small: bool,
) -> Markup:
    x, y, wide, high = box
    inner = (x + 1, y + 1, wide - 2, high - 2)
    if known is None:
        return rect(*inner, "pd")
    one, turned = known
    verdict = {"better": "worse", "worse": "better"}.get(one.verdict, one.verdict) if turned else one.verdict
    style = {"better": "pb", "worse": "pw"}.get(verdict, "pn")
    words = _effect(one, turned)
    parts = [tag("title", _title(row, other, one, words, verdict)), rect(*inner, style)]
    if not small:
        shown = words if verdict != "undecided" else f"≈ {words}"
        parts.append(
            text(x + wide / 2, y + high / 2 + 4, shown, "tk ink" if verdict != "undecided" else "tk", "middle")
        )
    return tag("g", *parts)


def _effect(one: Comparison, turned: bool) -> str:
    if one.ratio is not None:
        return f"{TIMES}{1 / one.ratio if turned else one.ratio:.2f}"
    difference = -one.difference if turned else one.difference
    text_of = number(difference, 3 if abs(difference) < 10 else 1)
    return text_of if difference < 0 else f"+{text_of}"


def _title(row: Row, other: Row, one: Comparison, words: str, verdict: str) -> str:
    p = "no test" if one.p_corrected is None else f"p = {one.p_corrected:.2g} corrected"
    interval = ""
    if one.ratio_low is not None and one.ratio_high is not None:
        ends = f"{one.ratio_low:.3g} to {one.ratio_high:.3g}"
        interval = f", 95{THIN}% interval of the ratio ({' by '.join(one.names)}) {ends}"
    what = verdict if verdict != "undecided" else "not told apart"
    return plain(f"{row.label} by {other.label}: {words}, {what}, {p}{interval}")


def _finding(found: dict[tuple[str, str], Comparison]) -> str:
    told = [one for one in found.values() if one.verdict != "undecided"]
    better = (one.names if one.verdict == "better" else one.names[::-1] for one in told)
    words = "; ".join(f"{plain(a)} is better than {plain(b)}" for a, b in better)
    return words or "no two rows can be told apart"
