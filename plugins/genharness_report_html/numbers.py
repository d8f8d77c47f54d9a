"""A plain table of words and numbers, as figures of plugins and of sweeps have them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from genharness.figures.numbers import DASH, MINUS
from genharness_report_html.svg import joined, plain, tag

__all__ = ["number_table"]

_MOST_ROWS = 200


def number_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Markup:
    """Return a table that scrolls by itself; of very many rows the first, and how many there are."""
    right = {place for place in range(len(heads)) if _numeric([row[place] for row in rows if place < len(row)])}
    head = tag("tr", *(tag("th", plain(one), scope="col", class_=_side(at, right)) for at, one in enumerate(heads)))
    lines = [
        tag("tr", *(tag("td", tag("bdi", plain(_shown(one))), class_=_side(at, right)) for at, one in enumerate(row)))
        for row in rows[:_MOST_ROWS]
    ]
    more = f"The first {_MOST_ROWS} of {len(rows)} rows." if len(rows) > _MOST_ROWS else ""
    table = tag("table", tag("thead", head), tag("tbody", *lines), class_="fails nums")
    box = tag("div", table, class_="scroll", tabindex=0, role="region", aria_label="Numbers of the figure")
    return joined([box, *([tag("p", more)] if more else [])])


def _side(place: int, right: set[int]) -> str | None:
    return "n" if place in right else None


def _numeric(column: Sequence[object]) -> bool:
    """Whether there are only numbers, which stand with their ends below each other."""
    known = [one for one in column if one is not None]
    return bool(known) and all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in known)


def _shown(value: object) -> object:
    """Return what a cell says: numbers of four digits, with a minus; a dash for what is missing."""
    return f"{value:.4g}".replace("-", MINUS) if isinstance(value, float) else DASH if value in (None, "-") else value
